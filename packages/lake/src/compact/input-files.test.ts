import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotFoundError, type ObjectStore, UnavailableError } from '@lakewright/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withInputFiles } from './input-files.ts';

/** Copies that others evict: `evicted` says how often each is gone before it can be opened. */
let directory: string;
let paths: string[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lakewright-inputs-'));
  paths = [];
});
afterEach(() => rm(directory, { recursive: true }));

function storeWhere(evicted: (key: string) => number): ObjectStore {
  const asked = new Map<string, number>();
  return {
    async localPath(key: string) {
      const times = (asked.get(key) ?? 0) + 1;
      asked.set(key, times);
      const path = join(directory, `${key}-${times}`);
      paths.push(path);
      if (times > evicted(key)) await writeFile(path, `the object ${key}`);
      return path;
    },
  } as ObjectStore;
}
const inputs = Array.from({ length: 40 }, (_, i) => ({ key: `k${i}` }));

test('inputs can be read although their copies are evicted before they are opened, and after', async () => {
  const read = await withInputFiles(
    storeWhere((key) => (key.endsWith('7') ? 3 : 0)),
    inputs,
    async (open) => {
      await Promise.all(paths.map((path) => rm(path, { force: true })));
      return Promise.all(open.map((path) => readFile(path, 'utf8')));
    },
  );
  expect(read).toEqual(inputs.map(({ key }) => `the object ${key}`));
});

test('it gives up when a copy never stays, and lets go of the others', async () => {
  const failing = storeWhere((key) => (key === 'k3' ? 1000 : 0));
  const opened = withInputFiles(failing, inputs, () => expect.fail('not all are there'));
  await expect(opened).rejects.toThrow(UnavailableError);
  await expect(opened).rejects.toThrow('k3');
});

test('what the store says of a missing input stays', async () => {
  const missing = {
    localPath: () => Promise.reject(new NotFoundError('no object k')),
  } as unknown as ObjectStore;
  await expect(withInputFiles(missing, inputs, async () => undefined)).rejects.toThrow(NotFoundError);
});
