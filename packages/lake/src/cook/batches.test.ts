import { zstdCompressSync } from 'node:zlib';
import { ProtoWriter } from '@lakewright/otlp';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, it } from 'vitest';
import type { CookJob } from '../types.ts';
import { cook } from './index.ts';
import { MAX_DAYS } from './order.ts';

const ORGANIZATION = '12340000-0000-4000-8000-000000000000';
const DAY = 86_400_000_000_000n;

/** An ExportLogsServiceRequest with a record for each time. */
function logsAt(times: readonly bigint[]): Uint8Array {
  const writer = new ProtoWriter();
  const record = (time: bigint) => writer.message(2, () => writer.fixed64(1, time));
  writer.message(1, () => writer.message(2, () => times.forEach(record)));
  return writer.finish();
}

function job(objects: Readonly<Record<string, Uint8Array>>): CookJob {
  const inputs = Object.entries(objects).map(([key, bytes], i) => ({
    object: {
      id: BigInt(i),
      organization: ORGANIZATION,
      collector: 'default',
      signal: 'logs' as const,
      key,
      etag: 'e',
      size: bytes.length,
      arrivedNs: 1n,
    },
    bytes,
  }));
  return { organization: ORGANIZATION, signal: 'logs', inputs };
}

/** The same with a record of each service. */
function logsOf(services: readonly (readonly [string, bigint])[]): Uint8Array {
  const writer = new ProtoWriter();
  const value = (name: string) => writer.message(2, () => writer.string(1, name));
  const attribute = (name: string) => {
    writer.string(1, 'service.name');
    value(name);
  };
  for (const [name, time] of services) {
    writer.message(1, () => {
      writer.message(1, () => writer.message(1, () => attribute(name)));
      writer.message(2, () => writer.message(2, () => writer.fixed64(1, time)));
    });
  }
  return writer.finish();
}

describe('cook', () => {
  it('says of each service when its latest row was, not when the latest of all was', () => {
    const file = logsOf([
      ['web', 5n],
      ['cart', 9n],
      ['web', 7n],
      ['cart', 3n],
    ]);
    const { segments } = cook(job({ 'a.binpb': file }));
    expect(segments).toMatchObject([{ services: ['cart', 'web'], lastSeenNs: [9n, 7n], maxTimeNs: 9n }]);
  });

  it('makes batches of inputs that are big when decompressed, each of its own segments', () => {
    const padding = new ProtoWriter();
    // A field that nobody knows takes the room.
    padding.bytes(100, new Uint8Array(40 * 1024 * 1024));
    const big = zstdCompressSync(Buffer.concat([logsAt([DAY]), padding.finish()]));
    const { segments, inputs } = cook(job({ 'a.binpb.zst': big, 'b.binpb.zst': big, 'c.binpb.zst': big }));
    expect(inputs).toEqual(Array.from({ length: 3 }, () => ({ records: 1, rejected: 0, reasons: [] })));
    expect(segments.map(({ rows }) => rows)).toEqual([2, 1]);
    expect(new Set(segments.map(({ key }) => key)).size).toBe(2);
  });

  it('puts the smallest of very many days together, in order and with true bounds', async () => {
    const times = Array.from({ length: MAX_DAYS * 3 }, (_, i) => DAY * BigInt(i * 300 + 1));
    const twice = times.slice(0, MAX_DAYS - 1);
    const { segments } = cook(job({ 'a.binpb': logsAt([...times.toReversed(), ...twice]) }));
    expect(segments.map(({ rows }) => rows)).toEqual([...twice.map(() => 2), MAX_DAYS * 2 + 1]);
    expect(new Set(segments.map(({ segmentId }) => segmentId)).size).toBe(MAX_DAYS);
    const { parquet, minTimeNs, maxTimeNs } = segments[MAX_DAYS - 1];
    const rows = await parquetReadObjects({ file: parquet.buffer as ArrayBuffer, compressors });
    expect(rows.map((row) => row.time_unix_nano)).toEqual(times.slice(MAX_DAYS - 1));
    expect([minTimeNs, maxTimeNs]).toEqual([times[MAX_DAYS - 1], times[MAX_DAYS * 3 - 1]]);
  });
});
