/**
 * The lake's tables: which columns each has, in file order. One place says it; the Parquet writer, the
 * query views and the documentation follow.
 */

/** One for each kind of metric. */
export const METRIC_TABLES = ['gauge', 'sum', 'histogram', 'exp_histogram', 'summary'] as const;
export type MetricTable = (typeof METRIC_TABLES)[number];

/** Points of all kinds in windows of so many seconds. */
export const ROLLUP_TABLES = [
  'rollup_10s',
  'rollup_60s',
  'rollup_300s',
  'rollup_1200s',
  'rollup_3600s',
] as const;
export type RollupTable = (typeof ROLLUP_TABLES)[number];

export const TABLE_NAMES = ['logs', 'traces', ...METRIC_TABLES, ...ROLLUP_TABLES] as const;
export type TableName = (typeof TABLE_NAMES)[number];

export type ColumnType =
  | 'TIMESTAMP'
  | 'BIGINT'
  | 'INTEGER'
  | 'DOUBLE'
  | 'BOOLEAN'
  | 'VARCHAR'
  | 'MAP(VARCHAR, VARCHAR)'
  | 'BIGINT[]'
  | 'DOUBLE[]';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly doc: string;
  /** For columns that are computed when read and not stored: SQL over the stored ones. */
  readonly derived?: string;
  /** For stored columns: which field of the table it is, in every file and for ever. */
  readonly fieldId?: number;
}

const col = (name: string, type: ColumnType, doc: string): Column => ({ name, type, doc });
const derived = (name: string, type: ColumnType, sql: string, doc: string): Column => ({
  name,
  type,
  doc,
  derived: sql,
});

const TYPES_DOC =
  'one letter for each entry of the map, in its order: s string, i int, d double, b bool, x bytes ' +
  '(base64), a array (JSON), m kvlist (JSON), n empty; NULL when all are strings';

const map = (name: string, types: string, doc: string): Column[] => [
  col(name, 'MAP(VARCHAR, VARCHAR)', doc),
  col(types, 'VARCHAR', `types of ${name}: ${TYPES_DOC}`),
];

const SERVICE: Column[] = [
  col('service_name', 'VARCHAR', 'resource service.name; `unknown` when absent'),
  col('service_namespace', 'VARCHAR', 'resource service.namespace'),
  col('service_instance_id', 'VARCHAR', 'resource service.instance.id'),
];

const RESOURCE_AND_SCOPE: Column[] = [
  ...map('resource_attributes', 'resource_attribute_types', 'every resource attribute'),
  col('resource_dropped_attributes_count', 'BIGINT', 'as sent'),
  col('resource_schema_url', 'VARCHAR', 'as sent'),
  col('scope_name', 'VARCHAR', 'instrumentation scope'),
  col('scope_version', 'VARCHAR', 'instrumentation scope version'),
  ...map('scope_attributes', 'scope_attribute_types', 'every scope attribute'),
  col('scope_dropped_attributes_count', 'BIGINT', 'as sent'),
  col('scope_schema_url', 'VARCHAR', 'as sent'),
];

const POINT_HEAD: Column[] = [
  col('timestamp', 'TIMESTAMP', 'time_unix_nano in whole microseconds, UTC'),
  col('time_unix_nano', 'BIGINT', "the point's time, ns; the arrival when it was not sent"),
  col('start_time_unix_nano', 'BIGINT', 'ns; NULL when not sent'),
  derived(
    'start_timestamp',
    'TIMESTAMP',
    'make_timestamp(start_time_unix_nano // 1000)',
    'start_time_unix_nano in whole microseconds, UTC',
  ),
  col('metric_name', 'VARCHAR', 'as sent'),
  col('metric_description', 'VARCHAR', 'as sent'),
  col('metric_unit', 'VARCHAR', 'as sent'),
  ...SERVICE,
  col('series_id', 'BIGINT', '64-bit hash of metric name, kind, resource, scope and point attributes'),
];

const POINT_TAIL: Column[] = [
  ...map('metric_attributes', 'metric_attribute_types', 'every data point attribute'),
  col('flags', 'BIGINT', 'data point flags; bit 0 says that no value was recorded'),
  col(
    'exemplars',
    'VARCHAR',
    'JSON array of {time_unix_nano, value, trace_id, span_id, filtered_attributes}; NULL when none',
  ),
  col('metric_metadata', 'VARCHAR', "JSON object of the metric's metadata; NULL when none"),
  ...RESOURCE_AND_SCOPE,
];

const TEMPORALITY = col('aggregation_temporality', 'INTEGER', '0 unspecified, 1 delta, 2 cumulative');
const VALUE: Column[] = [
  col('value', 'DOUBLE', 'the value; of an integer, the nearest double; NULL when none was recorded'),
  col('value_int', 'BIGINT', 'the exact value when it was sent as an integer'),
];
const COUNT_AND_SUM: Column[] = [
  col('count', 'BIGINT', 'observations'),
  col('sum', 'DOUBLE', 'sum of the observations; NULL when not sent'),
];
const MIN_AND_MAX: Column[] = [
  col('min', 'DOUBLE', 'NULL when not sent'),
  col('max', 'DOUBLE', 'NULL when not sent'),
];

