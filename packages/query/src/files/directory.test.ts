import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@lakewright/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processDirectory } from './directory.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'lakewright-parts-'));
});
afterEach(() => rm(parent, { recursive: true }));

async function left(name: string): Promise<string> {
  const path = join(parent, name);
  await mkdir(path);
  await writeFile(join(path, 'a.parquet'), 'x');
  return path;
}

test('what dead processes left goes, and nothing else', async () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const gone = [
    await left(`${dead}-1700000000000-0123456789ab`),
    // A container that was started again: the same id, another process.
    await left(`${process.pid}-1700000000000-0123456789ab`),
  ];
  const own = await processDirectory(parent);
  const kept = [
    own,
    await left(`${process.ppid}-1700000000000-0123456789ab`),
    await left('somebody-elses'),
    await left(`${dead}`),
  ];
  const other = await processDirectory(parent);
  expect(gone.filter((path) => existsSync(path))).toEqual([]);
  expect(kept.filter((path) => existsSync(path))).toEqual(kept);
  expect(other).not.toBe(own);
  expect(await readdir(own)).toEqual([]);
});

test('a path that DuckDB would take for a pattern is refused', async () => {
  await expect(processDirectory(join(parent, 'a[1]'))).rejects.toThrow(ConfigError);
});
