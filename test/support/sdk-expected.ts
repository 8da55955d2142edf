import type { HrTime } from '@opentelemetry/api';
import type { AnyValue } from '@opentelemetry/api-logs';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import {
  type DataPoint,
  DataPointType,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Cell } from './lake-process.ts';

/**
 * The rows that the lake must answer for what an SDK exporter was given: every column of the table that is
 * not derived from another one or a hash. JSON columns are written parsed, integers past 2^53 as text.
 */
export type ExpectedRow = { readonly [column: string]: Cell };

/** An SDK that does not send a value sends nothing: what the lake answers then. */
const UNSENT = { flags: 0, dropped: 0 };

type Scope = ReadableSpan['instrumentationScope'] & {
  attributes?: { [key: string]: AnyValue };
  droppedAttributesCount?: number;
};

export function expectedLog(record: ReadableLogRecord): ExpectedRow {
  const time = nanoseconds(record.hrTime);
  return {
    timestamp: timestamp(time),
    time_unix_nano: integer(time),
    observed_time_unix_nano: integer(nanoseconds(record.hrTimeObserved)),
    trace_id: record.spanContext?.traceId ?? null,
    span_id: record.spanContext?.spanId ?? null,
    severity_number: record.severityNumber ?? 0,
    severity_text: record.severityText ?? null,
    body: textOf(record.body),
    body_type: kindOf(record.body)?.name ?? null,
    event_name: record.eventName ?? null,
    ...attributes('log', record.attributes),
    flags: record.spanContext?.traceFlags ?? UNSENT.flags,
    dropped_attributes_count: record.droppedAttributesCount,
    ...resourceAndScope(record.resource, record.instrumentationScope),
  };
}

export function expectedSpan(span: ReadableSpan): ExpectedRow {
  const context = span.spanContext();
  const start = nanoseconds(span.startTime);
  return {
    timestamp: timestamp(start),
    time_unix_nano: integer(start),
    duration_nano: integer(nanoseconds(span.endTime) - start),
    trace_id: context.traceId,
    span_id: context.spanId,
    parent_span_id: span.parentSpanContext?.spanId ?? null,
    trace_state: context.traceState?.serialize() ?? null,
    span_name: span.name,
    // OTLP counts the kinds from 1; 0 is for an unknown one.
    span_kind: span.kind + 1,
    status_code: span.status.code,
    status_message: span.status.message ?? null,
    ...attributes('span', span.attributes as { [key: string]: AnyValue }),
    events: list(span.events, (event) => ({
      time_unix_nano: integer(nanoseconds(event.time)),
      name: event.name,
      attributes: jsonOf(event.attributes as AnyValue) ?? {},
      dropped_attributes_count: event.droppedAttributesCount ?? UNSENT.dropped,
    })),
    links: list(span.links, (link) => ({
      trace_id: link.context.traceId,
      span_id: link.context.spanId,
      trace_state: link.context.traceState?.serialize() ?? '',
      attributes: jsonOf(link.attributes as AnyValue) ?? {},
      dropped_attributes_count: link.droppedAttributesCount ?? UNSENT.dropped,
      flags: spanFlags(link.context.traceFlags, link.context.isRemote),
    })),
    flags: spanFlags(context.traceFlags, span.parentSpanContext?.isRemote),
    dropped_attributes_count: span.droppedAttributesCount,
    dropped_events_count: span.droppedEventsCount,
    dropped_links_count: span.droppedLinksCount,
    ...resourceAndScope(span.resource, span.instrumentationScope),
  };
}

/** OTLP's span flags: the W3C trace flags, bit 8 "it is known whether the parent is remote", bit 9 "it is". */
function spanFlags(traceFlags: number, remote: boolean | undefined): number {
  return traceFlags | 0x100 | (remote === true ? 0x200 : 0);
}

/** The rows of every data point, by table. */
export function expectedPoints({
  resource,
  scopeMetrics,
}: ResourceMetrics): { table: string; row: ExpectedRow }[] {
  return scopeMetrics.flatMap(({ scope, metrics }) =>
    metrics.flatMap((metric) =>
      metric.dataPoints.map((point) => ({
        table: TABLE_OF[metric.dataPointType],
        row: {
          ...pointHead(metric, point),
          ...pointValue(metric, point),
          ...resourceAndScope(resource, scope),
        },
      })),
    ),
  );
}

const TABLE_OF: Readonly<Record<DataPointType, string>> = {
  [DataPointType.GAUGE]: 'gauge',
  [DataPointType.SUM]: 'sum',
  [DataPointType.HISTOGRAM]: 'histogram',
  [DataPointType.EXPONENTIAL_HISTOGRAM]: 'exp_histogram',
};

