import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, ListBucketsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Moto, startMoto } from '../../../test/support/moto.ts';
import { s3Client } from './clients.ts';
import { s3ObjectStore } from './index.ts';

/** moto takes every role's credentials for those of the role's account. */
const ROLE = 'arn:aws:iam::222222222222:role/lake';
let moto: Moto;
beforeAll(async () => {
  moto = await startMoto();
  Object.assign(process.env, moto.env);
});
afterAll(() => moto.stop());

/** A new bucket in the account of `roleArn`, or in the own one. */
async function bucketOf(roleArn?: string): Promise<string> {
  const client = s3Client({ roleArn });
  const bucket = `bucket-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return bucket;
}

async function bucketsOf(roleArn?: string): Promise<(string | undefined)[]> {
  const client = s3Client({ roleArn });
  const { Buckets = [] } = await client.send(new ListBucketsCommand());
  client.destroy();
  return Buckets.map(({ Name }) => Name);
}

describe('requests in a role', () => {
  test('are made in the account of the role', async () => {
    const [own, other] = [await bucketOf(), await bucketOf(ROLE)];
    expect(await bucketsOf()).toContain(own);
    expect(await bucketsOf()).not.toContain(other);
    expect(await bucketsOf(ROLE)).toContain(other);
    expect(await bucketsOf(ROLE)).not.toContain(own);
  });

  test('read and write as any other', async () => {
    const bucket = await bucketOf(ROLE);
    const store = s3ObjectStore({ bucket, roleArn: ROLE, externalId: 'an-id' });
    await store.put('db/a', new Uint8Array([1, 2, 3]));
    expect(await store.get('db/a')).toEqual(Buffer.from([1, 2, 3]));
    expect((await Array.fromAsync(store.list(''))).map(({ key }) => key)).toEqual(['db/a']);
  });
});
