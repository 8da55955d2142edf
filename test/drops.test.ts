import { gzipSync, zstdCompressSync } from 'node:zlib';
import { ProtoWriter } from '@lakewright/otlp';
import { describe, expect, it } from 'vitest';
import { dropFile } from './support/drop.ts';
import { withLake } from './support/lake-process.ts';
import { waitFor } from './support/wait.ts';

const COMPRESSIONS: Readonly<Record<string, (bytes: Buffer) => Uint8Array>> = {
  '': (bytes) => bytes,
  '.gz': gzipSync,
  '.zst': zstdCompressSync,
};

/** One log record whose body is `body`, in every format that logs-raw takes. */
const FORMATS: Readonly<Record<string, (body: string) => Buffer>> = {
  '.binpb': protobuf,
  '.json': (body) => Buffer.from(otlpJson(body)),
  '.ndjson': (body) =>
    Buffer.from(`${JSON.stringify({ ts: '2024-02-29T12:34:56.789Z', level: 'warn', msg: body })}\n`),
  '.csv': (body) => Buffer.from(`timestamp,level,message\n2024-02-29 12:34:56.789,warn,${body}\n`),
};

const ORGANIZATION = '0b7fd5a1-6f3e-4d9e-9c39-5a1f9a4f2f11';

describe('files dropped by hand', () => {
  it('are queryable in every format and compression', async () => {
    await withLake(async (lake) => {
      const expected: string[] = [];
      for (const [format, write] of Object.entries(FORMATS)) {
        for (const [suffix, compress] of Object.entries(COMPRESSIONS)) {
          const body = `dropped as ${format}${suffix}`;
          await dropFile(lake.data, `logs-raw/some/where/file${format}${suffix}`, compress(write(body)));
          expected.push(body);
        }
      }
      await dropFile(lake.data, 'logs-raw/no-suffix', protobuf('dropped as no-suffix'));
      // The default organization does not see what belongs to another one.
      await dropFile(lake.data, `logs-raw/${ORGANIZATION}/file.json`, otlpJson('of another organization'));
      await dropFile(lake.data, 'traces-raw/spans.json', SPANS);
      await dropFile(lake.data, 'metrics-raw/points.json.gz', gzipSync(POINTS));
      expected.push('dropped as no-suffix');

      const question = 'select body, severity_number, time_unix_nano from logs order by body';
      const rows = await waitFor('every file', async () => {
        const found = await lake.rows(question);
        return found.length >= expected.length ? found : undefined;
      });
      const time = '1709210096789000000';
      expect(rows).toEqual(
        expected.sort().map((body) => ({ body, severity_number: 13, time_unix_nano: time })),
      );
      await waitFor('the span', async () => (await lake.count('select count(*) from traces')) === 1);
      await waitFor('the point', async () => (await lake.count('select count(*) from gauge')) === 1);
      await lake.settled();
      expect(await lake.rows(question)).toEqual(rows);
    });
  });
});

const TIME = 1_709_210_096_789_000_000n;
const SPANS = JSON.stringify({
  resourceSpans: [
    {
      scopeSpans: [
        {
          spans: [
            { traceId: '1'.repeat(32), spanId: '2'.repeat(16), name: 'x', startTimeUnixNano: `${TIME}` },
          ],
        },
      ],
    },
  ],
});
const POINTS = JSON.stringify({
  resourceMetrics: [
    {
      scopeMetrics: [
        { metrics: [{ name: 'x', gauge: { dataPoints: [{ asInt: '1', timeUnixNano: `${TIME}` }] } }] },
      ],
    },
  ],
});

function otlpJson(body: string): string {
  const record = { timeUnixNano: `${TIME}`, severityNumber: 13, body: { stringValue: body } };
  return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] });
}

function protobuf(body: string): Buffer {
  const w = new ProtoWriter();
  w.message(1, () =>
    w.message(2, () =>
      w.message(2, () => {
        w.fixed64(1, TIME);
        w.varint(2, 13);
        w.message(5, () => w.string(1, body));
      }),
    ),
  );
  return Buffer.from(w.finish());
}