function pointHead({ descriptor }: MetricData, point: DataPoint<unknown>): ExpectedRow {
  const time = nanoseconds(point.endTime);
  return {
    timestamp: timestamp(time),
    time_unix_nano: integer(time),
    start_time_unix_nano: integer(nanoseconds(point.startTime)),
    metric_name: descriptor.name,
    metric_description: descriptor.description || null,
    metric_unit: descriptor.unit || null,
    ...attributes('metric', point.attributes as { [key: string]: AnyValue }),
    flags: UNSENT.flags,
    exemplars: null,
    metric_metadata: null,
  };
}

function pointValue(metric: MetricData, point: MetricData['dataPoints'][number]): ExpectedRow {
  // OTLP: 1 delta, 2 cumulative; the SDK counts them from 0.
  const aggregation_temporality = metric.aggregationTemporality + 1;
  if (metric.dataPointType === DataPointType.GAUGE || metric.dataPointType === DataPointType.SUM) {
    const value = point.value as number;
    const number = { value, value_int: metric.descriptor.valueType === 0 ? value : null };
    if (metric.dataPointType === DataPointType.GAUGE) return number;
    return { ...number, aggregation_temporality, is_monotonic: metric.isMonotonic };
  }
  const { count, sum, min, max } = point.value as { count: number; sum: number; min: number; max: number };
  const common = { count, sum: sum ?? null, min: min ?? null, max: max ?? null, aggregation_temporality };
  if (metric.dataPointType === DataPointType.HISTOGRAM) {
    const { buckets } = point.value as (typeof metric.dataPoints)[number]['value'];
    return { ...common, bucket_counts: buckets.counts, explicit_bounds: buckets.boundaries };
  }
  const value = point.value as (typeof metric.dataPoints)[number]['value'];
  return {
    ...common,
    scale: value.scale,
    zero_count: value.zeroCount,
    zero_threshold: 0,
    positive_offset: value.positive.offset,
    positive_bucket_counts: value.positive.bucketCounts,
    negative_offset: value.negative.offset,
    negative_bucket_counts: value.negative.bucketCounts,
  };
}

function resourceAndScope(resource: Resource, scope: Scope): ExpectedRow {
  const service = (key: string) => (resource.attributes[key] as string | undefined) ?? null;
  return {
    service_name: service('service.name') ?? 'unknown',
    service_namespace: service('service.namespace'),
    service_instance_id: service('service.instance.id'),
    ...attributes('resource', resource.attributes as { [key: string]: AnyValue }),
    resource_dropped_attributes_count: UNSENT.dropped,
    resource_schema_url: resource.schemaUrl ?? null,
    scope_name: scope.name,
    scope_version: scope.version ?? null,
    ...attributes('scope', scope.attributes ?? {}),
    scope_dropped_attributes_count: scope.droppedAttributesCount ?? UNSENT.dropped,
    scope_schema_url: scope.schemaUrl ?? null,
  };
}

function attributes(name: string, values: { [key: string]: AnyValue }): ExpectedRow {
  const entries = Object.entries(values);
  const letters = entries.map(([, value]) => kindOf(value)?.letter ?? 'n').join('');
  return {
    [`${name}_attributes`]: Object.fromEntries(entries.map(([key, value]) => [key, textOf(value)])),
    [`${name}_attribute_types`]: /^s*$/.test(letters) ? null : letters,
  };
}

/** The kind of an OTLP value, by the rules of the SDK: whole numbers are integers. */
function kindOf(value: AnyValue): { name: string; letter: string } | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return { name: 'string', letter: 's' };
  if (typeof value === 'boolean') return { name: 'bool', letter: 'b' };
  if (typeof value === 'number') {
    return Number.isInteger(value) ? { name: 'int', letter: 'i' } : { name: 'double', letter: 'd' };
  }
  if (value instanceof Uint8Array) return { name: 'bytes', letter: 'x' };
  return Array.isArray(value) ? { name: 'array', letter: 'a' } : { name: 'kvlist', letter: 'm' };
}

/** A value as attribute columns show it: plain text, JSON for arrays and kvlists, base64 for bytes. */
function textOf(value: AnyValue): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return typeof value === 'object' ? JSON.stringify(jsonOf(value)) : String(value);
}

function jsonOf(value: AnyValue): Cell {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, jsonOf(member)]));
}

function list<T>(items: readonly T[], element: (item: T) => Cell): Cell {
  return items.length === 0 ? null : items.map(element);
}

export function nanoseconds([seconds, rest]: HrTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(rest);
}

function integer(value: bigint): Cell {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** RFC 3339 in UTC with whole microseconds. */
function timestamp(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String((ns / 1000n) % 1_000_000n).padStart(6, '0')}Z`;
}
