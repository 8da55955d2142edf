import {
  type BatchMemory,
  type DecodeContext,
  type DistributionPoints,
  HAS_MAX,
  HAS_MIN,
  HAS_SUM,
  type LogRows,
  type MetricsDecoder,
  type NumberRows,
  type SpanRows,
} from '@lakewright/otlp';
import type { ColumnData, StringTable } from '../parquet/index.ts';
import type { TableName } from '../tables.ts';
import { Gather, type MapEntries } from './gather.ts';

type Build = (rows: Uint32Array) => ColumnData;

/** Decoded rows of one table and how each of its stored columns is made of them. */
export interface TableSource {
  readonly table: TableName;
  readonly count: number;
  /** Word pairs (low, high), ns. */
  readonly times: Uint32Array;
  /** Of each row, the rank by which it sorts before time. */
  readonly ranks: Int32Array;
  /** Of each row, the string id of its service name. */
  serviceOf(row: number): number;
  readonly columns: Readonly<Record<string, Build>>;
}

/** The columns that depend on resource and scope only; `of` leads from a row to their numbers. */
function resourceAndScope(
  gather: Gather,
  context: DecodeContext,
  entries: MapEntries,
  resource: Int32Array,
  scope: Int32Array,
): Record<string, Build> {
  const { resources, scopes, strings, memory } = context;
  const resourceSets = follow(memory, resource, resources.set);
  const scopeSets = follow(memory, scope, scopes.set);
  const ofResource = (ids: readonly number[]): Build => {
    return (rows) => gather.stringsVia(strings, ids, resource, rows);
  };
  const ofScope = (ids: readonly number[]): Build => {
    return (rows) => gather.stringsVia(strings, ids, scope, rows);
  };
  return {
    service_name: ofResource(resources.serviceName),
    service_namespace: ofResource(resources.serviceNamespace),
    service_instance_id: ofResource(resources.serviceInstanceId),
    resource_attributes: (rows) => gather.mapColumn(entries, resourceSets, rows),
    resource_attribute_types: (rows) => gather.typesColumn(entries, resourceSets, rows),
    resource_dropped_attributes_count: (rows) => gather.uint32Via(resources.dropped, resource, rows),
    resource_schema_url: ofResource(resources.schemaUrl),
    scope_name: ofScope(scopes.name),
    scope_version: ofScope(scopes.version),
    scope_attributes: (rows) => gather.mapColumn(entries, scopeSets, rows),
    scope_attribute_types: (rows) => gather.typesColumn(entries, scopeSets, rows),
    scope_dropped_attributes_count: (rows) => gather.uint32Via(scopes.dropped, scope, rows),
    scope_schema_url: ofScope(scopes.schemaUrl),
  };
}

/** How a column of string ids is made. */
function textOf(gather: Gather, strings: StringTable): (ids: Int32Array) => Build {
  return (ids) => (rows) => gather.strings(strings, ids, rows);
}

function recordAttributes(
  gather: Gather,
  name: string,
  entries: MapEntries,
  sets: Int32Array,
): Record<string, Build> {
  return {
    [`${name}_attributes`]: (rows) => gather.mapColumn(entries, sets, rows),
    [`${name}_attribute_types`]: (rows) => gather.typesColumn(entries, sets, rows),
  };
}

/** The `logs` table: sorted by service, stream, time. */
export function logsSource(context: DecodeContext, c: LogRows): TableSource {
  const { strings, attributes, resources, memory } = context;
  const gather = new Gather(memory);
  const entries = gather.mapEntries(attributes, strings);
  const text = textOf(gather, strings);
  const streamLo = resources.set.map((set) => attributes.setHashLo[Math.max(0, set)]);
  const streamHi = resources.set.map((set) => attributes.setHashHi[Math.max(0, set)]);
  const ranks = rankBy(memory, c.resource, c.length, resources.set.length, (a, b) => {
    const byService = strings.compare(resources.serviceName[a], resources.serviceName[b]);
    return byService || streamHi[a] - streamHi[b] || streamLo[a] - streamLo[b];
  });
  return {
    table: 'logs',
    count: c.length,
    times: c.time,
    ranks,
    serviceOf: (row) => resources.serviceName[c.resource[row]],
    columns: {
      timestamp: (rows) => gather.micros(c.time, rows),
      time_unix_nano: (rows) => gather.int64(c.time, rows),
      observed_time_unix_nano: (rows) => gather.int64(c.observed, rows, true),
      trace_id: text(c.traceId),
      span_id: text(c.spanId),
      stream_id: (rows) => gather.lanesVia(streamLo, streamHi, c.resource, rows),
      severity_number: (rows) => gather.int32(c.severityNumber, rows),
      severity_text: text(c.severityText),
      body: text(c.body),
      body_type: text(c.bodyKind),
      event_name: text(c.eventName),
      flags: (rows) => gather.uint32(c.flags, rows),
      dropped_attributes_count: (rows) => gather.uint32(c.dropped, rows),
      ...recordAttributes(gather, 'log', entries, c.attributes),
      ...resourceAndScope(gather, context, entries, used(c.resource, c), used(c.scope, c)),
    },
  };
}

