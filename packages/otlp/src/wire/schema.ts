/**
 * The OTLP messages as data: one table that the wire inspection and the JSON transcoding both read.
 * Source: opentelemetry-proto 1.x (collector, common, resource, logs, trace and metrics packages).
 */

export type ScalarType =
  | 'string'
  | 'bytes'
  | 'bool'
  | 'enum'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'sint32'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed64'
  | 'double';

/**
 * What a field must satisfy beyond its wire form:
 * - `time`, `count`: at most 2^63-1, else the record is rejected;
 * - `traceId`, `spanId`: 16 and 8 bytes, else the record is rejected, also when absent;
 * - `parentSpanId`: 0 or 8 bytes, else the record is rejected;
 * - `looseTraceId`, `looseSpanId`: of another length than 16 and 8 they are stored as NULL, with a warning.
 */
export type Rule = 'time' | 'count' | 'traceId' | 'spanId' | 'parentSpanId' | 'looseTraceId' | 'looseSpanId';

export interface FieldDescriptor {
  readonly number: number;
  /** As the .proto file has it; JSON also knows it in lowerCamelCase. */
  readonly name: string;
  readonly type: ScalarType | 'message';
  /** Name of the message type. */
  readonly message?: string;
  /** Names of the enum's numbers 0, 1, 2, ... */
  readonly names?: readonly string[];
  readonly repeated?: boolean;
  /** Oneof members and `optional` fields: a default value that was sent is written, not left out. */
  readonly presence?: boolean;
  readonly rule?: Rule;
  /** Of several occurrences the last alone decides whether values below it nest too deep. */
  readonly lastCounts?: boolean;
}

export interface MessageDescriptor {
  /** `record`: counted and judged alone. `group`: a bad value in its own fields spoils all below it. */
  readonly role?: 'record' | 'group';
  readonly fields: readonly FieldDescriptor[];
}

type Extra = Omit<FieldDescriptor, 'number' | 'name' | 'type'>;

const field = (number: number, name: string, type: ScalarType, extra: Extra = {}): FieldDescriptor => ({
  number,
  name,
  type,
  ...extra,
});
const one = (number: number, name: string, message: string, extra: Extra = {}): FieldDescriptor => ({
  number,
  name,
  type: 'message',
  message,
  presence: true,
  ...extra,
});
const many = (number: number, name: string, message: string): FieldDescriptor => ({
  number,
  name,
  type: 'message',
  message,
  repeated: true,
});

const PRESENCE: Extra = { presence: true };
const TIME: Extra = { rule: 'time' };
const COUNT: Extra = { rule: 'count' };

const SEVERITIES = [
  'SEVERITY_NUMBER_UNSPECIFIED',
  ...['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((level) =>
    ['', '2', '3', '4'].map((step) => `SEVERITY_NUMBER_${level}${step}`),
  ),
];
const SPAN_KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map(
  (kind) => `SPAN_KIND_${kind}`,
);
const STATUS_CODES = ['UNSET', 'OK', 'ERROR'].map((code) => `STATUS_CODE_${code}`);
const TEMPORALITIES = ['UNSPECIFIED', 'DELTA', 'CUMULATIVE'].map((kind) => `AGGREGATION_TEMPORALITY_${kind}`);

const dropped = (number: number, what: string): FieldDescriptor =>
  field(number, `dropped_${what}_count`, 'uint32');
const attributes = (number: number): FieldDescriptor => many(number, 'attributes', 'KeyValue');
const temporality = field(2, 'aggregation_temporality', 'enum', { names: TEMPORALITIES });

/** The resource and scope levels, which the three signals share but for their names. */
function envelope(
  resourceGroup: string,
  scopeGroup: string,
  names: { resources: string; scopes: string; items: string; item: string },
): Record<string, MessageDescriptor> {
  return {
    [`${resourceGroup}Request`]: { fields: [many(1, names.resources, resourceGroup)] },
    [resourceGroup]: {
      role: 'group',
      fields: [
        one(1, 'resource', 'Resource', { lastCounts: true }),
        many(2, names.scopes, scopeGroup),
        field(3, 'schema_url', 'string'),
      ],
    },
    [scopeGroup]: {
      role: 'group',
      fields: [
        one(1, 'scope', 'InstrumentationScope', { lastCounts: true }),
        many(2, names.items, names.item),
        field(3, 'schema_url', 'string'),
      ],
    },
  };
}

