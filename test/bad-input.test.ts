import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGzip, gzipSync, zstdCompressSync } from 'node:zlib';
import { ProtoWriter } from '@lakewright/otlp';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { type LakeProcess, withLake } from './support/lake-process.ts';
import { waitFor } from './support/wait.ts';

interface Bad {
  readonly body: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: 'logs' | 'traces' | 'metrics';
  readonly status: number;
  /** Rejected records, when the answer is partial success. */
  readonly rejected?: number;
}

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const JSON_TYPE = { 'content-type': 'application/json' };
const YEAR_9999 = 253_370_764_800_000_000_000n;

/** A request of one record, `write` writing its fields. */
function oneRecord(write: (w: ProtoWriter) => void): Uint8Array {
  const w = new ProtoWriter();
  w.message(1, () => w.message(2, () => w.message(2, () => write(w))));
  return w.finish();
}

function nested(levels: number): Uint8Array {
  let value: Uint8Array = new Uint8Array();
  for (let i = 0; i < levels; i++) {
    const w = new ProtoWriter(value.length + 32);
    w.message(5, () => w.bytes(1, value));
    value = w.finish();
  }
  return oneRecord((w) => w.bytes(5, value));
}

const good = oneRecord((w) => w.message(5, () => w.string(1, 'bad if it is stored')));
const span = (trace: number, id: number) =>
  oneRecord((w) => {
    w.bytes(1, new Uint8Array(trace).fill(1));
    w.bytes(2, new Uint8Array(id).fill(1));
  });

function badRequests(bomb: Uint8Array): Record<string, Bad> {
  return {
    'truncated protobuf': { body: good.subarray(0, -3), status: 400 },
    'a length past the end': { body: new Uint8Array([0x0a, 0x7f, 1]), status: 400 },
    'a wrong wire type': { body: oneRecord((w) => w.varint(5, 1)), status: 400 },
    'random text': { body: 'hello', headers: PROTOBUF, status: 400 },
    'broken JSON': { body: '{"resourceLogs":[', headers: JSON_TYPE, status: 400 },
    'JSON of another shape': { body: '{"resourceLogs":7}', headers: JSON_TYPE, status: 400 },
    'nesting 1,000 deep': { body: nested(1000), status: 200, rejected: 1 },
    'JSON nested 100,000 deep': {
      body: `{"resourceLogs":${'['.repeat(100_000)}`,
      headers: JSON_TYPE,
      status: 400,
    },
    'a gzip bomb of 1 GB': { body: bomb, headers: { 'content-encoding': 'gzip' }, status: 413 },
    'broken gzip': { body: good, headers: { 'content-encoding': 'gzip' }, status: 400 },
    'cut off zstd': {
      body: zstdCompressSync(good).subarray(0, -4),
      headers: { 'content-encoding': 'zstd' },
      status: 400,
    },
    'an unknown encoding': { body: good, headers: { 'content-encoding': 'br' }, status: 415 },
    'an unknown content type': { body: good, headers: { 'content-type': 'text/plain' }, status: 415 },
    'more than 10 MiB': { body: new Uint8Array(10 * 1024 * 1024 + 1), status: 413 },
    'a time in the year 9999': { body: oneRecord((w) => w.fixed64(1, YEAR_9999)), status: 200, rejected: 1 },
    'a trace id of 15 bytes': { body: span(15, 8), signal: 'traces', status: 200, rejected: 1 },
    'a span id of 9 bytes': { body: span(16, 9), signal: 'traces', status: 200, rejected: 1 },
    'an id that is not hex': {
      body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ traceId: 'zz' }] }] }] }),
      headers: JSON_TYPE,
      status: 400,
    },
  };
}

