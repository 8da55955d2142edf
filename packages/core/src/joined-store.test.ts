import { describe, expect, it } from 'vitest';
import { temporaryStore } from '../../local/test/adapters.ts';
import { BadInputError, NotFoundError } from './errors.ts';
import { joinedStore } from './joined-store.ts';
import type { ObjectInfo, ObjectStore } from './ports.ts';

async function joined() {
  const [a, b] = [await temporaryStore(), await temporaryStore()];
  const store = joinedStore(
    new Map([
      ['s3://a/', a.store],
      ['s3://b/', b.store],
    ]),
  );
  return { store, a: a.store, b: b.store, close: () => Promise.all([a.remove(), b.remove()]) };
}

const text = (value: string) => new TextEncoder().encode(value);
const read = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function keysOf(listing: AsyncIterable<ObjectInfo>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of listing) keys.push(key);
  return keys;
}

describe('joinedStore', () => {
  it('keeps each object in the store of its base, and calls it by the whole key', async () => {
    const { store, a, b, close } = await joined();
    const put = await store.put('s3://a/x/1', text('one'), { metadata: { of: 'a' } });
    await store.put('s3://b/x/1', text('two'));
    expect(put.key).toBe('s3://a/x/1');
    expect(await store.head('s3://a/x/1')).toEqual(put);
    expect((await store.describe('s3://a/x/1'))?.metadata).toEqual({ of: 'a' });
    expect((await a.head('x/1'))?.size).toBe(3);
    expect(read(await b.get('x/1'))).toBe('two');
    expect(read(await store.get('s3://b/x/1'))).toBe('two');
    expect(read((await store.read('s3://b/x/1', { start: 1, end: 3 })).bytes)).toBe('wo');
    expect((await store.open('s3://b/x/1')).key).toBe('s3://b/x/1');
    expect(await store.localPath('s3://a/x/1')).toBe(await a.localPath('x/1'));
    await store.delete('s3://a/x/1');
    expect(await store.head('s3://a/x/1')).toBeUndefined();
    expect(await b.head('x/1')).toBeDefined();
    await close();
  });

  it('lists one store from its base on', async () => {
    const { store, close } = await joined();
    for (const key of ['s3://a/x/1', 's3://a/x/2', 's3://a/y', 's3://b/x/1']) await store.put(key, text('1'));
    expect(await keysOf(store.list('s3://a/x/'))).toEqual(['s3://a/x/1', 's3://a/x/2']);
    expect(await keysOf(store.list('s3://a/', { startAfter: 's3://a/x/1' }))).toEqual([
      's3://a/x/2',
      's3://a/y',
    ]);
    await close();
  });

  it('refuses a key of no store', async () => {
    const { store, close } = await joined();
    await expect(store.get('s3://c/x')).rejects.toThrow(NotFoundError);
    await expect(store.put('s3://c/x', text('1'))).rejects.toThrow(BadInputError);
    await expect(store.delete('x')).rejects.toThrow(BadInputError);
    await expect(keysOf(store.list(''))).rejects.toThrow(BadInputError);
    expect(await store.head('s3://c/x')).toBeUndefined();
    await close();
  });

  it('finds a store that is added while a key of it is looked for', async () => {
    const { store, remove } = await temporaryStore();
    const parts = new Map<string, ObjectStore>();
    const found = joinedStore(parts, async (key) => {
      if (key.startsWith('s3://a/')) parts.set('s3://a/', store);
    });
    await found.put('s3://a/x', text('one'));
    expect(await keysOf(found.list('s3://a/'))).toEqual(['s3://a/x']);
    await expect(found.get('s3://b/x')).rejects.toThrow(NotFoundError);
    expect(await found.head('s3://b/x')).toBeUndefined();
    await remove();
  });

  it('refuses bases that cannot be told apart', () => {
    const store = joinedStore(new Map());
    expect(() =>
      joinedStore(
        new Map([
          ['s3://a/', store],
          ['s3://a/b/', store],
        ]),
      ),
    ).toThrow(BadInputError);
    expect(() => joinedStore(new Map([['s3://a', store]]))).toThrow(BadInputError);
  });
});
