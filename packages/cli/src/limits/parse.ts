import {
  ConfigError,
  DEFAULT_ORGANIZATION_LIMITS,
  fieldsOf,
  isOrganization,
  LIMIT_NAMES,
  type LimitBook,
  type LimitName,
  type OrganizationLimits,
} from '@lakewright/core';

const NAMES = Object.keys(LIMIT_NAMES) as LimitName[];
const FIELDS = [...Object.values(LIMIT_NAMES), 'reason'];
const SWITCHES: ReadonlySet<LimitName> = new Set(['ingest', 'query']);
const MAX_REASON_LENGTH = 500;
/** Of bytes, as people write them; a number alone is bytes. */
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** One mapping of limits: what it says, and nothing else. */
interface Said {
  readonly limits: Partial<OrganizationLimits>;
  readonly reason: string | undefined;
}

const NOTHING: Said = { limits: {}, reason: undefined };

/**
 * Reads the mapping `limits` of `file`: `default`, and `organizations` by their ids, whose limits go before. `name` is
 * what errors call the file when they speak to senders and askers. Throws ConfigError naming file and field.
 */
export function parseLimits(value: unknown, file: string, name: string): LimitBook {
  const where = `${file}: limits`;
  const given = fieldsOf(value, where, ['default', 'organizations']);
  const common = said(given.default ?? {}, `${where}.default`);
  const own = new Map(
    Object.entries(mapping(given.organizations ?? {}, `${where}.organizations`)).map(([id, limits]) => {
      if (!isOrganization(id)) {
        throw new ConfigError(
          `${where}.organizations has ${JSON.stringify(id)}, which is not a lower-case UUID`,
        );
      }
      return [id, said(limits, `${where}.organizations.${id}`)];
    }),
  );
  const base = { ...DEFAULT_ORGANIZATION_LIMITS, ...common.limits };
  const books = new Map([...own].map(([id, { limits }]) => [id, { ...base, ...limits }]));
  return {
    of: (organization) => books.get(organization) ?? base,
    where(organization, limit) {
      const owner =
        limit in (own.get(organization) ?? NOTHING).limits ? `organizations.${organization}` : 'default';
      return `limits.${owner}.${LIMIT_NAMES[limit]} of ${name}`;
    },
    reason: (organization) => own.get(organization)?.reason ?? common.reason,
  };
}

function said(value: unknown, where: string): Said {
  const given = fieldsOf(value, where, FIELDS);
  const limits = NAMES.filter((name) => given[LIMIT_NAMES[name]] !== undefined).map((name) => {
    const at = `${where}.${LIMIT_NAMES[name]}`;
    const field = given[LIMIT_NAMES[name]];
    return [name, SWITCHES.has(name) ? switchOf(field, at) : amountOf(field, at, name)];
  });
  return {
    limits: Object.fromEntries(limits) as Partial<OrganizationLimits>,
    reason: reasonOf(given.reason, where),
  };
}

/** `on`, `off`; YAML's own true and false mean the same. */
function switchOf(value: unknown, where: string): boolean {
  if (value === true || value === 'on') return true;
  if (value === false || value === 'off') return false;
  throw new ConfigError(`${where} is neither on nor off`);
}

/** A whole number above zero, bytes also with a unit, or `none`: no limit at all. */
function amountOf(value: unknown, where: string, name: LimitName): number | undefined {
  if (value === 'none') return undefined;
  const bytes = LIMIT_NAMES[name].includes('bytes');
  const [, digits, unit = ''] = /^(\d+) ?(KiB|MiB|GiB|TiB)?$/.exec(String(value)) ?? [];
  const amount = Number(digits) * UNITS[unit];
  if (Number.isSafeInteger(amount) && amount > 0 && (bytes || unit === '')) return amount;
  throw new ConfigError(`${where} is not a whole number above zero`, {
    hint: bytes ? 'write bytes like 5000000 or 5 MiB, or none' : 'write a number, or none',
  });
}

function reasonOf(value: unknown, where: string): string | undefined {
  if (value === undefined) return undefined;
  // It goes into headers and logs: one line of text.
  if (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MAX_REASON_LENGTH &&
    !/\p{Cc}/u.test(value)
  ) {
    return value;
  }
  throw new ConfigError(`${where}.reason is not one line of text`, {
    hint: `write why, and whom to ask, in at most ${MAX_REASON_LENGTH} letters`,
  });
}

function mapping(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError(`${where} is not a mapping`);
  }
  return value as Record<string, unknown>;
}
