import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  BadInputError,
  type Logger,
  NotFoundError,
  type ObjectInfo,
  UnavailableError,
} from '@lakewright/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileObjectStore, ForbiddenError } from './index.ts';

let root: string;
let store: FileObjectStore;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'lakewright-store-'));
  store = await FileObjectStore.open(root);
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array) => new TextDecoder().decode(body);

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function listed(prefix: string, startAfter?: string): Promise<ObjectInfo[]> {
  return collect(store.list(prefix, { startAfter }));
}

const keysOf = async (prefix: string, startAfter?: string) =>
  (await listed(prefix, startAfter)).map((info) => info.key);

describe('objects', () => {
  test('what is put is read, described and listed alike', async () => {
    const info = await store.put('otel-raw/a/b.zst', bytes('hello'));
    expect(info).toMatchObject({ key: 'otel-raw/a/b.zst', size: 5 });
    expect(Math.abs(info.lastModifiedMs - Date.now())).toBeLessThan(60_000);
    expect(text(await store.get('otel-raw/a/b.zst'))).toBe('hello');
    expect(await store.head('otel-raw/a/b.zst')).toEqual(info);
    expect(await listed('')).toEqual([info]);
    expect(text(await readFile(await store.localPath('otel-raw/a/b.zst')))).toBe('hello');
  });

  test('a put replaces, and the etag says so even when size and time stay', async () => {
    const first = await store.put('k', bytes('one'));
    const time = new Date(first.lastModifiedMs);
    await utimes(await store.localPath('k'), time, time);
    const before = await store.head('k');
    await store.put('k', bytes('two'));
    await utimes(await store.localPath('k'), time, time);
    const after = await store.head('k');
    expect(after?.size).toBe(before?.size);
    expect(after?.lastModifiedMs).toBe(before?.lastModifiedMs);
    expect(after?.etag).not.toBe(before?.etag);
    expect(text(await store.get('k'))).toBe('two');
  });

  test('what is absent', async () => {
    await store.put('a/file', bytes('x'));
    for (const key of ['nope', 'a', 'a/file/below']) {
      expect(await store.head(key)).toBeUndefined();
      await expect(store.get(key)).rejects.toThrow(NotFoundError);
      await expect(store.localPath(key)).rejects.toThrow(NotFoundError);
    }
    await store.delete('nope');
    await store.delete('a/file');
    await store.delete('a/file');
    expect(await keysOf('')).toEqual([]);
  });

  test('a directory that somebody removed is made again', async () => {
    await store.put('db/x/1', bytes('1'));
    await rm(path.join(root, 'db'), { recursive: true });
    await store.put('db/x/2', bytes('2'));
    expect(await keysOf('')).toEqual(['db/x/2']);
  });

  test('many puts at once', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, i) => store.put(`p/${i % 7}/${i}`, bytes(`${i}`))));
    const keys = await keysOf('p/');
    expect(keys).toHaveLength(100);
    for (const key of keys) expect(text(await store.get(key))).toBe(key.split('/')[2]);
  });
});

describe('keys', () => {
  const bad = ['', '/a', 'a/', 'a//b', '..', 'a/../b', './a', 'a/.', 'a\0b', '.tmp/x', '\ud800'];
  test.each([...bad, 'x'.repeat(256), `${'ab/'.repeat(400)}c`])('%j is refused', async (key) => {
    await expect(store.put(key, bytes('x'))).rejects.toThrow(BadInputError);
    await expect(store.get(key)).rejects.toThrow(BadInputError);
    await expect(store.head(key)).rejects.toThrow(BadInputError);
    await expect(store.delete(key)).rejects.toThrow(BadInputError);
    await expect(store.localPath(key)).rejects.toThrow(BadInputError);
  });

  test.each(['../', 'a/../../', '/'])('the prefix %j is refused', async (prefix) => {
    const all = listed(prefix);
    if (prefix === '/') expect(await all).toEqual([]);
    else await expect(all).rejects.toThrow();
  });
});