/** The `traces` table: sorted by service, time. */
export function tracesSource(context: DecodeContext, c: SpanRows): TableSource {
  const { strings, attributes, resources, memory } = context;
  const gather = new Gather(memory);
  const entries = gather.mapEntries(attributes, strings);
  const text = textOf(gather, strings);
  const ranks = rankBy(memory, c.resource, c.length, resources.set.length, (a, b) =>
    strings.compare(resources.serviceName[a], resources.serviceName[b]),
  );
  return {
    table: 'traces',
    count: c.length,
    times: c.time,
    ranks,
    serviceOf: (row) => resources.serviceName[c.resource[row]],
    columns: {
      timestamp: (rows) => gather.micros(c.time, rows),
      time_unix_nano: (rows) => gather.int64(c.time, rows),
      duration_nano: (rows) => gather.difference(c.time, c.end, rows),
      trace_id: text(c.traceId),
      span_id: text(c.spanId),
      parent_span_id: text(c.parentSpanId),
      trace_state: text(c.traceState),
      span_name: text(c.name),
      span_kind: (rows) => gather.int32(c.kind, rows),
      status_code: (rows) => gather.int32(c.statusCode, rows),
      status_message: text(c.statusMessage),
      events: text(c.events),
      links: text(c.links),
      flags: (rows) => gather.uint32(c.flags, rows),
      dropped_attributes_count: (rows) => gather.uint32(c.droppedAttributes, rows),
      dropped_events_count: (rows) => gather.uint32(c.droppedEvents, rows),
      dropped_links_count: (rows) => gather.uint32(c.droppedLinks, rows),
      ...recordAttributes(gather, 'span', entries, c.attributes),
      ...resourceAndScope(gather, context, entries, used(c.resource, c), used(c.scope, c)),
    },
  };
}

/** What the five metric tables have in common: sorted by name, series, time. */
function pointSource(
  table: TableName,
  context: DecodeContext,
  metrics: MetricsDecoder,
  points: Pick<NumberRows, 'series' | 'time' | 'start' | 'flags' | 'exemplars' | 'length'>,
  own: Readonly<Record<string, Build>>,
): TableSource {
  const { strings, attributes, resources, memory } = context;
  const gather = new Gather(memory);
  const { series, metrics: names } = metrics.index;
  const entries = gather.mapEntries(attributes, strings);
  const seriesOf = used(points.series, points);
  const metricOf = follow(memory, seriesOf, series.metric);
  const resource = follow(memory, seriesOf, series.resource);
  const sets = follow(memory, seriesOf, series.attributes);
  const ofMetric = (ids: readonly number[]): Build => {
    const filled = ids.map((id) => (id === 0 ? -1 : id));
    return (rows) => gather.stringsVia(strings, filled, metricOf, rows);
  };
  const nameRank = rankOf(names.name.length, (a, b) => strings.compare(names.name[a], names.name[b]));
  const ranks = rankBy(memory, points.series, points.length, series.metric.length, (a, b) => {
    const byName = nameRank[series.metric[a]] - nameRank[series.metric[b]];
    return byName || series.hashHi[a] - series.hashHi[b] || series.hashLo[a] - series.hashLo[b];
  });
  return {
    table,
    count: points.length,
    times: points.time,
    ranks,
    serviceOf: (row) => resources.serviceName[resource[row]],
    columns: {
      timestamp: (rows) => gather.micros(points.time, rows),
      time_unix_nano: (rows) => gather.int64(points.time, rows),
      start_time_unix_nano: (rows) => gather.int64(points.start, rows, true),
      metric_name: (rows) => gather.stringsVia(strings, names.name, metricOf, rows),
      metric_description: ofMetric(names.description),
      metric_unit: ofMetric(names.unit),
      metric_metadata: ofMetric(names.metadata),
      series_id: (rows) => gather.lanesVia(series.hashLo, series.hashHi, points.series, rows),
      flags: (rows) => gather.uint32(points.flags, rows),
      exemplars: (rows) => gather.strings(strings, points.exemplars, rows),
      aggregation_temporality: (rows) => gather.int32Via(names.temporality, metricOf, rows),
      is_monotonic: (rows) => gather.booleanVia(names.monotonic, metricOf, rows),
      ...recordAttributes(gather, 'metric', entries, sets),
      ...resourceAndScope(gather, context, entries, resource, follow(memory, seriesOf, series.scope)),
      ...own,
    },
  };
}

