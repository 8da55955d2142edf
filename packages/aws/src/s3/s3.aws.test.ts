import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ListMultipartUploadsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { ConfigError, LimitError, type ObjectStore } from '@lakewright/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Moto, startMoto } from '../../../../test/support/moto.ts';
import { newBucket } from '../../test/moto-services.ts';
import { s3Client } from '../clients.ts';
import { s3ObjectStore } from '../index.ts';

/** What is S3's own, beyond what every ObjectStore does. */
let moto: Moto;
let bucket: string;
let store: ObjectStore;

beforeAll(async () => {
  moto = await startMoto();
  Object.assign(process.env, moto.env);
});
afterAll(async () => {
  await moto.stop();
});
beforeEach(async () => {
  bucket = await newBucket(moto.url, { versions: false });
  store = s3ObjectStore({ bucket });
});

const bytes = (text: string) => new TextEncoder().encode(text);

/** The aws command, as anybody else who looks at the bucket. */
function awsCommand(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('aws', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`aws ${args.join(' ')}: ${stderr}`);
  return stdout;
}

describe('others who use the bucket', () => {
  test('see what is put as it is meant', async () => {
    const key = 'a b/Größe+1%.json';
    await store.put(key, bytes('{"a":1}'), { metadata: { by: 'test' } });
    expect(awsCommand('s3', 'cp', `s3://${bucket}/${key}`, '-')).toBe('{"a":1}');
    const head = awsCommand('s3api', 'head-object', '--bucket', bucket, '--key', key);
    expect(JSON.parse(head)).toMatchObject({ ContentType: 'application/json', Metadata: { by: 'test' } });
  });

  test('are read, also where they gave no type, wrote folder markers and slashes too many', async () => {
    const client = s3Client({});
    for (const Key of ['in/', 'in//double.json', 'in/plain.json', '/at the front']) {
      const ContentType = 'binary/octet-stream';
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key, ContentType }));
    }
    const keys = (await Array.fromAsync(store.list(''))).map(({ key }) => key);
    expect(keys).toEqual(['in/', 'in//double.json', 'in/plain.json']);
    for (const key of keys) expect(new TextDecoder().decode(await store.get(key))).toBe(key);
    expect(await store.describe('in/plain.json')).toMatchObject({ contentType: 'application/json' });
  });
});

test('the id of a write with a condition is nobody else’s metadata', async () => {
  const metadata = { by: 'test' };
  await store.put('k', bytes('x'), { only: 'absent', metadata });
  expect((await store.describe('k'))?.metadata).toEqual(metadata);
  await expect(store.put('k', bytes('x'), { metadata: { 'lakewright-write': 'x' } })).rejects.toThrow();
});

test('an upload that failed leaves nothing that is paid for', async () => {
  async function* body() {
    yield new Uint8Array(20 * 1024 * 1024);
    throw new Error('the sender went away');
  }
  await expect(store.put('k', body())).rejects.toThrow('the sender went away');
  const { Uploads } = await s3Client({}).send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  expect(Uploads ?? []).toEqual([]);
});

test('stores below two prefixes of a bucket do not see each other', async () => {
  const [a, b] = ['a/', 'a/b/'].map((prefix) => s3ObjectStore({ bucket, prefix }));
  await a.put('k', bytes('a'));
  await b.put('k', bytes('b'));
  expect((await Array.fromAsync(b.list(''))).map(({ key }) => key)).toEqual(['k']);
  expect((await Array.fromAsync(a.list('', { startAfter: 'b/' }))).map(({ key }) => key)).toEqual([
    'b/k',
    'k',
  ]);
  await b.delete('k');
  expect(await a.head('k')).toBeDefined();
});

test('a bucket that is not there', async () => {
  const missing = s3ObjectStore({ bucket: 'no-such-bucket-anywhere' });
  const deeds: (() => Promise<unknown>)[] = [
    () => missing.put('k', bytes('x')),
    () => missing.get('k'),
    () => missing.head('k'),
    () => missing.describe('k'),
    () => missing.delete('k'),
    () => Array.fromAsync(missing.list('')),
  ];
  for (const deed of deeds) {
    await expect(deed()).rejects.toThrow(ConfigError);
    await expect(deed()).rejects.toThrow('no-such-bucket-anywhere');
  }
});

describe('copies on this machine', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'lakewright-copies-'));
    return () => rm(directory, { recursive: true, force: true });
  });

  const open = (maxBytes: number) => s3ObjectStore({ bucket, localCopies: { directory, maxBytes } });
  const copies = async () => (await readdir(directory)).filter((name) => name !== '.tmp');

  test('are made once for each etag and keep the suffix', async () => {
    const local = open(1000);
    await local.put('a/b.parquet', bytes('first'));
    const [file, again] = await Promise.all([local.localPath('a/b.parquet'), local.localPath('a/b.parquet')]);
    expect(again).toBe(file);
    expect(path.extname(file)).toBe('.parquet');
    // What is in the file tells whether it was downloaded once more, here and after a restart.
    await writeFile(file, 'FIRST');
    expect(await readFile(await open(1000).localPath('a/b.parquet'), 'utf8')).toBe('FIRST');
    await local.put('a/b.parquet', bytes('other'));
    expect(await readFile(await local.localPath('a/b.parquet'), 'utf8')).toBe('other');
  });

  test('are bounded: those that were longest not asked for go first', async () => {
    const local = open(25);
    for (const key of ['a', 'b', 'c']) await local.put(key, bytes(`${key.repeat(10)}`));
    const a = await local.localPath('a');
    const b = await local.localPath('b');
    await local.localPath('a');
    const c = await local.localPath('c');
    expect((await copies()).sort()).toEqual([a, c].map((file) => path.basename(file)).sort());
    expect(await readFile(await local.localPath('b'), 'utf8')).toBe('b'.repeat(10));
    expect(await copies()).toHaveLength(2);
    expect(await copies()).toContain(path.basename(b));
    await local.put('large', bytes('x'.repeat(26)));
    await expect(local.localPath('large')).rejects.toThrow(LimitError);
    await expect(local.localPath('large')).rejects.toMatchObject({ limit: 'maxLocalCopyBytes' });
    expect(await readdir(path.join(directory, '.tmp'))).toEqual([]);
  });
});
