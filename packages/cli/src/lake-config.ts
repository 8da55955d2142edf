import { ConfigError, fieldsOf, isOrganization, parseDuration } from '@lakewright/core';
import type {
  CompactSettings,
  IcebergSettings,
  IngestSettings,
  Retention,
  RollupSettings,
  SweepSettings,
} from '@lakewright/lake';

/** What `lake` of lakewright.yaml says; what it does not say is as the lake has it. */
export interface LakeConfig {
  readonly ingest: Partial<IngestSettings>;
  readonly compact: Partial<CompactSettings>;
  readonly sweep: Partial<SweepSettings>;
  readonly rollups: { readonly enabled: boolean; readonly settings: Partial<RollupSettings> };
  readonly iceberg: { readonly enabled: boolean; readonly settings: Partial<IcebergSettings> };
}

/** Named here and not taken from the lake, which commands that only ask need not load. */
const TABLES = [
  ...(['logs', 'traces', 'gauge', 'sum', 'histogram', 'exp_histogram', 'summary'] as const),
  ...(['rollup_10s', 'rollup_60s', 'rollup_300s', 'rollup_1200s', 'rollup_3600s'] as const),
];

const FIELDS = ['ingest', 'compaction', 'rollups', 'sweep', 'retention', 'raw_retention', 'iceberg'];

/** Reads the mapping `lake` of `file`. Throws ConfigError naming file and field. */
export function parseLake(value: unknown, file: string): LakeConfig {
  const where = `${file}: lake`;
  const given = fieldsOf(value, where, FIELDS);
  const ingest = fieldsOf(given.ingest ?? {}, `${where}.ingest`, ['interval', 'listing', 'full_listing']);
  const listingMs = duration(ingest.listing, `${where}.ingest.listing`);
  const compaction = fieldsOf(given.compaction ?? {}, `${where}.compaction`, ['interval', 'min_inputs']);
  const rollups = fieldsOf(given.rollups ?? {}, `${where}.rollups`, ['enabled', 'interval']);
  const sweep = fieldsOf(given.sweep ?? {}, `${where}.sweep`, ['interval', 'grace']);
  return {
    ingest: defined({
      intervalMs: duration(ingest.interval, `${where}.ingest.interval`),
      dropListingMs: listingMs,
      recentListingMs: listingMs,
      fullListingMs: duration(ingest.full_listing, `${where}.ingest.full_listing`),
    }),
    compact: defined({
      intervalMs: duration(compaction.interval, `${where}.compaction.interval`),
      minInputs: inputs(compaction.min_inputs, `${where}.compaction.min_inputs`),
    }),
    rollups: {
      enabled: flag(rollups.enabled, `${where}.rollups.enabled`),
      settings: defined({ intervalMs: duration(rollups.interval, `${where}.rollups.interval`) }),
    },
    sweep: defined({
      intervalMs: duration(sweep.interval, `${where}.sweep.interval`),
      graceMs: duration(sweep.grace, `${where}.sweep.grace`),
      rawRetentionMs: duration(given.raw_retention, `${where}.raw_retention`),
      retention: retentions(given.retention ?? [], `${where}.retention`),
    }),
    iceberg: parseIceberg(given.iceberg ?? {}, `${where}.iceberg`),
  };
}

function parseIceberg(value: unknown, where: string): LakeConfig['iceberg'] {
  const { enabled = true, interval, keep } = fieldsOf(value, where, ['enabled', 'interval', 'keep']);
  if (typeof enabled !== 'boolean') throw new ConfigError(`${where}.enabled is neither true nor false`);
  const intervalMs = duration(interval, `${where}.interval`);
  return { enabled, settings: defined({ intervalMs, keepMs: duration(keep, `${where}.keep`) }) };
}

function retentions(value: unknown, where: string): Retention[] {
  if (!Array.isArray(value)) throw new ConfigError(`${where} is not a list`);
  const rules = value.map((entry, i) => retention(entry, `${where}[${i}]`));
  const names = rules.map(({ organization, table }) => `${organization ?? 'all'} ${table ?? 'all'}`);
  const twice = names.findIndex((name, i) => names.indexOf(name) < i);
  if (twice >= 0) throw new ConfigError(`${where}[${twice}] says again how long the same rows are kept`);
  return rules;
}

function retention(value: unknown, where: string): Retention {
  const { keep, table, organization } = fieldsOf(value, where, ['keep', 'table', 'organization']);
  const keepMs = duration(keep, `${where}.keep`);
  if (keepMs === undefined) throw new ConfigError(`${where} does not say how long to keep rows`);
  const known = TABLES.find((name) => name === table);
  if (table !== undefined && known === undefined) {
    throw new ConfigError(`${where}.table is not a table`, { hint: `the tables are ${TABLES.join(', ')}` });
  }
  if (organization !== undefined && (typeof organization !== 'string' || !isOrganization(organization))) {
    throw new ConfigError(`${where}.organization is not a lower-case UUID`);
  }
  return { keepMs, ...defined({ table: known, organization }) };
}

/** Milliseconds, above zero. */
function duration(value: unknown, what: string): number | undefined {
  if (value === undefined) return undefined;
  const ms = parseDuration(String(value), what);
  if (ms <= 0) throw new ConfigError(`${what} is not above zero`);
  return ms;
}

/** True unless it is said otherwise. */
function flag(value: unknown, what: string): boolean {
  if (value === undefined) return true;
  if (typeof value !== 'boolean') throw new ConfigError(`${what} is neither true nor false`);
  return value;
}

function inputs(value: unknown, what: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 2 && value <= 256) return value;
  throw new ConfigError(`${what} is not an integer from 2 to 256`);
}

/** Without the fields that are undefined: they would hide defaults. */
function defined<Fields extends object>(fields: Fields): Partial<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Partial<Fields>;
}
