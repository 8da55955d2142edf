import {
  createTraceState,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
  ValueType,
} from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import type { Resource } from '@opentelemetry/resources';
import {
  LoggerProvider,
  type LogRecordExporter,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import {
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';

/** What an exporter was given, and how it answered. */
export interface Exported<T> {
  readonly items: T[];
  readonly failures: string[];
}

interface Exporter<T> {
  export(items: T, done: (result: { code: number; error?: Error }) => void): void;
}

/** Keeps what goes through `exporter`, which sends it on. */
function recording<T, E extends Exporter<T>>(exporter: E, kept: Exported<T>): E {
  const original = exporter.export.bind(exporter);
  exporter.export = (items, done) => {
    kept.items.push(items);
    original(items, (result) => {
      if (result.code !== 0) kept.failures.push(result.error?.message ?? 'export failed');
      done(result);
    });
  };
  return exporter;
}

const REMOTE: SpanContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
  traceState: createTraceState('vendor=value,other=2'),
  isRemote: true,
};

/** An attribute of every type that SDKs have for all signals. */
const ATTRIBUTES = {
  string: 'text with "quotes", 雪 and \u{1F600}',
  'empty.string': '',
  int: 42,
  'int.negative': -7,
  'int.large': 9_007_199_254_740_991,
  double: 0.1,
  'double.negative': -1.5e-9,
  true: true,
  false: false,
  strings: ['a', '', 'c'],
  ints: [1, -2, 3],
  doubles: [0.5, 2.25],
  bools: [true, false],
  'empty.array': [],
};

/** Attribute values that only log records and their bodies have. */
const NESTED = {
  bytes: new Uint8Array([0, 1, 254, 255]),
  map: { inner: { deep: [1, { deeper: 'x' }, null] }, double: 1.25, bytes: new Uint8Array([7]) },
  empty: undefined,
};

/** Log records with every field of the API. */
export async function sendLogs(
  exporter: LogRecordExporter,
  resource: Resource,
): Promise<Exported<ReadableLogRecord[]>> {
  const kept: Exported<ReadableLogRecord[]> = { items: [], failures: [] };
  const provider = new LoggerProvider({
    resource,
    logRecordLimits: { attributeCountLimit: 18 },
    processors: [new SimpleLogRecordProcessor({ exporter: recording(exporter, kept) })],
  });
  const logger = provider.getLogger('acceptance.logs', '1.2.3', { schemaUrl: 'https://example.com/scope' });
  const time = new Date();
  for (const body of [
    'plain text',
    '',
    12,
    1.5,
    true,
    ['a', 1, [null]],
    { a: { b: 'c' } },
    new Uint8Array([1, 2, 3]),
  ]) {
    logger.emit({ body, timestamp: time, severityNumber: SeverityNumber.INFO, severityText: 'Information' });
  }
  logger.emit({
    eventName: 'acceptance.event',
    timestamp: [1_709_210_096, 123_456_789],
    observedTimestamp: [1_709_210_097, 987_654_321],
    severityNumber: SeverityNumber.FATAL4,
    severityText: 'FATAL4',
    body: 'in a span',
    attributes: { ...ATTRIBUTES, ...NESTED },
    context: trace.setSpanContext(ROOT_CONTEXT, REMOTE),
  });
  logger.emit({ attributes: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`key${i}`, i])) });
  provider.getLogger('acceptance.bare').emit({});
  await provider.forceFlush();
  await provider.shutdown();
  return kept;
}

