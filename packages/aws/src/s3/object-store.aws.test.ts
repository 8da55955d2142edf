import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { type Moto, startMoto } from '../../../../test/support/moto.ts';
import { objectStoreSuite } from '../../../core/test/object-store-suite.ts';
import { newBucket } from '../../test/moto-services.ts';
import { s3ObjectStore } from '../index.ts';

let moto: Moto;
let directory: string;

beforeAll(async () => {
  moto = await startMoto();
  Object.assign(process.env, moto.env);
  directory = await mkdtemp(path.join(tmpdir(), 'lakewright-copies-'));
});
afterAll(async () => {
  await moto.stop();
  await rm(directory, { recursive: true, force: true });
});

describe.each([
  ['all of a bucket with versions', { versions: true, prefix: undefined }],
  ['a part of a bucket without versions', { versions: false, prefix: 'a part/of+it/' }],
])('%s', (_, { versions, prefix }) => {
  objectStoreSuite('s3ObjectStore', {
    async open() {
      const bucket = await newBucket(moto.url, { versions });
      const store = s3ObjectStore({ bucket, prefix, localCopies: { directory } });
      return { store, close: async () => undefined };
    },
    capabilities: { versions },
  });
});
