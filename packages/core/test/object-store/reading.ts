import { readFile } from 'node:fs/promises';
import { BadInputError, NotFoundError, PreconditionError } from '@lakewright/core';
import { expect, test } from 'vitest';
import type { StoreUnderTest } from '../object-store-suite.ts';
import { bytes, digestOf, keysOf, LARGE_BYTES, noise, textOf, wholeOf } from './support.ts';

/** More than a store may have connections or file handles to spare. */
const ABANDONED = 120;

/** Reading, and what is not there to be read. */
export function readingTests({ store }: StoreUnderTest): void {
  test.each([0, 1, 1_000_000, LARGE_BYTES])('open gives all of %d bytes', async (length) => {
    const body = noise(length);
    const info = await store().put('k', body);
    const opened = await store().open('k', { etag: info.etag });
    expect(opened).toMatchObject({ key: 'k', etag: info.etag, size: length, metadata: {} });
    const pieces: Uint8Array[] = [];
    for await (const piece of opened.body) pieces.push(piece);
    expect(digestOf(Buffer.concat(pieces))).toBe(digestOf(body));
    if (length === LARGE_BYTES) expect(pieces.length).toBeGreaterThan(1);
  });

  test('open with the etag of an object that is another one by now', async () => {
    const { etag } = await store().put('k', bytes('one'));
    await store().put('k', bytes('two!'));
    await expect(store().open('k', { etag })).rejects.toThrow(PreconditionError);
    expect(textOf(await wholeOf((await store().open('k')).body))).toBe('two!');
  });

  test('read gives any part of an object, and says which object it is of', async () => {
    const body = noise(300_000);
    const info = await store().put('k', body);
    const parts: [number, number][] = [
      [0, 1],
      [0, 300_000],
      [299_999, 300_000],
      [65_535, 131_073],
    ];
    for (const [start, end] of parts) {
      const read = await store().read('k', { start, end, etag: info.etag });
      expect(digestOf(read.bytes)).toBe(digestOf(body.subarray(start, end)));
      expect(read).toMatchObject({ etag: info.etag, size: 300_000 });
    }
    const all = await Promise.all(
      Array.from({ length: 60 }, (_, i) => store().read('k', { start: i * 5000, end: (i + 1) * 5000 })),
    );
    expect(digestOf(Buffer.concat(all.map(({ bytes: part }) => part)))).toBe(digestOf(body));
  });

  test.each([
    [0, 0],
    [5, 5],
    [3, 2],
    [-1, 2],
    [0.5, 2],
    [0, 6],
    [4, 6],
    [5, 6],
    [7, 9],
    [0, Number.NaN],
  ])('read from %d to %d of 5 bytes is refused', async (start, end) => {
    await store().put('k', bytes('12345'));
    await expect(store().read('k', { start, end })).rejects.toThrow(BadInputError);
    await expect(store().read('k', { start, end })).rejects.toThrow('k');
  });

  test('read of an object that is another one by now', async () => {
    const { etag } = await store().put('k', bytes('one'));
    await store().put('k', bytes('two!'));
    await expect(store().read('k', { start: 0, end: 1, etag })).rejects.toThrow(PreconditionError);
    const now = await store().read('k', { start: 0, end: 4 });
    expect(textOf(now.bytes)).toBe('two!');
    expect(now.etag).not.toBe(etag);
    await store().put('empty', bytes(''));
    await expect(store().read('empty', { start: 0, end: 1 })).rejects.toThrow(BadInputError);
  });

  test('an object that is replaced or removed while it is read is read to its end', async () => {
    const body = noise(4_000_000);
    await store().put('k', body);
    const opened = await store().open('k');
    const iterator = opened.body[Symbol.asyncIterator]();
    const first = await iterator.next();
    await store().put('k', bytes('another'));
    await store().delete('k');
    const rest: Uint8Array[] = [first.value];
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) rest.push(next.value);
    expect(digestOf(Buffer.concat(rest))).toBe(digestOf(body));
  });

  test('leaving the loop early lets go of the object', async () => {
    await store().put('k', noise(2_000_000));
    for (let i = 0; i < ABANDONED; i++) {
      for await (const piece of (await store().open('k')).body) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
    }
    expect(await store().get('k')).toHaveLength(2_000_000);
  });

  test('many readers of one object', async () => {
    const body = noise(300_000);
    await store().put('k', body);
    const all = await Promise.all(
      Array.from({ length: 60 }, async () => wholeOf((await store().open('k')).body)),
    );
    expect(new Set(all.map(digestOf))).toEqual(new Set([digestOf(body)]));
  });

  test('what is not there', async () => {
    await store().put('a/file', bytes('x'));
    for (const key of ['nope', 'a', 'a/fil', 'a/file2', 'a/file/below']) {
      expect(await store().head(key)).toBeUndefined();
      expect(await store().describe(key)).toBeUndefined();
      await expect(store().get(key)).rejects.toThrow(NotFoundError);
      await expect(store().get(key)).rejects.toThrow(key);
      await expect(store().open(key)).rejects.toThrow(NotFoundError);
      await expect(store().open(key, { etag: 'some' })).rejects.toThrow(NotFoundError);
      await expect(store().read(key, { start: 0, end: 1 })).rejects.toThrow(NotFoundError);
      await expect(store().localPath(key)).rejects.toThrow(NotFoundError);
    }
  });

  test('delete removes, and removing what is not there is no error', async () => {
    await store().put('a/b', bytes('x'));
    await store().put('a/c', bytes('x'));
    for (let i = 0; i < 2; i++) {
      await store().delete('a/b');
      expect(await store().head('a/b')).toBeUndefined();
      await expect(store().get('a/b')).rejects.toThrow(NotFoundError);
      expect(await keysOf(store(), '')).toEqual(['a/c']);
    }
    await store().delete('never/was');
    await store().put('a/b', bytes('again'));
    expect(textOf(await store().get('a/b'))).toBe('again');
  });

  test('localPath names a file with the object as it is', async () => {
    for (const text of ['first', 'second']) {
      await store().put('db/a.parquet', bytes(text));
      expect(await readFile(await store().localPath('db/a.parquet'), 'utf8')).toBe(text);
    }
  });
}
