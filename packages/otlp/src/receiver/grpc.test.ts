import * as grpc from '@grpc/grpc-js';
import { ConfigError, LimitError, UnavailableError } from '@lakewright/core';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import { encodeRequest } from '../../test/otlp-proto.ts';
import {
  decodeAnswer,
  JUDGED,
  KEY,
  keyed,
  logsRequest,
  MALFORMED,
  MemorySink,
  ORGANIZATION,
  receiverOptions,
} from '../../test/receivers.ts';
import {
  createAdmission,
  type Receiver,
  type ReceiverOptions,
  startGrpcReceiver,
  startHttpReceiver,
} from '../index.ts';

const LOGS = 'opentelemetry.proto.collector.logs.v1.LogsService';
const TRACES = 'opentelemetry.proto.collector.trace.v1.TraceService';
const METRICS = 'opentelemetry.proto.collector.metrics.v1.MetricsService';

let closers: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(closers.toReversed().map((close) => close()));
  closers = [];
});

async function start(extra: Partial<ReceiverOptions> = {}) {
  const sink = new MemorySink();
  const options = receiverOptions({ sink, ...extra });
  const receiver: Receiver = await startGrpcReceiver(options);
  closers.push(() => receiver.close());
  const client = new grpc.Client(`127.0.0.1:${receiver.port}`, grpc.credentials.createInsecure());
  closers.push(() => client.close());
  const same = (bytes: Buffer) => bytes;
  const send = (
    service: string,
    body: Buffer,
    headers: Record<string, string> = {},
    call: grpc.CallOptions = {},
  ) => {
    const metadata = new grpc.Metadata();
    for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
    return new Promise<Buffer>((resolve, reject) => {
      client.makeUnaryRequest(`/${service}/Export`, same, same, body, metadata, call, (error, answer) =>
        error === null ? resolve(answer as Buffer) : reject(error),
      );
    });
  };
  return { sink, receiver, send, client, metrics: options.metrics };
}

/** What a call failed with. */
async function failure(call: Promise<Buffer>): Promise<grpc.ServiceError> {
  return call.then(
    () => {
      throw new Error('the call succeeded');
    },
    (error: grpc.ServiceError) => error,
  );
}

describe('requests that are taken', () => {
  test.each(JUDGED)('%s', async (_, body, { stored, rejected, message }) => {
    const { send, sink } = await start();
    const answer = await send(LOGS, body);
    if (message === undefined) expect(answer).toHaveLength(0);
    else {
      const { partial_success } = decodeAnswer('ExportLogsServiceResponse', answer) as {
        partial_success: { rejected_log_records?: number; error_message: string };
      };
      expect(partial_success.rejected_log_records ?? 0).toBe(rejected);
      expect(partial_success.error_message).toMatch(message);
    }
    expect(sink.requests.map((request) => request.records)).toEqual(stored > 0 ? [stored] : []);
  });

  test('all three services, with organization and collector', async () => {
    const { send, sink } = await start({ auth: keyed() });
    const headers = { authorization: `Bearer ${KEY}`, 'x-lakewright-collector': 'edge-1' };
    const span = { trace_id: Buffer.alloc(16), span_id: Buffer.alloc(8) };
    const traces = encodeRequest('traces', { resource_spans: [{ scope_spans: [{ spans: [span] }] }] });
    const points = { name: 'm', gauge: { data_points: [{ as_int: 1 }] } };
    const metrics = encodeRequest('metrics', {
      resource_metrics: [{ scope_metrics: [{ metrics: [points] }] }],
    });
    await send(LOGS, logsRequest('a'), headers);
    await send(TRACES, Buffer.from(traces), headers);
    await send(METRICS, Buffer.from(metrics), { ...headers, authorization: '', 'x-cardinalhq-api-key': KEY });
    expect(
      sink.requests.map(({ signal, organization, collector }) => [signal, organization, collector]),
    ).toEqual([
      ['logs', ORGANIZATION, 'edge-1'],
      ['traces', ORGANIZATION, 'edge-1'],
      ['metrics', ORGANIZATION, 'edge-1'],
    ]);
  });
});

describe('requests that are refused', () => {
  test.each(MALFORMED)('%s: INVALID_ARGUMENT', async (_, body) => {
    const { send, sink } = await start();
    const error = await failure(send(LOGS, body));
    expect([error.code, error.details]).toEqual([
      grpc.status.INVALID_ARGUMENT,
      expect.stringContaining('at byte'),
    ]);
    expect(error.metadata.get('grpc-status-details-bin')).toEqual([]);
    expect(sink.requests).toEqual([]);
  });

  test.each<[string, Record<string, string>]>([
    ['no key', {}],
    ['a wrong key', { authorization: 'Bearer a-key-for-nothing' }],
  ])('%s: UNAUTHENTICATED', async (_, headers) => {
    const { send } = await start({ auth: keyed() });
    expect((await failure(send(LOGS, logsRequest('a'), headers))).code).toBe(grpc.status.UNAUTHENTICATED);
  });

  test('a bad collector: INVALID_ARGUMENT', async () => {
    const { send } = await start();
    const error = await failure(send(LOGS, logsRequest('a'), { 'x-lakewright-collector': 'a/b' }));
    expect(error.code).toBe(grpc.status.INVALID_ARGUMENT);
  });

  test('an unknown service: UNIMPLEMENTED', async () => {
    const { send } = await start();
    expect((await failure(send('x.Y', Buffer.alloc(0)))).code).toBe(grpc.status.UNIMPLEMENTED);
  });

  test('another address without keys is refused at start', async () => {
    const options = receiverOptions({ sink: new MemorySink(), host: '0.0.0.0' });
    await expect(startGrpcReceiver(options)).rejects.toThrow(ConfigError);
  });

  test('a port in use is named', async () => {
    const { receiver } = await start();
    const options = receiverOptions({ sink: new MemorySink(), port: receiver.port });
    await expect(startGrpcReceiver(options)).rejects.toThrow(
      `127.0.0.1:${receiver.port}: the port is in use`,
    );
  });
});