const COMMON: Record<string, MessageDescriptor> = {
  AnyValue: {
    fields: [
      field(1, 'string_value', 'string', PRESENCE),
      field(2, 'bool_value', 'bool', PRESENCE),
      field(3, 'int_value', 'int64', PRESENCE),
      field(4, 'double_value', 'double', PRESENCE),
      one(5, 'array_value', 'ArrayValue'),
      one(6, 'kvlist_value', 'KeyValueList'),
      field(7, 'bytes_value', 'bytes', PRESENCE),
    ],
  },
  ArrayValue: { fields: [many(1, 'values', 'AnyValue')] },
  KeyValueList: { fields: [many(1, 'values', 'KeyValue')] },
  KeyValue: { fields: [field(1, 'key', 'string'), one(2, 'value', 'AnyValue', { lastCounts: true })] },
  Resource: {
    fields: [attributes(1), dropped(2, 'attributes'), many(3, 'entity_refs', 'EntityRef')],
  },
  EntityRef: {
    fields: [
      field(1, 'schema_url', 'string'),
      field(2, 'type', 'string'),
      field(3, 'id_keys', 'string', { repeated: true }),
      field(4, 'description_keys', 'string', { repeated: true }),
    ],
  },
  InstrumentationScope: {
    fields: [
      field(1, 'name', 'string'),
      field(2, 'version', 'string'),
      attributes(3),
      dropped(4, 'attributes'),
    ],
  },
};

const LOGS: Record<string, MessageDescriptor> = {
  ...envelope('ResourceLogs', 'ScopeLogs', {
    resources: 'resource_logs',
    scopes: 'scope_logs',
    items: 'log_records',
    item: 'LogRecord',
  }),
  LogRecord: {
    role: 'record',
    fields: [
      field(1, 'time_unix_nano', 'fixed64', TIME),
      field(2, 'severity_number', 'enum', { names: SEVERITIES }),
      field(3, 'severity_text', 'string'),
      one(5, 'body', 'AnyValue'),
      attributes(6),
      dropped(7, 'attributes'),
      field(8, 'flags', 'fixed32'),
      field(9, 'trace_id', 'bytes', { rule: 'looseTraceId' }),
      field(10, 'span_id', 'bytes', { rule: 'looseSpanId' }),
      field(11, 'observed_time_unix_nano', 'fixed64', TIME),
      field(12, 'event_name', 'string'),
    ],
  },
};

const TRACES: Record<string, MessageDescriptor> = {
  ...envelope('ResourceSpans', 'ScopeSpans', {
    resources: 'resource_spans',
    scopes: 'scope_spans',
    items: 'spans',
    item: 'Span',
  }),
  Span: {
    role: 'record',
    fields: [
      field(1, 'trace_id', 'bytes', { rule: 'traceId' }),
      field(2, 'span_id', 'bytes', { rule: 'spanId' }),
      field(3, 'trace_state', 'string'),
      field(4, 'parent_span_id', 'bytes', { rule: 'parentSpanId' }),
      field(5, 'name', 'string'),
      field(6, 'kind', 'enum', { names: SPAN_KINDS }),
      field(7, 'start_time_unix_nano', 'fixed64', TIME),
      field(8, 'end_time_unix_nano', 'fixed64', TIME),
      attributes(9),
      dropped(10, 'attributes'),
      many(11, 'events', 'Event'),
      dropped(12, 'events'),
      many(13, 'links', 'Link'),
      dropped(14, 'links'),
      one(15, 'status', 'Status'),
      field(16, 'flags', 'fixed32'),
    ],
  },
  Event: {
    fields: [
      field(1, 'time_unix_nano', 'fixed64', TIME),
      field(2, 'name', 'string'),
      attributes(3),
      dropped(4, 'attributes'),
    ],
  },
  Link: {
    fields: [
      field(1, 'trace_id', 'bytes', { rule: 'traceId' }),
      field(2, 'span_id', 'bytes', { rule: 'spanId' }),
      field(3, 'trace_state', 'string'),
      attributes(4),
      dropped(5, 'attributes'),
      field(6, 'flags', 'fixed32'),
    ],
  },
  Status: { fields: [field(2, 'message', 'string'), field(3, 'code', 'enum', { names: STATUS_CODES })] },
};

const POINT_TIMES = [
  field(2, 'start_time_unix_nano', 'fixed64', TIME),
  field(3, 'time_unix_nano', 'fixed64', TIME),
];
const COUNT_FIELD = field(4, 'count', 'fixed64', COUNT);

