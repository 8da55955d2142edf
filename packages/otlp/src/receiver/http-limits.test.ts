import * as net from 'node:net';
import * as zlib from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { bytesOf, decodeAnswer, logsRequest, openHttp, PROTOBUF } from '../../test/receivers.ts';
import type { ReceiverOptions } from '../index.ts';

let stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.map((stop) => stop()));
  stops = [];
});
const start = (extra: Partial<ReceiverOptions> = {}) => openHttp(stops, extra);

describe('limits', () => {
  const limits = { maxRequestBytes: 100_000 };
  const bomb = Buffer.alloc(50_000_000);

  test.each<[string, Buffer, string]>([
    ['plain', Buffer.alloc(100_001), 'identity'],
    ['gzip', zlib.gzipSync(bomb), 'gzip'],
    ['deflate', zlib.deflateSync(bomb), 'deflate'],
    ['zstd', zlib.zstdCompressSync(bomb), 'zstd'],
    ['just over', zlib.gzipSync(Buffer.alloc(100_001)), 'gzip'],
  ])('%s beyond maxRequestBytes: 413', async (_, body, encoding) => {
    const { post, sink } = await start({ limits });
    const response = await post('/v1/logs', body, { ...PROTOBUF, 'content-encoding': encoding });
    expect(response.status).toBe(413);
    expect(response.headers.get('retry-after')).toBeNull();
    const status = decodeAnswer('Status_', await bytesOf(response));
    expect(status).toMatchObject({ code: 8, message: expect.stringContaining('maxRequestBytes') });
    expect(sink.requests).toEqual([]);
    // The connection, and the receiver, go on.
    expect((await post('/v1/logs', logsRequest('a'))).status).toBe(200);
  });

  test('a bomb of 1 GB does not grow the process by more than a fraction of it', async () => {
    const { post } = await start();
    const gigabyte = bombOf(1_000_000_000);
    const before = process.memoryUsage().rss;
    const response = await post('/v1/logs', gigabyte, { ...PROTOBUF, 'content-encoding': 'gzip' });
    expect(response.status).toBe(413);
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  });

  test('exactly maxRequestBytes is taken', async () => {
    const { post } = await start({ limits });
    const text = 'a'.repeat(100_000 - logsRequest('a'.repeat(99_000)).length + 99_000);
    const body = logsRequest(text);
    expect(body).toHaveLength(100_000);
    const response = await post('/v1/logs', zlib.gzipSync(body), { ...PROTOBUF, 'content-encoding': 'gzip' });
    expect(response.status).toBe(200);
  });

  test('a chunked body without a length is cut off at the limit', async () => {
    const { base } = await start({ limits });
    const body = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 20; i++) controller.enqueue(new Uint8Array(10_000));
        controller.close();
      },
    });
    const init = { method: 'POST', headers: PROTOBUF, body, duplex: 'half' } as RequestInit;
    const response = await fetch(`${base}/v1/logs`, init);
    expect(response.status).toBe(413);
  });

  test.each<[string, Partial<ReceiverOptions['limits']>]>([
    ['maxConcurrentRequests', { maxConcurrentRequests: 2 }],
    ['maxQueuedBytes', { maxQueuedBytes: 2 * logsRequest('x').length + 10 }],
  ])('beyond %s: 429 with Retry-After, and again 200 when the others are done', async (name, some) => {
    const { post, sink, metrics } = await start({ limits: some });
    const gate = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    let waiting = 0;
    sink.answer = () => {
      if (++waiting === 2) arrived.resolve();
      return gate.promise;
    };
    const first = [post('/v1/logs', logsRequest('x')), post('/v1/logs', logsRequest('x'))];
    await arrived.promise;
    const refused = await post('/v1/logs', logsRequest('x'));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    const status = decodeAnswer('Status_', await bytesOf(refused));
    expect(status).toMatchObject({ code: 8, message: expect.stringContaining(name) });
    gate.resolve();
    expect((await Promise.all(first)).map((response) => response.status)).toEqual([200, 200]);
    expect((await post('/v1/logs', logsRequest('x'))).status).toBe(200);
    const text = await metrics.metrics();
    expect(text).toContain('lakewright_otlp_requests_in_flight 0');
    expect(text).toContain('lakewright_otlp_request_bytes_in_flight 0');
  });
});

describe('connections', () => {
  test('close waits for the answer of a request in flight, not for the grace, and takes no new ones', async () => {
    const { post, sink, receiver } = await start({ limits: { closeGraceMs: 2 ** 31 - 1 } });
    const gate = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    sink.answer = () => {
      arrived.resolve();
      return gate.promise;
    };
    const inFlight = post('/v1/logs', logsRequest('a'));
    await arrived.promise;
    let closed = false;
    const closing = receiver.close().then(() => {
      closed = true;
    });
    await expect(
      new Promise((resolve, reject) =>
        net.connect(receiver.port, '127.0.0.1', () => resolve(0)).on('error', reject),
      ),
    ).rejects.toThrow(/ECONNREFUSED/);
    expect(closed).toBe(false);
    gate.resolve();
    expect((await inFlight).status).toBe(200);
    await closing;
    expect(sink.requests).toHaveLength(1);
  });

  test('a client that goes away in the middle of a body frees its place', async () => {
    const { post, sink, receiver, metrics } = await start({ limits: { maxConcurrentRequests: 1 } });
    const socket = net.connect(receiver.port, '127.0.0.1');
    socket.write(
      'POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: 100\r\n\r\nabc',
    );
    await expect.poll(() => metrics.metrics()).toContain('lakewright_otlp_requests_in_flight 1');
    socket.destroy();
    await expect.poll(() => metrics.metrics()).toContain('lakewright_otlp_requests_in_flight 0');
    expect((await post('/v1/logs', logsRequest('a'))).status).toBe(200);
    expect(sink.requests).toHaveLength(1);
  });
});

/** A gzip stream of `size` zeros: members may follow each other, so one compressed piece repeats. */
function bombOf(size: number): Buffer {
  const piece = zlib.gzipSync(Buffer.alloc(100_000_000), { level: 9 });
  return Buffer.concat(new Array(size / 100_000_000).fill(piece));
}
