import { createServer } from 'node:net';
import { ConfigError, createLogger, type Logger, type LogLevel } from '@lakewright/core';
import { type RawRequest, startHttpReceiver } from '@lakewright/otlp';
import { Counter, Registry } from 'prom-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { type Attributes, recordsOf, type Wire } from '../../../otlp/test/demo-decode.ts';
import { MemorySink, receiverOptions } from '../../../otlp/test/receivers.ts';
import { deadAddress } from '../../test/harness.ts';
import { startTelemetry } from './index.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  vi.unstubAllEnvs();
});

/** A service that exports to `endpoint`. */
async function service(endpoint: string, env: Record<string, string> = {}, level: LogLevel = 'info') {
  for (const [name, value] of Object.entries({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...env })) {
    vi.stubEnv(name, value);
  }
  const lines: string[] = [];
  const metrics = new Registry();
  const telemetry = await startTelemetry({
    environment: { ENABLE_OTLP_TELEMETRY: 'true', OTEL_METRIC_EXPORT_INTERVAL: '200', ...env },
    serviceName: 'lakewright-test',
    logger: createLogger({ level, format: 'text', write: (line) => void lines.push(line) }),
    level,
    metrics,
  });
  return { ...telemetry, metrics, lines };
}

/** A receiver of ours before `sink`; its URL. */
async function lake(sink: MemorySink): Promise<string> {
  const receiver = await startHttpReceiver(receiverOptions({ sink }));
  stops.push(() => receiver.close());
  return `http://127.0.0.1:${receiver.port}`;
}

const sentAs = (wanted: 'logs' | 'metrics', requests: readonly RawRequest[]): [Wire, Attributes][] =>
  requests.filter(({ signal }) => signal === wanted).flatMap(({ body }) => recordsOf(wanted, body));

