import * as grpc from '@grpc/grpc-js';
import {
  DEFAULT_ORGANIZATION_LIMITS,
  defaultLimits,
  type LimitBook,
  type OrganizationLimits,
} from '@lakewright/core';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import { encodeRequest } from '../../test/otlp-proto.ts';
import {
  bytesOf,
  decodeAnswer,
  KEY,
  keyed,
  logsRequest,
  MemorySink,
  ORGANIZATION,
  openHttp,
  receiverOptions,
} from '../../test/receivers.ts';
import { IngestQuota, type IngestQuotaOptions, startGrpcReceiver } from '../index.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A book in which one organization has `own` limits, and nobody else any. */
function book(own: Partial<OrganizationLimits>, reason?: string): LimitBook {
  const limited = { ...DEFAULT_ORGANIZATION_LIMITS, ...own };
  return {
    ...defaultLimits,
    of: (organization) => (organization === ORGANIZATION ? limited : DEFAULT_ORGANIZATION_LIMITS),
    reason: () => reason,
  };
}

function quotaOf(options: Omit<IngestQuotaOptions, 'metrics'>) {
  const metrics = new Registry();
  return { metrics, quota: new IngestQuota({ ...options, metrics }) };
}

const headers = { 'content-type': 'application/x-protobuf', authorization: `Bearer ${KEY}` };
const json = { 'content-type': 'application/json', authorization: `Bearer ${KEY}` };

/** A receiver with keys before a sink in memory, over HTTP. */
async function http(options: Omit<IngestQuotaOptions, 'metrics'>) {
  const { quota, metrics } = quotaOf(options);
  const open = await openHttp(stops, { quota, auth: keyed() });
  const refused = async () => /refusals_total\{.*\} (\d+)/.exec(await metrics.metrics())?.[1] ?? '0';
  return { ...open, refused };
}

