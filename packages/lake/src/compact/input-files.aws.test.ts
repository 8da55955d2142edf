import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Moto, startMoto } from '../../../../test/support/moto.ts';
import { newBucket, s3ObjectStore } from '../../../aws/test/moto-services.ts';
import { demoLogs } from '../../test/demo-segments.ts';
import { createThreadMerger, mergeSegments } from './index.ts';
import { withInputFiles } from './input-files.ts';

/** Merges of segments in a bucket, with room on this machine for the copies of a few. */
let moto: Moto;
let directory: string;

beforeAll(async () => {
  moto = await startMoto();
  Object.assign(process.env, moto.env);
  directory = await mkdtemp(join(tmpdir(), 'lakewright-s3-merge-'));
});
afterAll(async () => {
  await moto.stop();
  await rm(directory, { recursive: true, force: true });
});

test('two at once give what a merge in memory gives', async () => {
  const segments = demoLogs(20, 500);
  const bucket = await newBucket(moto.url, { versions: false });
  const maxBytes = Math.max(...segments.map(({ parquet }) => parquet.length)) * 3;
  const store = s3ObjectStore({ bucket, localCopies: { directory, maxBytes } });
  for (const { key, parquet } of segments) await store.put(key, parquet);
  const merger = createThreadMerger();
  const merge = () =>
    withInputFiles(store, segments, (paths) =>
      merger.merge({
        table: 'logs',
        inputs: segments.map(({ key, rows }, i) => ({ key, rows, path: paths[i] })),
      }),
    );
  const outputs = await Promise.all([merge(), merge()]);
  await merger.close();
  const expected = mergeSegments(
    'logs',
    segments.map(({ key, rows, parquet }) => ({
      key,
      rows,
      source: { size: parquet.length, read: (offset, length) => parquet.slice(offset, offset + length) },
    })),
  );
  for (const parts of outputs) expect(Buffer.concat(parts).equals(Buffer.concat(expected))).toBe(true);
  const copies = (await readdir(directory)).filter((name) => name !== '.tmp');
  expect(copies.length).toBeLessThanOrEqual(4);
});