describe('telemetry of a service itself', () => {
  it('is off, and changes nothing, unless it is asked for', async () => {
    const logger = { log: () => undefined } as unknown as Logger;
    const metrics = new Registry();
    for (const ENABLE_OTLP_TELEMETRY of [undefined, '', 'false', '0']) {
      const environment = { ENABLE_OTLP_TELEMETRY, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
      const given = { environment, serviceName: 'x', logger, level: 'info', metrics } as const;
      expect((await startTelemetry(given)).logger).toBe(logger);
    }
    expect(metrics.getMetricsAsArray()).toEqual([]);
  });

  it('arrives in a lake with names, values and attributes', async () => {
    const sink = new MemorySink();
    const endpoint = await lake(sink);
    const { logger, metrics, lines, close } = await service(endpoint, {
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.version=9',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-lakewright-collector=self',
    });
    const things = new Counter({ name: 'things_total', help: 'h', labelNames: ['a'], registers: [metrics] });
    things.inc({ a: 'x' }, 41);
    logger.log('debug', 'not said');
    logger
      .with({ part: 'ingest' })
      .log('warn', 'it is so', { n: 3, ok: true, error: new Error('why'), list: [1n] });
    await close();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('it is so');
    const [[record, resource], ...others] = sentAs('logs', sink.requests);
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      severity_number: 13,
      severity_text: 'WARN',
      body: { string_value: 'it is so' },
    });
    expect(record.attributes).toEqual([
      { key: 'part', value: { string_value: 'ingest' } },
      { key: 'n', value: { int_value: '3' } },
      { key: 'ok', value: { bool_value: true } },
      { key: 'error', value: { string_value: 'why' } },
      { key: 'list', value: { string_value: '["1"]' } },
    ]);
    expect(resource).toMatchObject({
      'service.name': 'lakewright-test',
      'service.version': '9',
      'deployment.environment.name': 'test',
    });
    expect(new Set(sink.requests.map(({ collector }) => collector))).toEqual(new Set(['self']));
    const points = sentAs('metrics', sink.requests).filter(([metric]) => metric.name === 'things_total');
    expect(points.at(-1)?.[0]).toMatchObject({
      sum: {
        is_monotonic: true,
        aggregation_temporality: 2,
        data_points: [{ as_double: 41, attributes: [{ key: 'a', value: { string_value: 'x' } }] }],
      },
    });
  });

  it('comes at its interval, under the name that is asked for', async () => {
    const sink = new MemorySink();
    const endpoint = await lake(sink);
    const { metrics, close } = await service(endpoint, { OTEL_SERVICE_NAME: 'another' });
    stops.push(close);
    new Counter({ name: 'things_total', help: 'h', registers: [metrics] }).inc();
    await waitFor('three exports', async () => sink.requests.length >= 3);
    const [[, resource]] = recordsOf('metrics', sink.requests[0].body);
    expect(resource['service.name']).toBe('another');
  });

  it('is said to be missing once, not exported, and holds nobody up', async () => {
    const { logger, metrics, lines, close } = await service(await deadAddress());
    new Counter({ name: 'things_total', help: 'h', registers: [metrics] }).inc();
    const began = performance.now();
    for (let i = 0; i < 5_000; i++) logger.log('info', 'a line', { i });
    expect(performance.now() - began).toBeLessThan(2_000);
    await close();
    expect(performance.now() - began).toBeLessThan(12_000);
    expect(lines.filter((line) => line.includes('a line'))).toHaveLength(5_000);
    const remarks = lines.filter((line) => line.includes('cannot be exported'));
    // One for each signal.
    expect(remarks.length).toBeLessThanOrEqual(2);
    const text = await metrics.metrics();
    expect(Number(/dropped_log_records_total (\d+)/.exec(text)?.[1])).toBeGreaterThan(3_000);
  });

  it('ends in time when the collector hangs', async () => {
    const sockets = createServer(() => undefined);
    await new Promise<void>((resolve) => sockets.listen(0, '127.0.0.1', resolve));
    stops.push(() => new Promise((resolve) => sockets.close(() => resolve())));
    sockets.on('connection', (socket) => void stops.push(async () => void socket.destroy()));
    const { port } = sockets.address() as { port: number };
    const { logger, close } = await service(`http://127.0.0.1:${port}`);
    logger.log('info', 'a line');
    const began = performance.now();
    await close();
    expect(performance.now() - began).toBeLessThan(12_000);
  });

  it('does not feed itself: what goes wrong with exports is not exported', async () => {
    const sink = new MemorySink();
    let refuse = true;
    let asked = 0;
    sink.answer = async () => {
      asked++;
      if (refuse) throw new Error('the disk is full');
    };
    const endpoint = await lake(sink);
    const { logger, metrics, lines, close } = await service(endpoint);
    new Counter({ name: 'things_total', help: 'h', registers: [metrics] }).inc();
    logger.log('info', 'a line');
    await waitFor('a remark', async () => lines.some((line) => line.includes('cannot be exported')), 30_000);
    expect(asked).toBeGreaterThan(0);
    refuse = false;
    await waitFor('exports again', async () => lines.some((line) => line.includes('exported again')), 30_000);
    await close();
    const bodies = sentAs('logs', sink.requests).map(([{ body }]) => (body as Wire).string_value);
    expect(bodies.filter((body) => body !== 'a line')).toEqual([]);
  });
});

describe('variables that make no sense', () => {
  it.each([
    [{ ENABLE_OTLP_TELEMETRY: 'maybe' }, 'ENABLE_OTLP_TELEMETRY'],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL'],
    [{ OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json' }, 'OTEL_EXPORTER_OTLP_METRICS_PROTOCOL'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_METRIC_EXPORT_INTERVAL: '10s' }, 'OTEL_METRIC_EXPORT_INTERVAL'],
    [{ OTEL_METRIC_EXPORT_INTERVAL: '0' }, 'OTEL_METRIC_EXPORT_INTERVAL'],
  ])('%j is refused by name', async (env, name) => {
    const started = startTelemetry({
      environment: { ENABLE_OTLP_TELEMETRY: 'true', ...env },
      serviceName: 'x',
      logger: createLogger({ level: 'info', format: 'text', write: () => undefined }),
      level: 'info',
      metrics: new Registry(),
    });
    await expect(started).rejects.toThrow(ConfigError);
    await expect(started).rejects.toThrow(name);
  });
});