const METRICS: Record<string, MessageDescriptor> = {
  ...envelope('ResourceMetrics', 'ScopeMetrics', {
    resources: 'resource_metrics',
    scopes: 'scope_metrics',
    items: 'metrics',
    item: 'Metric',
  }),
  Metric: {
    role: 'group',
    fields: [
      field(1, 'name', 'string'),
      field(2, 'description', 'string'),
      field(3, 'unit', 'string'),
      one(5, 'gauge', 'Gauge'),
      one(7, 'sum', 'Sum'),
      one(9, 'histogram', 'Histogram'),
      one(10, 'exponential_histogram', 'ExponentialHistogram'),
      one(11, 'summary', 'Summary'),
      many(12, 'metadata', 'KeyValue'),
    ],
  },
  Gauge: { fields: [many(1, 'data_points', 'NumberDataPoint')] },
  Sum: {
    fields: [many(1, 'data_points', 'NumberDataPoint'), temporality, field(3, 'is_monotonic', 'bool')],
  },
  Histogram: { fields: [many(1, 'data_points', 'HistogramDataPoint'), temporality] },
  ExponentialHistogram: {
    fields: [many(1, 'data_points', 'ExponentialHistogramDataPoint'), temporality],
  },
  Summary: { fields: [many(1, 'data_points', 'SummaryDataPoint')] },
  NumberDataPoint: {
    role: 'record',
    fields: [
      ...POINT_TIMES,
      field(4, 'as_double', 'double', PRESENCE),
      many(5, 'exemplars', 'Exemplar'),
      field(6, 'as_int', 'sfixed64', PRESENCE),
      attributes(7),
      field(8, 'flags', 'uint32'),
    ],
  },
  HistogramDataPoint: {
    role: 'record',
    fields: [
      ...POINT_TIMES,
      COUNT_FIELD,
      field(5, 'sum', 'double', PRESENCE),
      field(6, 'bucket_counts', 'fixed64', { repeated: true, rule: 'count' }),
      field(7, 'explicit_bounds', 'double', { repeated: true }),
      many(8, 'exemplars', 'Exemplar'),
      attributes(9),
      field(10, 'flags', 'uint32'),
      field(11, 'min', 'double', PRESENCE),
      field(12, 'max', 'double', PRESENCE),
    ],
  },
  ExponentialHistogramDataPoint: {
    role: 'record',
    fields: [
      attributes(1),
      ...POINT_TIMES,
      COUNT_FIELD,
      field(5, 'sum', 'double', PRESENCE),
      field(6, 'scale', 'sint32'),
      field(7, 'zero_count', 'fixed64', COUNT),
      one(8, 'positive', 'Buckets'),
      one(9, 'negative', 'Buckets'),
      field(10, 'flags', 'uint32'),
      many(11, 'exemplars', 'Exemplar'),
      field(12, 'min', 'double', PRESENCE),
      field(13, 'max', 'double', PRESENCE),
      field(14, 'zero_threshold', 'double'),
    ],
  },
  Buckets: {
    fields: [
      field(1, 'offset', 'sint32'),
      field(2, 'bucket_counts', 'uint64', { repeated: true, rule: 'count' }),
    ],
  },
  SummaryDataPoint: {
    role: 'record',
    fields: [
      ...POINT_TIMES,
      COUNT_FIELD,
      field(5, 'sum', 'double'),
      many(6, 'quantile_values', 'ValueAtQuantile'),
      attributes(7),
      field(8, 'flags', 'uint32'),
    ],
  },
  ValueAtQuantile: { fields: [field(1, 'quantile', 'double'), field(2, 'value', 'double')] },
  Exemplar: {
    fields: [
      field(2, 'time_unix_nano', 'fixed64', TIME),
      field(3, 'as_double', 'double', PRESENCE),
      field(4, 'span_id', 'bytes', { rule: 'looseSpanId' }),
      field(5, 'trace_id', 'bytes', { rule: 'looseTraceId' }),
      field(6, 'as_int', 'sfixed64', PRESENCE),
      many(7, 'filtered_attributes', 'KeyValue'),
    ],
  },
};

/** Every message by its name. */
export const MESSAGES: Readonly<Record<string, MessageDescriptor>> = {
  ...COMMON,
  ...LOGS,
  ...TRACES,
  ...METRICS,
};

/** The message that each signal's export request is. */
export const REQUEST_MESSAGES = {
  logs: 'ResourceLogsRequest',
  traces: 'ResourceSpansRequest',
  metrics: 'ResourceMetricsRequest',
} as const;