/** Spans of every kind and status, with events, links and more than their limits allow. */
export async function sendTraces(
  exporter: SpanExporter,
  resource: Resource,
): Promise<Exported<ReadableSpan[]>> {
  const kept: Exported<ReadableSpan[]> = { items: [], failures: [] };
  const provider = new BasicTracerProvider({
    resource,
    spanLimits: { attributeCountLimit: 16, eventCountLimit: 3, linkCountLimit: 2 },
    spanProcessors: [new SimpleSpanProcessor(recording(exporter, kept))],
  });
  const tracer = provider.getTracer('acceptance.traces', '4.5.6', { schemaUrl: 'https://example.com/scope' });
  const parent = trace.setSpanContext(ROOT_CONTEXT, REMOTE);
  const full = tracer.startSpan(
    'GET /cart/{id}',
    {
      kind: SpanKind.SERVER,
      startTime: [1_709_210_096, 123_456_789],
      attributes: ATTRIBUTES,
      links: [
        { context: REMOTE, attributes: { ...ATTRIBUTES } },
        { context: { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: TraceFlags.NONE } },
      ],
    },
    parent,
  );
  full.addEvent('first', { ...ATTRIBUTES }, [1_709_210_096, 123_456_790]);
  full.addEvent('without attributes', [1_709_210_096, 200_000_000]);
  full.recordException(new TypeError('it broke'), [1_709_210_096, 300_000_000]);
  full.setStatus({ code: SpanStatusCode.ERROR, message: 'it broke' });
  const child = tracer.startSpan('child', { kind: SpanKind.CLIENT }, trace.setSpan(ROOT_CONTEXT, full));
  child.setStatus({ code: SpanStatusCode.OK });
  child.end();
  full.end([1_709_210_097, 1]);

  for (const kind of [SpanKind.INTERNAL, SpanKind.PRODUCER, SpanKind.CONSUMER]) {
    tracer.startSpan(`kind ${kind}`, { kind }, ROOT_CONTEXT).end();
  }
  const crowded = provider.getTracer('acceptance.bare').startSpan('over its limits', {}, ROOT_CONTEXT);
  for (let i = 0; i < 20; i++) crowded.setAttribute(`key${i}`, i);
  for (let i = 0; i < 5; i++) crowded.addEvent(`event ${i}`);
  crowded.addLinks(Array.from({ length: 4 }, () => ({ context: REMOTE })));
  crowded.end();
  await provider.forceFlush();
  await provider.shutdown();
  return kept;
}

/** One of each instrument, with integers and doubles. */
export async function sendMetrics(
  exporter: PushMetricExporter,
  resource: Resource,
): Promise<Exported<ResourceMetrics>> {
  const kept: Exported<ResourceMetrics> = { items: [], failures: [] };
  // The reader would send by itself once in a while; the test sends when it is done.
  const reader = new PeriodicExportingMetricReader({
    exporter: recording(exporter, kept),
    exportIntervalMillis: 3_600_000,
  });
  const provider = new MeterProvider({
    resource,
    readers: [reader],
    views: [{ instrumentName: 'exponential', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  });
  const meter = provider.getMeter('acceptance.metrics', '7.8.9', { schemaUrl: 'https://example.com/scope' });
  const ints = { valueType: ValueType.INT };
  const counter = meter.createCounter('counter', { ...ints, description: 'requests', unit: '{request}' });
  counter.add(41, { route: '/a' });
  counter.add(1, { route: '/a' });
  counter.add(9_007_199_254_740_991, { route: '/b' });
  meter.createCounter('counter.double', { unit: 's' }).add(0.1, ATTRIBUTES);
  const updown = meter.createUpDownCounter('updown', ints);
  updown.add(5);
  updown.add(-12);
  meter.createGauge('gauge', { unit: 'Cel' }).record(-273.15, { where: 'space' });
  meter.createGauge('gauge.int', ints).record(-3);
  meter
    .createObservableGauge('gauge.observed', { unit: 'By' })
    .addCallback((result) => result.observe(1.5e300));
  meter
    .createObservableCounter('counter.observed', ints)
    .addCallback((result) => result.observe(7, { cpu: 0 }));
  const histogram = meter.createHistogram('histogram', {
    unit: 'ms',
    description: 'latency',
    advice: { explicitBucketBoundaries: [0, 0.5, 10, 2500] },
  });
  for (const value of [0, 0.25, 3, 3, 100, 5000]) histogram.record(value, { route: '/a' });
  const exponential = meter.createHistogram('exponential', { unit: 's' });
  for (const value of [0, 0.001, 0.5, 1, 2, 1000]) exponential.record(value);
  await provider.forceFlush();
  await provider.shutdown();
  return kept;
}
