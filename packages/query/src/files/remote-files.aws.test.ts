import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ObjectStore, silentLogger } from '@lakewright/core';
import type { PlannedSegment, Segment, SegmentIndex } from '@lakewright/lake';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Moto, startMoto } from '../../../../test/support/moto.ts';
import { newBucket, s3ObjectStore } from '../../../aws/test/moto-services.ts';
import { demoLogs } from '../../../lake/test/demo-segments.ts';
import { ORG, rowsOf } from '../../test/lake.ts';
import { createSqlEngine, SegmentReadError, type SqlEngine } from '../index.ts';
import { localFiles, remoteFiles } from './index.ts';

/** Parts of segments in a bucket, against whole copies of them. */
let moto: Moto;
let bucket: string;
let directory: string;
let store: ObjectStore;
const segments: Segment[] = [];
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  moto = await startMoto();
  Object.assign(process.env, moto.env);
  bucket = await newBucket(moto.url, { versions: false });
  directory = await mkdtemp(join(tmpdir(), 'lakewright-s3-query-'));
  store = s3ObjectStore({ bucket, localCopies: { directory: join(directory, 'copies') } });
  for (const { parquet, lastSeenNs: _, ...segment } of demoLogs(4, 20_000)) {
    await store.put(segment.key, parquet);
    segments.push({ organization: ORG, ...segment, bytes: parquet.length });
  }
});
afterAll(async () => {
  for (const close of closers) await close();
  await moto.stop();
  await rm(directory, { recursive: true, force: true });
});

async function engines(found: readonly PlannedSegment[]): Promise<{ parts: SqlEngine; whole: SqlEngine }> {
  const index: SegmentIndex = { segments: async () => [...found] };
  const files = await remoteFiles({ store, directory: join(directory, 'parts'), metrics: new Registry() });
  const engine = (of: typeof files) =>
    createSqlEngine({
      index,
      files: of,
      tempDirectory: join(directory, 'spill'),
      logger: silentLogger,
      metrics: new Registry(),
    });
  const [parts, whole] = [engine(files), engine(localFiles(store))];
  closers.push(
    () => parts.close(),
    () => whole.close(),
    () => files.close(),
  );
  return { parts, whole };
}
const ask = async (engine: SqlEngine, sql: string) => {
  const result = await engine.query({ organization: ORG, sql });
  return { rows: await rowsOf(result), stats: result.stats };
};

test('have the same answers', async () => {
  const { parts, whole } = await engines(segments);
  for (const sql of [
    'select count(*) from logs',
    "select severity_text, count(*) from logs where service_name = 'checkout' group by all order by all",
    "select timestamp, body, log_attributes from logs where service_name = 'cart' order by time_unix_nano, span_id limit 50",
    'select * from logs order by time_unix_nano, span_id, body limit 20',
  ]) {
    const found = await ask(parts, sql);
    expect(found.rows).toEqual((await ask(whole, sql)).rows);
    expect(found.stats.bytesRead).toBeLessThanOrEqual(found.stats.bytes);
  }
  const narrow = await ask(parts, "select max(body) from logs where service_name = 'cart'");
  expect(narrow.stats.bytesRead).toBeLessThan(narrow.stats.bytes / 3);
});

test('of an object that was replaced are refused', async () => {
  const [segment] = segments;
  const { parts } = await engines([segment]);
  const body = await store.get(segment.key);
  await ask(parts, 'select count(severity_number) from logs');
  await store.put(
    segment.key,
    Uint8Array.from(body, (byte, i) => (i === 1000 ? byte ^ 1 : byte)),
  );
  await expect(ask(parts, 'select max(body) from logs')).rejects.toThrow(SegmentReadError);
  await store.put(segment.key, body);
  expect((await ask(parts, 'select count(*) from logs')).rows).toEqual([[BigInt(segment.rows)]]);
});