const BUCKETS: Column[] = [
  col('bucket_counts', 'BIGINT[]', 'one count for each bucket'),
  col('explicit_bounds', 'DOUBLE[]', 'upper bounds; one fewer than buckets'),
];
const EXPONENTIAL_BUCKETS: Column[] = [
  col('scale', 'INTEGER', 'base is 2^(2^-scale)'),
  col('zero_count', 'BIGINT', 'observations in the zero bucket'),
  col('zero_threshold', 'DOUBLE', 'width of the zero bucket'),
  col('positive_offset', 'INTEGER', 'index of the first positive bucket'),
  col('positive_bucket_counts', 'BIGINT[]', 'positive buckets'),
  col('negative_offset', 'INTEGER', 'index of the first negative bucket'),
  col('negative_bucket_counts', 'BIGINT[]', 'negative buckets'),
];
const QUANTILES: Column[] = [
  col('quantiles', 'DOUBLE[]', 'quantiles, 0 to 1'),
  col('quantile_values', 'DOUBLE[]', 'the value at each quantile'),
];

/** What a rollup's row holds beside its series: of distributions, what was added within the window. */
const WINDOW: Column[] = [
  col('points', 'BIGINT', 'points in the window, those included that say that no value was recorded'),
  col('count', 'BIGINT', 'values of gauges and sums; observations of distributions'),
  col('sum', 'DOUBLE', 'sum of what is counted; NULL when there is none or it was not sent'),
  col('min', 'DOUBLE', 'least value; NULL where it is not known, as in cumulative distributions'),
  col('max', 'DOUBLE', 'greatest value; as min'),
  col('first', 'DOUBLE', 'first value of a gauge or sum'),
  col('first_time_unix_nano', 'BIGINT', 'time of the first recorded point, ns'),
  col('last', 'DOUBLE', 'last value of a gauge or sum'),
  col('last_time_unix_nano', 'BIGINT', 'time of the last recorded point, ns'),
  col(
    'increase',
    'DOUBLE',
    'what a sum rose by, from the point before the window on; of delta sums, their sum; NULL for other kinds',
  ),
  col('resets', 'BIGINT', 'times that a cumulative counter or distribution began anew'),
  ...BUCKETS,
  ...EXPONENTIAL_BUCKETS,
  ...QUANTILES,
  col(
    'sketch_keys',
    'BIGINT[]',
    'quantile sketch of a gauge or sum, in order of value: key k > 0 is within 1 % of 2 * g^(k - 40000) / (1 + g), ' +
      'g = 1.01 / 0.99; -k is its negative, 0 is 0; empty where min = max',
  ),
  col('sketch_counts', 'BIGINT[]', 'values at each of sketch_keys'),
];

const ROLLUP: Column[] = [
  col('timestamp', 'TIMESTAMP', 'start of the window, UTC'),
  col('time_unix_nano', 'BIGINT', 'start of the window, ns'),
  col('frequency_ms', 'INTEGER', 'length of the window'),
  col('metric_kind', 'VARCHAR', 'the table of the points: gauge, sum, histogram, exp_histogram or summary'),
  col('metric_name', 'VARCHAR', 'as sent'),
  col('metric_description', 'VARCHAR', 'as sent'),
  col('metric_unit', 'VARCHAR', 'as sent'),
  ...SERVICE,
  col('series_id', 'BIGINT', '64-bit hash of metric name, kind, resource, scope and point attributes'),
  TEMPORALITY,
  col('is_monotonic', 'BOOLEAN', 'as sent'),
  ...WINDOW,
  ...map('metric_attributes', 'metric_attribute_types', 'every data point attribute'),
  col('metric_metadata', 'VARCHAR', "JSON object of the metric's metadata; NULL when none"),
  ...RESOURCE_AND_SCOPE,
];

