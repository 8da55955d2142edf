import * as zlib from 'node:zlib';
import { ConfigError, DEFAULT_ORGANIZATION, LimitError, UnavailableError } from '@lakewright/core';
import { afterEach, describe, expect, test } from 'vitest';
import { encodeRequest } from '../../test/otlp-proto.ts';
import {
  bytesOf,
  decodeAnswer,
  JSON_TYPE,
  JUDGED,
  KEY,
  keyed,
  logsRequest,
  MALFORMED,
  MemorySink,
  ORGANIZATION,
  openHttp,
  PROTOBUF,
  receiverOptions,
} from '../../test/receivers.ts';
import { type ReceiverOptions, startHttpReceiver } from '../index.ts';

let stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.map((stop) => stop()));
  stops = [];
});
const start = (extra: Partial<ReceiverOptions> = {}) => openHttp(stops, extra);

describe('requests that are taken', () => {
  test.each(JUDGED)('%s', async (_, body, { stored, rejected, message }) => {
    const { post, sink } = await start();
    const response = await post('/v1/logs', body);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-protobuf');
    const bytes = await bytesOf(response);
    if (message === undefined) expect(bytes).toHaveLength(0);
    else {
      const { partial_success } = decodeAnswer('ExportLogsServiceResponse', bytes) as {
        partial_success: { rejected_log_records?: number; error_message: string };
      };
      expect(partial_success.rejected_log_records ?? 0).toBe(rejected);
      expect(partial_success.error_message).toMatch(message);
    }
    expect(sink.requests.map((request) => request.records)).toEqual(stored > 0 ? [stored] : []);
    if (stored > 0) expect(Buffer.from(sink.requests[0].body)).toEqual(body);
  });

  test.each<[string, (body: Buffer) => Buffer]>([
    ['identity', (body) => body],
    ['gzip', (body) => zlib.gzipSync(body)],
    ['deflate', (body) => zlib.deflateSync(body)],
    ['zstd', (body) => zlib.zstdCompressSync(body)],
    ['GZIP', (body) => zlib.gzipSync(body)],
  ])('Content-Encoding %s', async (encoding, compress) => {
    const { post, sink } = await start();
    const body = logsRequest('a'.repeat(100_000));
    const response = await post('/v1/logs', compress(body), { ...PROTOBUF, 'content-encoding': encoding });
    expect(response.status).toBe(200);
    expect(Buffer.from(sink.requests[0].body)).toEqual(body);
  });

  test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON'])(
    '%s',
    async (type) => {
      const { post, sink } = await start();
      const json = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}}]}]}]}';
      const response = await post('/v1/logs', json, { 'content-type': type });
      expect([response.status, await response.text()]).toEqual([200, '{}']);
      expect(Buffer.from(sink.requests[0].body)).toEqual(logsRequest('a'));
    },
  );

  test.each([
    [
      'logs',
      '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"9223372036854775808"}]}]}]}',
      'rejectedLogRecords',
    ],
    ['traces', '{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}', 'rejectedSpans'],
    [
      'metrics',
      '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{"timeUnixNano":"18446744073709551615"}]}}]}]}]}',
      'rejectedDataPoints',
    ],
  ])('partial success of %s in JSON', async (signal, json, field) => {
    const { post, sink } = await start();
    const response = await post(`/v1/${signal}`, json, JSON_TYPE);
    const answer = (await response.json()) as { partialSuccess: Record<string, string> };
    expect(response.status).toBe(200);
    expect(answer.partialSuccess[field]).toBe('1');
    expect(answer.partialSuccess.errorMessage).not.toBe('');
    expect(sink.requests).toEqual([]);
  });

  test('JSON that is not UTF-8 is stored with a warning', async () => {
    const { post } = await start();
    const json = Buffer.from(
      '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityText":"\xff"}]}]}]}',
      'latin1',
    );
    const response = await post('/v1/logs', json, JSON_TYPE);
    expect(await response.json()).toEqual({
      partialSuccess: { errorMessage: expect.stringContaining('U+FFFD') },
    });
  });

  test('an empty JSON body is an empty request', async () => {
    const { post } = await start();
    expect((await post('/v1/traces', '', JSON_TYPE)).status).toBe(200);
  });

  test('all three signals, with organization and collector', async () => {
    const { post, sink } = await start({ auth: keyed() });
    const headers = { ...PROTOBUF, authorization: `Bearer ${KEY}`, 'x-lakewright-collector': 'edge-1' };
    const span = { trace_id: Buffer.alloc(16), span_id: Buffer.alloc(8) };
    const traces = encodeRequest('traces', { resource_spans: [{ scope_spans: [{ spans: [span] }] }] });
    const points = { name: 'm', gauge: { data_points: [{ as_int: 1 }, { as_int: 2 }] } };
    const metrics = encodeRequest('metrics', {
      resource_metrics: [{ scope_metrics: [{ metrics: [points] }] }],
    });
    await post('/v1/logs', logsRequest('a'), headers);
    await post('/v1/traces', traces, headers);
    await post('/v1/metrics', metrics, headers);
    expect(
      sink.requests.map(({ signal, records, organization, collector }) => [
        signal,
        records,
        organization,
        collector,
      ]),
    ).toEqual([
      ['logs', 1, ORGANIZATION, 'edge-1'],
      ['traces', 1, ORGANIZATION, 'edge-1'],
      ['metrics', 2, ORGANIZATION, 'edge-1'],
    ]);
  });

  test('without keys and names: the default organization and collector', async () => {
    const { post, sink } = await start();
    await post('/v1/logs', logsRequest('a'));
    expect(sink.requests[0]).toMatchObject({ organization: DEFAULT_ORGANIZATION, collector: 'default' });
  });
});

