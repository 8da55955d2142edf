import type { SweepScope } from '../catalog/index.ts';
import { TABLE_NAMES, type TableName } from '../tables.ts';
import type { Retention } from './settings.ts';

/** Segments of one table that end before a time, of one organization or of all but some. */
export interface Expiration {
  readonly scope: SweepScope;
  readonly table: TableName;
  readonly beforeNs: bigint;
  /** Organizations that have a rule of their own. */
  readonly except: readonly string[];
}

/**
 * What the rules let go of at `nowMs`, within `scope`. For each organization and table the most telling rule
 * counts: of the organization and table, of the organization, of the table, of all.
 */
export function expirations(
  rules: readonly Retention[],
  scope: SweepScope,
  nowMs: number,
): readonly Expiration[] {
  const organizations = [...new Set(rules.flatMap(({ organization }) => organization ?? []))].sort();
  const asked = scope.organization;
  return TABLE_NAMES.flatMap((table) => {
    const own = organizations
      .filter((organization) => asked === undefined || organization === asked)
      .map((organization) => expiration(rules, organization, table, nowMs, []));
    const isOwn = asked !== undefined && organizations.includes(asked);
    const others = isOwn ? [] : [expiration(rules, undefined, table, nowMs, organizations)];
    return [...own, ...others.map((found) => found && { ...found, scope })].filter(
      (found) => found !== undefined,
    );
  });
}

function expiration(
  rules: readonly Retention[],
  organization: string | undefined,
  table: TableName,
  nowMs: number,
  except: readonly string[],
): Expiration | undefined {
  const keepMs = [
    rules.find((rule) => rule.organization === organization && rule.table === table),
    rules.find((rule) => rule.organization === organization && rule.table === undefined),
    rules.find((rule) => rule.organization === undefined && rule.table === table),
    rules.find((rule) => rule.organization === undefined && rule.table === undefined),
  ].find((rule) => rule !== undefined)?.keepMs;
  if (keepMs === undefined) return undefined;
  const beforeNs = BigInt(Math.floor(nowMs - keepMs)) * 1_000_000n;
  return { scope: organization === undefined ? {} : { organization }, table, beforeNs, except };
}