/** Every table's columns, stored ones in file order, derived ones where a reader would look for them. */
export const TABLES: Readonly<Record<TableName, readonly Column[]>> = {
  logs: [
    col('timestamp', 'TIMESTAMP', 'time_unix_nano in whole microseconds, UTC'),
    col('time_unix_nano', 'BIGINT', 'time, else observed time, else arrival; ns'),
    col('observed_time_unix_nano', 'BIGINT', 'ns; NULL when not sent'),
    derived(
      'observed_timestamp',
      'TIMESTAMP',
      'make_timestamp(observed_time_unix_nano // 1000)',
      'observed_time_unix_nano in whole microseconds, UTC',
    ),
    col('trace_id', 'VARCHAR', '32 lower-case hex digits; NULL when not sent'),
    col('span_id', 'VARCHAR', '16 lower-case hex digits; NULL when not sent'),
    ...SERVICE,
    col('stream_id', 'BIGINT', '64-bit hash of the sorted resource attributes'),
    col('severity_number', 'INTEGER', '0 to 24'),
    col('severity_text', 'VARCHAR', 'as sent'),
    col('body', 'VARCHAR', 'text; JSON for arrays and kvlists, base64 for bytes; NULL when not sent'),
    col('body_type', 'VARCHAR', 'string, int, double, bool, bytes, array or kvlist'),
    col('event_name', 'VARCHAR', 'as sent'),
    ...map('log_attributes', 'log_attribute_types', 'every log record attribute'),
    col('flags', 'BIGINT', 'as sent'),
    col('dropped_attributes_count', 'BIGINT', 'as sent'),
    ...RESOURCE_AND_SCOPE,
  ],
  traces: [
    col('timestamp', 'TIMESTAMP', 'start in whole microseconds, UTC'),
    col('time_unix_nano', 'BIGINT', 'start, else the end, else the arrival; ns'),
    col('duration_nano', 'BIGINT', 'end - start, ns; negative when they were sent so'),
    derived('end_time_unix_nano', 'BIGINT', 'time_unix_nano + duration_nano', 'end, ns'),
    derived(
      'end_timestamp',
      'TIMESTAMP',
      'make_timestamp((time_unix_nano + duration_nano) // 1000)',
      'end in whole microseconds, UTC',
    ),
    col('trace_id', 'VARCHAR', '32 lower-case hex digits'),
    col('span_id', 'VARCHAR', '16 lower-case hex digits'),
    col('parent_span_id', 'VARCHAR', '16 lower-case hex digits; NULL for a root span'),
    col('trace_state', 'VARCHAR', 'as sent'),
    ...SERVICE,
    col('span_name', 'VARCHAR', 'as sent'),
    col('span_kind', 'INTEGER', '0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer'),
    col('status_code', 'INTEGER', '0 unset, 1 ok, 2 error'),
    col('status_message', 'VARCHAR', 'as sent'),
    ...map('span_attributes', 'span_attribute_types', 'every span attribute'),
    col(
      'events',
      'VARCHAR',
      'JSON array of {time_unix_nano, name, attributes, dropped_attributes_count}; NULL when none',
    ),
    col(
      'links',
      'VARCHAR',
      'JSON array of {trace_id, span_id, trace_state, attributes, dropped_attributes_count, flags}; NULL when none',
    ),
    col('flags', 'BIGINT', 'as sent'),
    col('dropped_attributes_count', 'BIGINT', 'as sent'),
    col('dropped_events_count', 'BIGINT', 'as sent'),
    col('dropped_links_count', 'BIGINT', 'as sent'),
    ...RESOURCE_AND_SCOPE,
  ],
  gauge: [...POINT_HEAD, ...VALUE, ...POINT_TAIL],
  sum: [...POINT_HEAD, ...VALUE, TEMPORALITY, col('is_monotonic', 'BOOLEAN', 'as sent'), ...POINT_TAIL],
  histogram: [...POINT_HEAD, ...COUNT_AND_SUM, ...MIN_AND_MAX, ...BUCKETS, TEMPORALITY, ...POINT_TAIL],
  exp_histogram: [
    ...POINT_HEAD,
    ...COUNT_AND_SUM,
    ...MIN_AND_MAX,
    ...EXPONENTIAL_BUCKETS,
    TEMPORALITY,
    ...POINT_TAIL,
  ],
  summary: [...POINT_HEAD, ...COUNT_AND_SUM, ...QUANTILES, ...POINT_TAIL],
  rollup_10s: ROLLUP,
  rollup_60s: ROLLUP,
  rollup_300s: ROLLUP,
  rollup_1200s: ROLLUP,
  rollup_3600s: ROLLUP,
};

/**
 * Columns that a table was given after its first release, in the order in which they came. Wherever such a
 * column stands in the table, its field id comes after all others: ids are in files that stay.
 */
const ADDED_COLUMNS: Partial<Record<TableName, readonly string[]>> = {};

const STORED = Object.fromEntries(
  TABLE_NAMES.map((table) => [table, withFieldIds(TABLES[table], ADDED_COLUMNS[table] ?? [])]),
) as Record<TableName, readonly Column[]>;

/** The columns that are in the files, each with its field id. */
export function storedColumns(table: TableName): readonly Column[] {
  return STORED[table];
}

/** The stored ones of `columns`: first come those of the first release, numbered from 1, then `added`. */
export function withFieldIds(columns: readonly Column[], added: readonly string[]): readonly Column[] {
  const stored = columns.filter((column) => column.derived === undefined);
  const first = stored.filter(({ name }) => !added.includes(name)).map(({ name }) => name);
  const ids = new Map([...first, ...added].map((name, index) => [name, index + 1]));
  return stored.map((column) => ({ ...column, fieldId: ids.get(column.name) }));
}