describe('limits and the sink', () => {
  const gzip = { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip };

  test.each<[string, Record<string, number>]>([
    ['plain', {}],
    ['gzip', gzip],
  ])('%s beyond maxRequestBytes: RESOURCE_EXHAUSTED', async (_, options) => {
    const { receiver, sink } = await start({ limits: { maxRequestBytes: 100_000 } });
    const client = new grpc.Client(`127.0.0.1:${receiver.port}`, grpc.credentials.createInsecure(), options);
    closers.push(() => client.close());
    const same = (bytes: Buffer) => bytes;
    const send = (body: Buffer) =>
      new Promise<Buffer>((resolve, reject) => {
        client.makeUnaryRequest(`/${LOGS}/Export`, same, same, body, (error, answer) =>
          error === null ? resolve(answer as Buffer) : reject(error),
        );
      });
    expect((await failure(send(Buffer.alloc(5_000_000)))).code).toBe(grpc.status.RESOURCE_EXHAUSTED);
    await send(logsRequest('a'.repeat(50_000)));
    expect(sink.requests).toHaveLength(1);
  });

  test.each<[string, Error, number, number, RegExp]>([
    [
      'unavailable',
      new UnavailableError('disk is full', { retryAfterSeconds: 7 }),
      grpc.status.UNAVAILABLE,
      7,
      /disk/,
    ],
    ['limit', new LimitError('maxWaiting', 'too much'), grpc.status.RESOURCE_EXHAUSTED, 1, /maxWaiting/],
    [
      'a fault',
      new TypeError('secret internals'),
      grpc.status.UNAVAILABLE,
      5,
      /^the request could not be stored$/,
    ],
  ])('the sink says %s', async (_, thrown, code, seconds, message) => {
    const { send, sink } = await start();
    sink.answer = async () => {
      throw thrown;
    };
    const error = await failure(send(LOGS, logsRequest('a')));
    expect([error.code, error.details]).toEqual([code, expect.stringMatching(message)]);
    const [details] = error.metadata.get('grpc-status-details-bin');
    const status = decodeAnswer('Status_', details as Buffer) as {
      code: number;
      details: { value: Uint8Array }[];
    };
    expect(status.code).toBe(code);
    expect(decodeAnswer('RetryInfo', status.details[0].value)).toEqual({ retry_delay: { seconds } });
  });

  test('one admission bounds both receivers together', async () => {
    const metrics = new Registry();
    const admission = createAdmission({ maxConcurrentRequests: 1 }, metrics);
    const { send, sink } = await start({ metrics, admission });
    const http = await startHttpReceiver(receiverOptions({ sink, metrics, admission }));
    closers.push(() => http.close());
    const gate = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    sink.answer = () => {
      arrived.resolve();
      return gate.promise;
    };
    const inFlight = send(LOGS, logsRequest('a'));
    await arrived.promise;
    const refused = await failure(send(LOGS, logsRequest('b')));
    expect(refused.code).toBe(grpc.status.RESOURCE_EXHAUSTED);
    const headers = { 'content-type': 'application/x-protobuf' };
    const body = logsRequest('c') as unknown as RequestInit['body'];
    const response = await fetch(`http://127.0.0.1:${http.port}/v1/logs`, { method: 'POST', headers, body });
    expect(response.status).toBe(429);
    gate.resolve();
    await inFlight;
    const text = await metrics.metrics();
    expect(text).toContain('{signal="logs",transport="grpc",code="OK"} 1');
    expect(text).toContain('{signal="logs",transport="grpc",code="RESOURCE_EXHAUSTED"} 1');
    expect(text).toContain('{signal="logs",transport="http",code="429"} 1');
  });

  test('close waits for the answer of a call in flight', async () => {
    const { send, sink, receiver } = await start();
    const gate = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    sink.answer = () => {
      arrived.resolve();
      return gate.promise;
    };
    const inFlight = send(LOGS, logsRequest('a'));
    await arrived.promise;
    const closing = receiver.close();
    gate.resolve();
    await inFlight;
    await closing;
    expect(sink.requests).toHaveLength(1);
  });

  test('close cuts off a call that does not end within the grace', async () => {
    const { send, sink, receiver } = await start({ limits: { closeGraceMs: 1 } });
    const arrived = Promise.withResolvers<void>();
    sink.answer = () => {
      arrived.resolve();
      return new Promise(() => {});
    };
    const inFlight = failure(send(LOGS, logsRequest('a')));
    await arrived.promise;
    await receiver.close();
    expect((await inFlight).code).not.toBe(grpc.status.OK);
  });
});
