import type { Type } from 'protobufjs';
import { testRoot } from './otlp-proto.ts';

/**
 * Reads export requests with protobufjs into plain records, each with its resource's attributes: what a
 * test needs to follow the demo's story.
 */
type Value = string | number | boolean | undefined;
export type Attributes = Record<string, Value>;
interface WireAttribute {
  key: string;
  value: { string_value?: string; int_value?: string; double_value?: number; bool_value?: boolean };
}
export type Wire = { [field: string]: unknown };

function attributesOf(list: unknown): Attributes {
  const entries = ((list ?? []) as WireAttribute[]).map(({ key, value }): [string, Value] => [
    key,
    value.string_value ?? value.bool_value ?? value.double_value ?? Number(value.int_value),
  ]);
  return Object.fromEntries(entries);
}

function read(type: string, body: Uint8Array): Wire {
  const message: Type = testRoot().lookupType(type);
  return message.toObject(message.decode(body), { longs: String, bytes: Buffer }) as Wire;
}

const hex = (bytes: unknown): string => (bytes === undefined ? '' : (bytes as Buffer).toString('hex'));
const nanos = (text: unknown): bigint => BigInt((text as string | undefined) ?? 0);
const list = (value: unknown): Wire[] => (value ?? []) as Wire[];

/** Every record of a request with its resource's attributes. */
function records(request: Wire, group: string, scope: string, record: string): [Wire, Attributes][] {
  return list(request[group]).flatMap((resource) => {
    const attributes = attributesOf((resource.resource as Wire).attributes);
    return list(resource[scope]).flatMap((scoped) =>
      list(scoped[record]).map((found): [Wire, Attributes] => [found, attributes]),
    );
  });
}

const LEVELS = {
  logs: ['ExportLogsServiceRequest', 'resource_logs', 'scope_logs', 'log_records'],
  metrics: ['ExportMetricsServiceRequest', 'resource_metrics', 'scope_metrics', 'metrics'],
} as const;

/** The log records or metrics of a request as they are on the wire, each with its resource's attributes. */
export function recordsOf(signal: keyof typeof LEVELS, body: Uint8Array): [Wire, Attributes][] {
  const [type, group, scope, record] = LEVELS[signal];
  return records(read(type, body), group, scope, record);
}

export function decodeLogs(body: Uint8Array) {
  const request = read('ExportLogsServiceRequest', body);
  return records(request, 'resource_logs', 'scope_logs', 'log_records').map(([log, resource]) => ({
    resource,
    time: nanos(log.time_unix_nano),
    severityText: log.severity_text as string,
    body: (log.body as { string_value: string }).string_value,
    attributes: attributesOf(log.attributes),
    traceId: hex(log.trace_id),
    spanId: hex(log.span_id),
  }));
}

export function decodeTraces(body: Uint8Array) {
  const request = read('ExportTraceServiceRequest', body);
  return records(request, 'resource_spans', 'scope_spans', 'spans').map(([span, resource]) => ({
    resource,
    traceId: hex(span.trace_id),
    spanId: hex(span.span_id),
    parentSpanId: hex(span.parent_span_id),
    name: span.name as string,
    kind: span.kind as number,
    start: nanos(span.start_time_unix_nano),
    end: nanos(span.end_time_unix_nano),
    attributes: attributesOf(span.attributes),
    status: ((span.status as Wire | undefined)?.code as number | undefined) ?? 0,
    events: list(span.events).map((event) => event.name as string),
    links: list(span.links).map((link) => ({ traceId: hex(link.trace_id), spanId: hex(link.span_id) })),
  }));
}

const KINDS = ['gauge', 'sum', 'histogram', 'exponential_histogram', 'summary'] as const;

export function decodeMetrics(body: Uint8Array) {
  const request = read('ExportMetricsServiceRequest', body);
  return records(request, 'resource_metrics', 'scope_metrics', 'metrics').flatMap(([metric, resource]) => {
    const kind = KINDS.find((name) => metric[name] !== undefined);
    if (kind === undefined) throw new Error(`metric ${metric.name} has no data`);
    const data = metric[kind] as Wire;
    return list(data.data_points).map((point) => ({
      kind,
      series: `${resource['service.instance.id']} ${metric.name} ${JSON.stringify(attributesOf(point.attributes))}`,
      time: nanos(point.time_unix_nano),
      monotonic: kind === 'sum' ? data.is_monotonic === true : kind !== 'gauge',
      total: Number(point.count ?? point.as_int ?? point.as_double ?? 0),
      buckets: bucketsOf(point),
      bounds: ((point.explicit_bounds as number[] | undefined) ?? []).length,
    }));
  });
}

function bucketsOf(point: Wire): number[] | undefined {
  const counts = point.bucket_counts ?? (point.positive as Wire | undefined)?.bucket_counts;
  return (counts as string[] | undefined)?.map(Number);
}
