import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inspect } from 'node:util';
import {
  BadInputError,
  NotFoundError,
  PreconditionError,
  silentLogger,
  UnavailableError,
} from '@lakewright/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { waitFor } from '../../../test/support/wait.ts';
import { temporaryStore } from '../test/adapters.ts';
import { Descriptions } from './descriptions.ts';
import { DurableFiles } from './durable-files.ts';
import { FileObjectStore } from './index.ts';

let root: string;
let store: FileObjectStore;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ store, root, remove } = await temporaryStore());
});

afterEach(async () => {
  await store.close();
  await remove();
});

const bytes = (text: string) => new TextEncoder().encode(text);
const sidePath = (name = '') => path.join(root, '.meta', name);
const sides = () => readdir(sidePath());
const metadata = { patient: 'none' };

/** Opens the store again, as the next process does, and waits until as many side files are left. */
async function reopenedWith(count: number): Promise<void> {
  await store.close();
  store = await FileObjectStore.open(root);
  await waitFor(`${count} side files`, async () => (await sides()).length === count);
}

describe('what is on disk', () => {
  test('nothing, when the suffix says all', async () => {
    await store.put('a.json', bytes('x'));
    await store.put('b.json', bytes('x'), {});
    await store.put('c.json', bytes('x'), { contentType: 'application/json', metadata: {} });
    await store.put('d', bytes('x'), { contentType: 'application/octet-stream' });
    await expect(stat(sidePath())).rejects.toThrow(/ENOENT/);
    expect(await readdir(path.join(root, '.tmp'))).toEqual([]);
  });

  test('one side file for an object that has more to say, gone when the object is', async () => {
    await store.put('k', bytes('one'), { metadata });
    const [first, ...more] = await sides();
    expect(more).toEqual([]);
    await store.put('k', bytes('two'), { contentType: 'text/csv' });
    expect(await sides()).toHaveLength(1);
    expect(await sides()).not.toContain(first);
    await store.put('k', bytes('three'));
    expect(await sides()).toEqual([]);
    await store.put('k', bytes('four'), { metadata });
    await store.delete('k');
    expect(await sides()).toEqual([]);
    expect(await readdir(path.join(root, '.tmp'))).toEqual([]);
  });

  test('side files are no objects', async () => {
    await store.put('k', bytes('x'), { metadata });
    await store.put('a/.meta/b', bytes('x'));
    const keys: string[] = [];
    for await (const { key } of store.list('')) keys.push(key);
    expect(keys).toEqual(['a/.meta/b', 'k']);
    await expect(store.get(`.meta/${(await sides())[0]}`)).rejects.toThrow(BadInputError);
  });

  test('any metadata that is taken comes back, also to the next process', async () => {
    const name = fc.stringMatching(/^[a-z0-9_-]{1,10}$/);
    const value = fc.stringMatching(/^([!-~]([ -~]{0,20}[!-~])?)?$/);
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, value, { maxKeys: 5 }), async (given) => {
        await store.put('k', bytes('x'), { metadata: given });
        const wanted = { contentType: 'application/octet-stream', metadata: { ...given } };
        expect(await store.describe('k')).toMatchObject(wanted);
        const next = await FileObjectStore.open(root);
        expect(await next.describe('k')).toMatchObject(wanted);
        await next.close();
      }),
      { numRuns: 40 },
    );
  });

  test('metadata names that differ only in their case are refused', async () => {
    const put = store.put('k', bytes('x'), { metadata: { Name: 'a', name: 'b' } });
    await expect(put).rejects.toThrow(BadInputError);
  });

  test.each(['', ' text/plain', 'text/plain\r\nx: y', 'tëxt/plain', `text/${'x'.repeat(300)}`])(
    'the content type %j is refused and nothing stored',
    async (contentType) => {
      await expect(store.put('k', bytes('x'), { contentType })).rejects.toThrow(BadInputError);
      expect(await store.head('k')).toBeUndefined();
    },
  );
});

describe('a file that was put there by hand', () => {
  test('inherits nothing', async () => {
    await store.put('k.txt', bytes('by the program'), { metadata, contentType: 'text/csv' });
    await writeFile(path.join(root, 'k.txt'), 'by hand');
    expect(await store.describe('k.txt')).toMatchObject({ contentType: 'text/plain', metadata: {} });
    await reopenedWith(0);
  });

  test('by moving one object over another takes nothing along', async () => {
    await store.put('a', bytes('a'), { metadata });
    await store.put('b', bytes('b'), { metadata: { of: 'b' } });
    await rename(path.join(root, 'a'), path.join(root, 'b'));
    expect((await store.describe('b'))?.metadata).toEqual({});
    await reopenedWith(0);
  });
});