describe('bad input', () => {
  it('is answered clearly, crashes nothing and harms no neighbour', { timeout: 120_000 }, async () => {
    const bad = badRequests(await gzipBomb());
    await withLake(async (lake) => {
      const answers: Record<string, unknown> = {};
      const expected: Record<string, unknown> = {};
      for (const [name, request] of Object.entries(bad)) {
        const [answer, neighbour] = await Promise.all([
          post(lake, request),
          lake.post(
            'logs',
            oneRecord((w) => w.message(5, () => w.string(1, name))),
          ),
        ]);
        answers[name] = answer;
        expected[name] = { status: request.status, rejected: request.rejected ?? 0, told: true };
        expect([name, neighbour.status]).toEqual([name, 200]);
      }
      expect(answers).toEqual(expected);
      const names = Object.keys(bad).sort();
      const read = async () =>
        (await lake.rows('select body from logs')).map(({ body }) => String(body)).sort();
      await waitFor('every neighbour', async () => (await read()).length >= names.length);
      await lake.settled();
      expect(await read()).toEqual(names);
      expect(await lake.count('select count(*) from traces')).toBe(0);
      expect(lake.ended).toBe(false);
    });
  });

  it('in one request with good records leaves only itself out', async () => {
    await withLake(async (lake) => {
      const parts = [
        oneRecord((w) => w.message(5, () => w.string(1, 'before'))),
        nested(1000),
        oneRecord((w) => w.fixed64(1, YEAR_9999)),
        oneRecord((w) => w.message(5, () => w.string(1, 'after'))),
        // Stored, with U+FFFD, and told.
        oneRecord((w) => w.message(5, () => w.bytes(1, new Uint8Array([0x61, 0xff])))),
      ];
      const { status, rejected } = await post(lake, { body: Buffer.concat(parts), status: 200 });
      expect({ status, rejected }).toEqual({ status: 200, rejected: 2 });
      const bodies = await waitFor('three records', async () => {
        const rows = await lake.rows('select body from logs order by body');
        return rows.length >= 3 ? rows.map(({ body }) => body) : undefined;
      });
      expect(bodies).toEqual(['after', 'a\uFFFD', 'before'].sort());
    });
  });

  it.each(['gzip', 'zstd'])('a %s body of several parts is stored whole', async (encoding) => {
    await withLake(async (lake) => {
      const compress = encoding === 'gzip' ? gzipSync : zstdCompressSync;
      const bodies = ['first', 'second'];
      const parts = bodies.map((body) => compress(oneRecord((w) => w.message(5, () => w.string(1, body)))));
      const headers = { 'content-encoding': encoding };
      const answer = await post(lake, { body: Buffer.concat(parts), headers, status: 200 });
      expect(answer).toMatchObject({ status: 200, rejected: 0 });
      const read = async () =>
        (await lake.rows('select body from logs order by body')).map(({ body }) => body);
      await waitFor('both records', async () => (await read()).length === bodies.length);
      expect(await read()).toEqual(bodies);
    });
  });
});

/** Sends it; the status, how many records were rejected, and whether words came with what went wrong. */
async function post(lake: LakeProcess, { body, headers, signal }: Bad) {
  const response = await fetch(`${lake.httpUrl}/v1/${signal ?? 'logs'}`, {
    method: 'POST',
    headers: { ...PROTOBUF, ...headers },
    body: Buffer.from(body as string),
  });
  const answer = Buffer.from(await response.arrayBuffer());
  const rejected = response.status === 200 ? rejectedOf(answer) : 0;
  const told = response.status === 200 && rejected === 0 ? false : answer.length > 10;
  return { status: response.status, rejected, told };
}

const RESPONSE = protobuf
  .parse(`syntax = "proto3";
    message Partial { int64 rejected = 1; string error_message = 2; }
    message Response { Partial partial_success = 1; }`)
  .root.lookupType('Response');

/** How many records an Export*ServiceResponse says were left out. */
function rejectedOf(answer: Buffer): number {
  const { partialSuccess } = RESPONSE.toObject(RESPONSE.decode(answer), { longs: Number });
  return partialSuccess?.rejected ?? 0;
}

/** A gibibyte of zeros in a megabyte. */
async function gzipBomb(): Promise<Buffer> {
  const zeros = Buffer.alloc(1024 * 1024);
  return buffer(Readable.from(Array(1024).fill(zeros)).pipe(createGzip()));
}