describe('requests that are refused', () => {
  test.each(MALFORMED)('%s: 400', async (_, body) => {
    const { post, sink } = await start();
    const response = await post('/v1/logs', body);
    expect(response.status).toBe(400);
    const status = decodeAnswer('Status_', await bytesOf(response));
    expect(status).toMatchObject({ code: 3, message: expect.stringMatching(/at byte \d+ of \d+$/) });
    expect(sink.requests).toEqual([]);
  });

  test('bad JSON: 400 with the path, as JSON', async () => {
    const { post } = await start();
    const response = await post('/v1/logs', '{"resourceLogs":[{"scopeLogs":5}]}', JSON_TYPE);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      code: 3,
      message: 'resourceLogs[0].scopeLogs: expected an array',
    });
  });

  test.each<[string, string, Record<string, string>, number]>([
    ['bytes that are not gzip', 'hello', { ...PROTOBUF, 'content-encoding': 'gzip' }, 400],
    ['bytes that are not zstd', 'hello', { ...PROTOBUF, 'content-encoding': 'zstd' }, 400],
    ['an unknown encoding', 'hello', { ...PROTOBUF, 'content-encoding': 'br' }, 415],
    ['two encodings', 'hello', { ...PROTOBUF, 'content-encoding': 'gzip, gzip' }, 415],
    ['an unknown type', 'hello', { 'content-type': 'text/plain' }, 415],
    ['a type that is none', 'hello', { 'content-type': '???' }, 415],
    ['a bad collector', '', { ...PROTOBUF, 'x-lakewright-collector': '../x' }, 400],
    ['a collector that is no folder name', '', { ...PROTOBUF, 'x-lakewright-collector': '..' }, 400],
    ['a collector too long', '', { ...PROTOBUF, 'x-lakewright-collector': 'x'.repeat(65) }, 400],
  ])('%s', async (_, body, headers, status) => {
    const { post, sink } = await start();
    const response = await post('/v1/logs', body, headers);
    expect(response.status).toBe(status);
    expect((await bytesOf(response)).length).toBeGreaterThan(0);
    expect(sink.requests).toEqual([]);
  });

  test('a request without a content type: 415', async () => {
    const { base } = await start();
    const response = await fetch(`${base}/v1/logs`, { method: 'POST', body: new Uint8Array([1]) });
    expect([response.status, await response.json()]).toEqual([
      415,
      { code: 3, message: expect.stringContaining('Content-Type') },
    ]);
  });

  test.each(['/', '/v1', '/v1/profiles', '/v1/logs/x'])('path %s: 404', async (path) => {
    const { post } = await start();
    const response = await post(path, '', JSON_TYPE);
    expect([response.status, await response.json()]).toEqual([
      404,
      { code: 12, message: expect.stringContaining('/v1/logs') },
    ]);
  });

  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s: 405', async (method) => {
    const { base } = await start();
    const response = await fetch(`${base}/v1/logs`, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test.each<[string, Record<string, string>]>([
    ['no key', {}],
    ['a wrong key', { authorization: 'Bearer a-key-for-nothing' }],
    ['a wrong key in the other header', { 'x-cardinalhq-api-key': 'a-key-for-nothing' }],
  ])('%s: 401', async (_, headers) => {
    const { post, sink } = await start({ auth: keyed() });
    const response = await post('/v1/logs', logsRequest('a'), { ...PROTOBUF, ...headers });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    const status = decodeAnswer('Status_', await bytesOf(response));
    expect(status).toMatchObject({ code: 16, message: expect.stringMatching(/^(?!.*a-key-for)/) });
    expect(sink.requests).toEqual([]);
  });

  test('another address without keys is refused at start', async () => {
    const options = receiverOptions({ sink: new MemorySink(), host: '0.0.0.0' });
    await expect(startHttpReceiver(options)).rejects.toThrow(ConfigError);
  });

  test('a port in use is named', async () => {
    const { receiver } = await start();
    const options = receiverOptions({ sink: new MemorySink(), port: receiver.port });
    await expect(startHttpReceiver(options)).rejects.toThrow(
      `127.0.0.1:${receiver.port}: the port is in use`,
    );
  });
});