describe('crashes', () => {
  test('before the object had its name: the side file is swept', async () => {
    await store.put('kept', bytes('x'), { metadata });
    await store.put('never', bytes('x'), { metadata });
    await rm(path.join(root, 'never'));
    await reopenedWith(1);
    expect((await store.describe('kept'))?.metadata).toEqual(metadata);
    expect(await store.describe('never')).toBeUndefined();
  });

  test('after the object was replaced, before its old side file was removed: that one is swept', async () => {
    await store.put('k', bytes('old'), { metadata: { of: 'old' } });
    const [name] = await sides();
    const text = await readFile(sidePath(name));
    await store.put('k', bytes('new'), { metadata: { of: 'new' } });
    await writeFile(sidePath(name), text);
    expect((await store.describe('k'))?.metadata).toEqual({ of: 'new' });
    await reopenedWith(1);
    expect((await store.describe('k'))?.metadata).toEqual({ of: 'new' });
  });

  test('sweeping takes nothing from objects that are written meanwhile', async () => {
    const keys = Array.from({ length: 150 }, (_, i) => `d/${i}`);
    for (const key of keys) await store.put(key, bytes('old'), { metadata: { of: 'old' } });
    await rm(path.join(root, 'd'), { recursive: true });
    await store.close();
    store = await FileObjectStore.open(root);
    await Promise.all(keys.map((key) => store.put(key, bytes('new'), { metadata: { of: key } })));
    await waitFor('the old side files to go', async () => (await sides()).length === keys.length);
    for (const key of keys) expect((await store.describe(key))?.metadata).toEqual({ of: key });
  });

  test('sweeping leaves the side file of an object that is about to be there', async () => {
    await store.put('k', bytes('x'));
    const { etag } = (await store.head('k')) ?? { etag: '' };
    const file = path.join(root, 'k');
    await rename(file, `${file}.temporary`);
    const descriptions = new Descriptions(root, new DurableFiles(root, silentLogger), silentLogger);
    await descriptions.around({ key: 'k', etag }, { contentType: 'a/b', metadata }, async () => {
      await descriptions.sweep(new AbortController().signal);
      await rename(`${file}.temporary`, file);
    });
    await reopenedWith(1);
    expect((await store.describe('k'))?.metadata).toEqual(metadata);
  });

  test('what is no side file of ours is left alone', async () => {
    await store.put('gone', bytes('x'), { metadata });
    await rm(path.join(root, 'gone'));
    await writeFile(sidePath('notes.txt'), 'somebody was here');
    await writeFile(sidePath('other.json'), '{"key":"x","etag":"y","contentType":"a/b","metadata":{}}');
    await reopenedWith(2);
    expect((await sides()).sort()).toEqual(['notes.txt', 'other.json']);
  });
});

describe('failures', () => {
  test('a side file that cannot be written: the object stays as it was', async () => {
    await store.put('k', bytes('as it was'));
    await writeFile(sidePath(), 'a file where a directory is wanted');
    await expect(store.put('k', bytes('new'), { metadata })).rejects.toThrow(UnavailableError);
    expect(await readFile(path.join(root, 'k'), 'utf8')).toBe('as it was');
    expect(await readdir(path.join(root, '.tmp'))).toEqual([]);
  });

  test('an object that cannot be written leaves no side file', async () => {
    await store.put('taken', bytes('a file where a directory is wanted'));
    await expect(store.put('taken/below', bytes('x'), { metadata })).rejects.toThrow(UnavailableError);
    await mkdir(path.join(root, 'folder'));
    await expect(store.put('folder', bytes('x'), { metadata })).rejects.toThrow(UnavailableError);
    expect(await sides()).toEqual([]);
    expect(await readdir(path.join(root, '.tmp'))).toEqual([]);
  });

  test.each(['{"key":"k","etag":"secret', '[]', 'null', '{}'])(
    'a damaged side file %j is told, without its content, and hides nothing else',
    async (text) => {
      await store.put('k', bytes('x'), { metadata });
      const [name] = await sides();
      await writeFile(sidePath(name), text);
      // One after the other: a promise that waits for its turn would be a rejection that nobody handles.
      for (const look of [() => store.describe('k'), () => store.open('k')]) {
        const error = await look().then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(UnavailableError);
        expect(String(error)).toContain(`.meta/${name} in the object store is damaged`);
        expect(inspect(error)).not.toContain('secret');
      }
      expect(await store.get('k')).toHaveLength(1);
      await store.put('k', bytes('y'), { metadata });
      expect((await store.describe('k'))?.metadata).toEqual(metadata);
    },
  );

  test('somebody removed the directory of the side files: it is made again', async () => {
    await store.put('k', bytes('x'), { metadata });
    await rm(sidePath(), { recursive: true });
    expect((await store.describe('k'))?.metadata).toEqual({});
    await store.put('k', bytes('x'), { metadata });
    expect((await store.describe('k'))?.metadata).toEqual(metadata);
  });
});

describe('an object that changes while somebody looks at it', () => {
  /** Runs `change` after the file was looked at and before its side file is. */
  function changedBetween(change: () => Promise<unknown>): void {
    const read = Descriptions.prototype.read;
    vi.spyOn(Descriptions.prototype, 'read').mockImplementationOnce(async function (
      this: Descriptions,
      key,
      etag,
    ) {
      await change();
      return read.call(this, key, etag);
    });
  }
  afterEach(() => void vi.restoreAllMocks());

  test('replaced: the answer is of one of the two, whole', async () => {
    await store.put('k', bytes('old'), { metadata: { of: 'old' } });
    for (const look of [() => store.describe('k'), () => store.open('k')]) {
      changedBetween(() => store.put('k', bytes('newer'), { metadata: { of: 'newer' } }));
      expect(await look()).toMatchObject({ size: 5, metadata: { of: 'newer' } });
    }
    const { etag } = await store.put('k', bytes('old'), { metadata: { of: 'old' } });
    changedBetween(() => store.put('k', bytes('x')));
    await expect(store.open('k', { etag })).rejects.toThrow(PreconditionError);
  });

  test('removed: there is none', async () => {
    await store.put('k', bytes('old'), { metadata });
    changedBetween(() => store.delete('k'));
    expect(await store.describe('k')).toBeUndefined();
    await store.put('k', bytes('old'), { metadata });
    changedBetween(() => store.delete('k'));
    await expect(store.open('k')).rejects.toThrow(NotFoundError);
  });
});