/** The same over gRPC: sends and answers the bytes, or throws grpc.ServiceError. */
async function overGrpc(options: Omit<IngestQuotaOptions, 'metrics'>) {
  const sink = new MemorySink();
  const receiver = await startGrpcReceiver(
    receiverOptions({ sink, auth: keyed(), quota: quotaOf(options).quota }),
  );
  const client = new grpc.Client(`127.0.0.1:${receiver.port}`, grpc.credentials.createInsecure());
  stops.push(
    async () => client.close(),
    () => receiver.close(),
  );
  const same = (bytes: Buffer) => bytes;
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${KEY}`);
  const send = (service: string, body: Buffer) =>
    new Promise<Buffer>((resolve, reject) => {
      const path = `/opentelemetry.proto.collector.${service}/Export`;
      client.makeUnaryRequest(path, same, same, body, metadata, (error, answer) =>
        error === null ? resolve(answer as Buffer) : reject(error),
      );
    });
  return { sink, send };
}

describe('ingest that is switched off', () => {
  const limits = book({ ingest: false }, 'unpaid: ask billing@example.org');

  test('is 403 over HTTP, with where and why, and nothing is read or stored', async () => {
    const { post, sink, refused } = await http({ limits });
    const answer = await post('/v1/logs', logsRequest('a'), json);
    expect(answer.status).toBe(403);
    expect(answer.headers.get('retry-after')).toBeNull();
    const { code, message } = (await answer.json()) as { code: number; message: string };
    expect(code).toBe(7);
    for (const words of [
      /ingest is switched off/,
      /limits\.default\.ingest of lakewright\.yaml/,
      /unpaid: ask billing@example\.org/,
    ])
      expect(message).toMatch(words);
    expect(sink.requests).toEqual([]);
    expect(await refused()).toBe('1');
  });

  test('is PERMISSION_DENIED over gRPC', async () => {
    const { send, sink } = await overGrpc({ limits });
    await expect(send('logs.v1.LogsService', logsRequest('a'))).rejects.toMatchObject({
      code: grpc.status.PERMISSION_DENIED,
      details: expect.stringContaining('switched off'),
    });
    expect(sink.requests).toEqual([]);
  });

  test('tells nothing to those who have no key', async () => {
    const { post } = await http({ limits });
    const answer = await post('/v1/logs', logsRequest('a'), { 'content-type': 'application/json' });
    expect(answer.status).toBe(401);
  });
});

describe('ingest_bytes_per_second', () => {
  // A burst of 10 seconds: 1,000 bytes.
  const limits = book({ ingestBytesPerSecond: 100 });
  const body = logsRequest('x'.repeat(600));

  test('is 429 with the time to wait over HTTP, and goes on after it', async () => {
    let now = 0;
    const { post, sink, refused } = await http({ limits, clock: { now: () => now } });
    expect((await post('/v1/logs', body, headers)).status).toBe(200);
    const late = await post('/v1/logs', body, headers);
    expect(late.status).toBe(429);
    const seconds = Number(late.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    const { message } = decodeAnswer('Status_', await bytesOf(late)) as { message: string };
    expect(message).toMatch(/ingest_bytes_per_second: more than 100 bytes a second .* of lakewright\.yaml/);
    expect(sink.requests).toHaveLength(1);
    expect(await refused()).toBe('1');
    now += seconds * 1000;
    expect((await post('/v1/logs', body, headers)).status).toBe(200);
  });

  test('is RESOURCE_EXHAUSTED with RetryInfo over gRPC', async () => {
    const { send, sink } = await overGrpc({ limits, clock: { now: () => 0 } });
    await send('logs.v1.LogsService', body);
    const error = await send('logs.v1.LogsService', body).catch((refused: grpc.ServiceError) => refused);
    expect(error).toMatchObject({ code: grpc.status.RESOURCE_EXHAUSTED });
    const [details] = (error as grpc.ServiceError).metadata.get('grpc-status-details-bin');
    const status = decodeAnswer('Status_', details as Buffer) as { details: { type_url: string }[] };
    expect(status.details[0].type_url).toMatch(/RetryInfo$/);
    expect(sink.requests).toHaveLength(1);
  });

  test('is one rate for all receivers that share a quota, and none for others', async () => {
    const { quota } = quotaOf({ limits, clock: { now: () => 0 } });
    const one = await openHttp(stops, { quota, auth: keyed() });
    const other = await openHttp(stops, { quota, auth: keyed() });
    const nobody = await openHttp(stops, { quota });
    expect((await one.post('/v1/logs', body, headers)).status).toBe(200);
    expect((await other.post('/v1/logs', body, headers)).status).toBe(429);
    for (let i = 0; i < 5; i++) expect((await nobody.post('/v1/logs', body)).status).toBe(200);
  });
});

describe('series_per_metric', () => {
  const points = (count: number) => Array.from({ length: count }, (_, i) => ({ as_double: i }));
  const metric = (name: string, count: number) => ({ name, gauge: { data_points: points(count) } });
  const request = (...metrics: object[]) =>
    Buffer.from(encodeRequest('metrics', { resource_metrics: [{ scope_metrics: [{ metrics }] }] }));
  const options = {
    limits: book({ seriesPerMetric: 1000 }),
    series: { over: () => new Map([['too_many', 1234]]) },
  };

  test('leaves out the metric, says so, and stores the rest', async () => {
    const { post, sink, refused } = await http(options);
    const answer = await post('/v1/metrics', request(metric('fine', 2), metric('too_many', 3)), headers);
    expect(answer.status).toBe(200);
    const { partial_success: partial } = decodeAnswer(
      'ExportMetricsServiceResponse',
      await bytesOf(answer),
    ) as {
      partial_success: { rejected_data_points: number; error_message: string };
    };
    expect(partial.rejected_data_points).toBe(3);
    for (const words of [
      /3 rejected/,
      /series_per_metric: metric "too_many" has 1234 series/,
      /more than 1000/,
    ])
      expect(partial.error_message).toMatch(words);
    expect(sink.requests).toMatchObject([{ records: 2, body: request(metric('fine', 2)) }]);
    expect(await refused()).toBe('3');
  });

  test('stores nothing when nothing is left', async () => {
    const { post, sink } = await http(options);
    const answer = await post('/v1/metrics', request(metric('too_many', 3)), headers);
    expect(answer.status).toBe(200);
    expect(sink.requests).toEqual([]);
  });

  test('is told over gRPC, and of requests in JSON', async () => {
    const { send, sink } = await overGrpc(options);
    const answer = await send('metrics.v1.MetricsService', request(metric('too_many', 1), metric('fine', 1)));
    expect(decodeAnswer('ExportMetricsServiceResponse', answer)).toMatchObject({
      partial_success: { rejected_data_points: 1 },
    });
    expect(sink.requests).toMatchObject([{ records: 1 }]);
    const { post } = await http(options);
    const text = JSON.stringify({
      resourceMetrics: [
        { scopeMetrics: [{ metrics: [{ name: 'too_many', gauge: { dataPoints: [{ asDouble: 1 }] } }] }] },
      ],
    });
    expect(await (await post('/v1/metrics', text, json)).json()).toMatchObject({
      partialSuccess: { rejectedDataPoints: '1' },
    });
  });

  test('changes nothing for metrics that are fine, for other signals and without a limit', async () => {
    const { post, sink } = await http(options);
    await post('/v1/metrics', request(metric('fine', 2)), headers);
    await post('/v1/logs', logsRequest('too_many'), headers);
    const free = await http({ ...options, limits: book({ seriesPerMetric: undefined }) });
    await free.post('/v1/metrics', request(metric('too_many', 2)), headers);
    expect([...sink.requests, ...free.sink.requests].map(({ records }) => records)).toEqual([2, 1, 2]);
  });
});
