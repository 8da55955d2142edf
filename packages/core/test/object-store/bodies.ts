import { expect, test } from 'vitest';
import type { StoreUnderTest } from '../object-store-suite.ts';
import { broken, bytes, collect, digestOf, keysOf, LARGE_BYTES, noise, pieces, textOf } from './support.ts';

/** Bodies as they are put: at once or bit by bit, whole or not at all. */
export function bodyTests({ store }: StoreUnderTest): void {
  test('what is put is read, described and listed alike', async () => {
    const info = await store().put('otel-raw/a/b.zst', bytes('hello'));
    expect(info).toMatchObject({ key: 'otel-raw/a/b.zst', size: 5 });
    expect(Math.abs(info.lastModifiedMs - Date.now())).toBeLessThan(60_000);
    const { key, etag, size } = info;
    expect(etag).not.toMatch(/^$|"/);
    expect(textOf(await store().get(key))).toBe('hello');
    const head = await store().head(key);
    expect(head).toMatchObject({ key, etag, size });
    expect(await collect(store().list(''))).toEqual([head]);
    expect(await store().describe(key)).toMatchObject({ ...head });
    expect(Math.abs((head?.lastModifiedMs ?? 0) - info.lastModifiedMs)).toBeLessThan(60_000);
  });

  test('a put replaces the object, and its etag changes with its bytes', async () => {
    const first = await store().put('k', bytes('one'));
    const second = await store().put('k', bytes('two'));
    expect(second.etag).not.toBe(first.etag);
    expect(textOf(await store().get('k'))).toBe('two');
    expect(await keysOf(store(), '')).toEqual(['k']);
  });

  test.each([
    ['nothing', 0, 1024],
    ['one piece', 100, 1024],
    ['many pieces', 300_001, 1000],
    ['large', LARGE_BYTES + 1, 1024 * 1024 + 1],
  ])('a body that comes bit by bit: %s', async (_, length, size) => {
    const body = noise(length);
    const info = await store().put('streams/body', pieces(body, size));
    expect(info.size).toBe(length);
    expect(await store().head('streams/body')).toMatchObject({ etag: info.etag, size: length });
    expect(digestOf(await store().get('streams/body'))).toBe(digestOf(body));
  });

  test('a body may hold empty pieces and use one buffer for all of them', async () => {
    async function* reused() {
      const buffer = new Uint8Array(1024 * 1024);
      for (let i = 0; i < 20; i++) {
        yield buffer.fill(i);
        yield new Uint8Array(0);
      }
    }
    await store().put('reused', reused());
    const stored = await store().get('reused');
    const expected = Buffer.concat(Array.from({ length: 20 }, (_, i) => Buffer.alloc(1024 * 1024, i)));
    expect(digestOf(stored)).toBe(digestOf(expected));
  });

  test('empty objects are objects', async () => {
    await store().put('empty', new Uint8Array(0));
    expect(await store().head('empty')).toMatchObject({ size: 0 });
    expect(await store().get('empty')).toHaveLength(0);
    expect(await keysOf(store(), '')).toEqual(['empty']);
  });

  test.each([
    ['at once', 0],
    ['after some pieces', 200_000],
    ['after a large part', LARGE_BYTES],
  ])('a body that fails %s stores nothing, and its error comes back', async (_, length) => {
    const failure = new Error('the sender went away');
    await expect(store().put('new', broken(noise(length), failure))).rejects.toBe(failure);
    expect(await store().head('new')).toBeUndefined();
    const kept = await store().put('kept', bytes('as it was'));
    await expect(store().put('kept', broken(noise(length), failure))).rejects.toBe(failure);
    expect(await store().head('kept')).toMatchObject({ etag: kept.etag });
    expect(textOf(await store().get('kept'))).toBe('as it was');
    expect(await keysOf(store(), '')).toEqual(['kept']);
  });

  test('nobody sees an object before its last byte is there', async () => {
    let seen: unknown = 'never looked';
    async function* body() {
      yield noise(LARGE_BYTES);
      seen = [await store().head('late'), await keysOf(store(), '')];
      yield bytes('end');
    }
    await store().put('late', body());
    expect(seen).toEqual([undefined, []]);
    expect(await store().head('late')).toMatchObject({ size: LARGE_BYTES + 3 });
  });

  test('many writers at once', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `p/${i % 7}/${i}`);
    await Promise.all(names.map((name) => store().put(name, bytes(name))));
    expect((await keysOf(store(), 'p/')).sort()).toEqual([...names].sort());
    for (const name of names) expect(textOf(await store().get(name))).toBe(name);
  });
}
