import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { s3ObjectStore } from '@lakewright/aws';
import { embeddedSql } from '@lakewright/local';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newBucket } from '../packages/aws/test/moto-services.ts';
import { faultsOf } from '../packages/lake/test/iceberg-reader.ts';
import { IcebergStand, sorted } from '../packages/lake/test/iceberg-stand.ts';
import { type Moto, startMoto } from './support/moto.ts';

const HOUR = 3_600_000;

let moto: Moto;
let directory: string;
let lake: IcebergStand;
let closeSql: () => Promise<void>;

beforeAll(async () => {
  moto = await startMoto();
  Object.assign(process.env, moto.env);
  directory = await mkdtemp(join(tmpdir(), 'lakewright-test-'));
  const bucket = await newBucket(moto.url, { versions: false });
  const sql = await embeddedSql(join(directory, 'catalog'));
  closeSql = () => sql.close();
  const store = s3ObjectStore({ bucket, localCopies: { directory: join(directory, 'copies') } });
  lake = await IcebergStand.open(sql, {
    store,
    uriOf: (key) => `s3://${bucket}/${key}`,
    // As a reader would that has nothing but the URI.
    async read(uri) {
      const [, in_, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
      return s3ObjectStore({ bucket: in_ }).get(key);
    },
    remove: async () => undefined,
  });
});
afterAll(async () => {
  await lake.close();
  await closeSql();
  await moto.stop();
  await rm(directory, { recursive: true });
});

it('a lake in S3 is published with the URIs of its bucket, merged and swept', async () => {
  const publisher = lake.publisher();
  for (const day of ['2026-01-02', '2026-01-02', '2026-01-03']) await lake.ingest('logs', day);
  await publisher.publish();
  await lake.merge('logs');
  await publisher.publish();
  lake.clock.advance(2 * HOUR);
  await publisher.publish();
  expect(await publisher.removeLeftOvers()).toBeGreaterThan(0);
  await lake.sweep();
  const reader = await lake.reader('logs');
  expect(faultsOf(reader.metadata)).toEqual([]);
  expect(reader.metadata.location).toMatch(/^s3:\/\//);
  expect(await reader.plan()).toHaveLength(2);
  expect(await lake.keys('db/')).toHaveLength(2);
  expect(sorted(await reader.scan())).toEqual(sorted(await lake.rows('logs')));
});