describe('listing', () => {
  test('any set of keys comes in the order of its bytes, by prefix and start', async () => {
    const part = fc.stringMatching(/^[a-c.!0é\u{1f600}\uff5e]{1,3}$/u).filter((p) => !/^\.\.?$/.test(p));
    const key = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { maxLength: 12 }), key, key, async (keys, prefix, startAfter) => {
        await rm(root, { recursive: true, force: true });
        store = await FileObjectStore.open(root);
        const stored: string[] = [];
        for (const k of keys) {
          // A file cannot also be a directory: such keys are refused, and nothing else.
          const clash = stored.some((s) => s.startsWith(`${k}/`) || k.startsWith(`${s}/`));
          const put = store.put(k, bytes(k));
          if (clash) await expect(put).rejects.toThrow(UnavailableError);
          else stored.push((await put).key);
        }
        const sorted = stored.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(await keysOf('')).toEqual(sorted);
        expect(await keysOf(prefix)).toEqual(sorted.filter((k) => k.startsWith(prefix)));
        const after = (k: string) => Buffer.compare(Buffer.from(k), Buffer.from(startAfter)) > 0;
        expect(await keysOf('', startAfter)).toEqual(sorted.filter(after));
      }),
      { numRuns: 60 },
    );
  });

  test('more files than are described at once', async () => {
    const keys = Array.from({ length: 100 }, (_, i) => `d/${String(i).padStart(3, '0')}`);
    await mkdir(path.join(root, 'd'));
    for (const key of keys) await writeFile(path.join(root, key), 'x');
    expect(await keysOf('d/')).toEqual(keys);
  });

  test('what is no object is left out and logged once', async () => {
    const lines: string[] = [];
    const logger: Logger = {
      log: (_level, _message, fields) => void lines.push(`${fields?.key}: ${fields?.reason}`),
      with: () => logger,
    };
    store = await FileObjectStore.open(root, { logger });
    await writeFile(path.join(root, 'real'), 'x');
    await symlink('/etc/passwd', path.join(root, 'link'));
    await writeFile(Buffer.concat([Buffer.from(`${root}/bad-`), Buffer.from([0xff])]), 'x');
    expect(await keysOf('')).toEqual(['real']);
    expect(await keysOf('')).toEqual(['real']);
    expect(lines).toHaveLength(2);
    expect(lines.join()).toContain('link: it is neither');
    await expect(store.get('link')).rejects.toThrow(NotFoundError);
    expect(await store.head('link')).toBeUndefined();
  });
});

describe('crashes and failures', () => {
  test('temporary files are never listed and are swept at the next opening', async () => {
    await store.put('a', bytes('a'));
    await writeFile(path.join(root, '.tmp', 'left-over'), 'half');
    expect(await keysOf('')).toEqual(['a']);
    await FileObjectStore.open(root);
    expect(await readdir(path.join(root, '.tmp'))).toEqual([]);
  });

  test('a put that fails leaves nothing behind', async () => {
    await store.put('taken', bytes('a file where a directory is wanted'));
    await expect(store.put('taken/below', bytes('x'))).rejects.toThrow(UnavailableError);
    expect(await keysOf('')).toEqual(['taken']);
    expect(await readdir(path.join(root, '.tmp'))).toEqual([]);
  });

  test('a full disk: nothing visible, and it works again with room', async (context) => {
    const disk = path.join(root, 'small-disk');
    await mkdir(disk);
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
    context.skip(mount.status !== 0, 'a small disk can only be mounted as root');
    try {
      const small = await FileObjectStore.open(disk);
      await small.put('first', new Uint8Array(100_000));
      const failed = small.put('second', new Uint8Array(300_000));
      await expect(failed).rejects.toThrow(/could not write second: ENOSPC/);
      await expect(failed).rejects.toThrow(UnavailableError);
      expect((await collect(small.list(''))).map((info) => info.key)).toEqual(['first']);
      await small.delete('first');
      await small.put('second', new Uint8Array(150_000));
      expect((await small.head('second'))?.size).toBe(150_000);
    } finally {
      spawnSync('umount', [disk]);
    }
  });

  test.skipIf(process.getuid?.() === 0)('an object that this user may not read is told apart', async () => {
    await store.put('secret', bytes('x'));
    await chmod(path.join(root, 'secret'), 0);
    await expect(store.get('secret')).rejects.toThrow(ForbiddenError);
  });
});
