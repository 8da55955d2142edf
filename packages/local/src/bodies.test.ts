import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BadInputError, NotFoundError, PreconditionError, UnavailableError } from '@lakewright/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { temporaryStore } from '../test/adapters.ts';
import type { FileObjectStore } from './index.ts';

let root: string;
let store: FileObjectStore;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ store, root, remove } = await temporaryStore());
});

afterEach(() => remove());

const MEBIBYTE = 1024 * 1024;
const bytes = (text: string) => new TextEncoder().encode(text);
const temporary = () => readdir(path.join(root, '.tmp'));

/** How many files this process has open, where the system tells. */
const openFiles = async () => (await readdir('/proc/self/fd')).length;

/** A body that says whether it was let go of, whether or not it was begun. */
function watched(): AsyncIterable<Uint8Array> & { released: () => boolean } {
  let released = false;
  return {
    released: () => released,
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: bytes('x') }),
      async return() {
        released = true;
        return { done: true, value: undefined };
      },
    }),
  };
}

describe('a body that is put', () => {
  test.each<[string, (body: AsyncIterable<Uint8Array>) => Promise<unknown>, typeof BadInputError]>([
    ['no key', (body) => store.put('a//b', body), BadInputError],
    ['bad metadata', (body) => store.put('k', body, { metadata: { a: '\n' } }), BadInputError],
    ['a condition', (body) => store.put('there', body, { only: 'absent' }), PreconditionError],
  ])('is let go of, unread, when the put fails for %s', async (_, put, error) => {
    await store.put('there', bytes('x'));
    const body = watched();
    await expect(put(body)).rejects.toThrow(error);
    expect(body.released()).toBe(true);
    expect(await temporary()).toEqual([]);
  });

  test('is let go of when the disk fails', async () => {
    await rm(path.join(root, '.tmp'), { recursive: true });
    const body = watched();
    await expect(store.put('k', body)).rejects.toThrow(UnavailableError);
    expect(body.released()).toBe(true);
    await mkdir(path.join(root, '.tmp'));
  });

  test('that fails while it is let go of does not hide why', async () => {
    await store.put('k', bytes('x'));
    const body: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.reject(new Error('first')),
        return: () => Promise.reject(new Error('second')),
      }),
    };
    await expect(store.put('k', body)).rejects.toThrow('first');
    await expect(store.put('k', body, { only: 'absent' })).rejects.toThrow(PreconditionError);
  });

  test('that fails leaves no file, and the error is what it threw, whatever that is', async () => {
    const thrown = Object.assign(new Error('gone'), { code: 'ENOENT' });
    async function* body() {
      yield new Uint8Array(MEBIBYTE);
      throw thrown;
    }
    await expect(store.put('k', body())).rejects.toBe(thrown);
    expect(await temporary()).toEqual([]);
    expect(await readdir(root)).toEqual(['.tmp']);
  });

  test('an object is copied to another key while it is read', async () => {
    const whole = Buffer.alloc(3 * MEBIBYTE + 17, 'lakewright');
    await store.put('from', whole, { metadata: { a: 'b' }, contentType: 'text/csv' });
    const { body, contentType, metadata } = await store.open('from');
    await store.put('to', body, { contentType, metadata });
    expect(whole.equals(await readFile(path.join(root, 'to')))).toBe(true);
    const copy = await store.describe('to');
    expect(copy).toMatchObject({ contentType: 'text/csv', metadata: { a: 'b' } });
  });
});

describe('a body that is read', () => {
  test('comes in pieces of a bounded size', async () => {
    await store.put('k', new Uint8Array(5 * MEBIBYTE));
    let pieces = 0;
    for await (const chunk of (await store.open('k')).body) {
      expect(chunk.length).toBeLessThanOrEqual(MEBIBYTE);
      pieces++;
    }
    expect(pieces).toBeGreaterThanOrEqual(5);
  });

  test('can be read only once', async () => {
    await store.put('k', bytes('x'));
    const { body } = await store.open('k');
    for await (const _ of body);
    expect(() => body[Symbol.asyncIterator]()).toThrow(/only once/);
  });

  test.each<[string, (file: string) => Promise<void>]>([
    ['grows', (file) => appendFile(file, 'more')],
    ['shrinks', (file) => truncate(file, MEBIBYTE)],
    ['is written over', (file) => writeFile(file, new Uint8Array(4 * MEBIBYTE))],
  ])('of a file that %s meanwhile is refused, not passed off as the object', async (_, change) => {
    await store.put('k', new Uint8Array(4 * MEBIBYTE).fill(1));
    const read = async () => {
      for await (const _chunk of (await store.open('k')).body) await change(path.join(root, 'k'));
    };
    await expect(read()).rejects.toThrow(PreconditionError);
  });

  test('is never that of a symbolic link', async () => {
    await store.put('real', bytes('x'));
    await symlink(path.join(root, 'real'), path.join(root, 'link'));
    await expect(store.open('link')).rejects.toThrow(NotFoundError);
    expect(await store.describe('link')).toBeUndefined();
  });

  test.skipIf(!existsSync('/proc/self/fd'))('holds no file open once nobody reads it', async () => {
    await store.put('k', new Uint8Array(MEBIBYTE), { metadata: { a: 'b' } });
    const before = await openFiles();
    for (let i = 0; i < 20; i++) {
      for await (const _ of (await store.open('k')).body) break;
      for await (const _ of (await store.open('k')).body);
      await (await store.open('k')).body[Symbol.asyncIterator]().return?.();
      await expect(store.open('k', { etag: 'another' })).rejects.toThrow(PreconditionError);
      await expect(store.open('k', { versionId: '1' })).rejects.toThrow(NotFoundError);
      const { body } = await store.open('k');
      await expect(store.put('a//b', body)).rejects.toThrow(BadInputError);
    }
    expect(await openFiles()).toBe(before);
  });
});

describe('removing', () => {
  test('a directory is no object', async () => {
    await store.put('a/b', bytes('x'));
    await store.delete('a');
    expect(await store.head('a/b')).toBeDefined();
  });

  test('a delete, or a put without a condition, does not slip under one', async () => {
    for (let round = 0; round < 120; round++) {
      const { etag } = await store.put('k', bytes('old'));
      const written = Promise.withResolvers<void>();
      async function* body() {
        yield bytes('new');
        written.resolve();
      }
      const careful = store.put('k', body(), { only: { etag } }).then(
        () => undefined,
        (error) => error,
      );
      await written.promise;
      // Every round meets the writer a little later on its way.
      for (let turn = 0; turn < round * 2; turn++) await new Promise(setImmediate);
      const isDelete = round % 2 === 0;
      if (isDelete) await store.delete('k');
      else await store.put('k', bytes('plain'));
      // Whichever came first, the other one came after it, or was refused.
      expect([undefined, expect.any(PreconditionError)]).toContainEqual(await careful);
      const left = isDelete ? undefined : 'plain';
      const text = (await store.head('k')) && new TextDecoder().decode(await store.get('k'));
      expect(text).toBe(left);
    }
  });
});