describe('when the sink cannot take it', () => {
  test.each<[string, Error, number, string, number, RegExp]>([
    [
      'unavailable',
      new UnavailableError('disk is full', { retryAfterSeconds: 7 }),
      503,
      '7',
      14,
      /^disk is full$/,
    ],
    ['limit', new LimitError('maxWaiting', 'too much waits'), 429, '1', 8, /maxWaiting/],
    ['a fault', new TypeError('secret internals'), 503, '5', 14, /^the request could not be stored$/],
  ])('%s', async (_, error, http, retryAfter, code, message) => {
    const { post, sink } = await start();
    sink.answer = async () => {
      throw error;
    };
    const response = await post('/v1/logs', logsRequest('a'));
    expect([response.status, response.headers.get('retry-after')]).toEqual([http, retryAfter]);
    const status = decodeAnswer('Status_', await bytesOf(response)) as {
      message: string;
      details: { value: Uint8Array }[];
    };
    expect(status).toMatchObject({ code, message: expect.stringMatching(message) });
    const info = decodeAnswer('RetryInfo', status.details[0].value);
    expect(info).toEqual({ retry_delay: { seconds: Number(retryAfter) } });
  });
});

test('metrics count requests, records, rejections and bytes', async () => {
  const { post, metrics } = await start();
  const [, deep] = JUDGED.find(([name]) => name === '1,000 deep') ?? [];
  await post('/v1/logs', logsRequest('a', 'b'));
  await post('/v1/logs', deep as Buffer);
  await post('/v1/logs', 'x');
  const text = await metrics.metrics();
  expect(text).toContain('lakewright_otlp_requests_total{signal="logs",transport="http",code="200"} 2');
  expect(text).toContain('lakewright_otlp_requests_total{signal="logs",transport="http",code="400"} 1');
  expect(text).toContain('lakewright_otlp_records_total{signal="logs"} 3');
  expect(text).toContain('lakewright_otlp_rejected_records_total{signal="logs"} 1');
  const bytes = logsRequest('a', 'b').length + (deep as Buffer).length + 1;
  expect(text).toContain(`lakewright_otlp_request_bytes_total ${bytes}`);
});