/** The `gauge` and `sum` tables. */
export function numberSource(
  table: 'gauge' | 'sum',
  context: DecodeContext,
  metrics: MetricsDecoder,
): TableSource {
  const c = metrics[table].rows;
  const gather = new Gather(context.memory);
  return pointSource(table, context, metrics, c, {
    value: (rows) => gather.doubles(c.double, rows, (row) => c.held[row] !== 0),
    value_int: (rows) => gather.integersHeld(c, rows),
  });
}

/** The `histogram`, `exp_histogram` and `summary` tables. */
export function distributionSource(
  table: 'histogram' | 'exp_histogram' | 'summary',
  context: DecodeContext,
  metrics: MetricsDecoder,
): TableSource {
  const points: DistributionPoints = metrics[table];
  const c = points.rows;
  const gather = new Gather(context.memory);
  const has = (bit: number) => (row: number) => (c.has[row] & bit) !== 0;
  const counts = (starts: Int32Array, lengths: Int32Array): Build => {
    return (rows) => ({
      kind: 'int64-list',
      ...gather.ranges(starts, lengths, rows),
      words: points.counts.words,
    });
  };
  const doubles = (values: () => Float64Array): Build => {
    return (rows) => ({
      kind: 'double-list',
      ...gather.ranges(c.boundsStart, c.boundsLength, rows),
      values: values(),
    });
  };
  return pointSource(table, context, metrics, c, {
    count: (rows) => gather.int64(c.count, rows),
    sum: (rows) =>
      // A summary's sum has no presence of its own: it is always there.
      table === 'summary' ? gather.doubles(c.sum, rows) : gather.doubles(c.sum, rows, has(HAS_SUM)),
    min: (rows) => gather.doubles(c.min, rows, has(HAS_MIN)),
    max: (rows) => gather.doubles(c.max, rows, has(HAS_MAX)),
    bucket_counts: counts(c.countsStart, c.countsLength),
    explicit_bounds: doubles(() => points.bounds.values),
    scale: (rows) => gather.int32(c.scale, rows),
    zero_count: (rows) => gather.int64(c.zeroCount, rows),
    zero_threshold: (rows) => gather.doubles(c.zeroThreshold, rows),
    positive_offset: (rows) => gather.int32(c.positiveOffset, rows),
    positive_bucket_counts: counts(c.countsStart, c.countsLength),
    negative_offset: (rows) => gather.int32(c.negativeOffset, rows),
    negative_bucket_counts: counts(c.negativeStart, c.negativeLength),
    quantiles: doubles(() => points.bounds.values),
    quantile_values: doubles(() => points.values.values),
  });
}

/** The part of a column that has rows. */
function used(column: Int32Array, rows: { readonly length: number }): Int32Array {
  return column.subarray(0, rows.length);
}

/** Of each row, what the thing that it refers to refers to. */
function follow(memory: BatchMemory, via: Int32Array, numbers: readonly number[]): Int32Array {
  const of = Int32Array.from(numbers);
  const to = memory.int32(via.length);
  for (let row = 0; row < via.length; row++) to[row] = of[via[row]];
  return to;
}

/** Dense ranks of the numbers 0..count by an order; equal ones share a rank. */
function rankOf(count: number, compare: (a: number, b: number) => number): Int32Array {
  const sorted = Array.from({ length: count }, (_, i) => i).sort(compare);
  const ranks = new Int32Array(count);
  for (let i = 1, rank = 0; i < count; i++) {
    if (compare(sorted[i - 1], sorted[i]) !== 0) rank++;
    ranks[sorted[i]] = rank;
  }
  return ranks;
}

/** Of each row, the rank of the thing that it refers to. */
function rankBy(
  memory: BatchMemory,
  via: Int32Array,
  rows: number,
  count: number,
  compare: (a: number, b: number) => number,
): Int32Array {
  const rankOfThing = rankOf(count, compare);
  const ranks = memory.int32(rows);
  for (let row = 0; row < rows; row++) ranks[row] = rankOfThing[via[row]];
  return ranks;
}
