import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError } from '@lakewright/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDataDirectory } from './index.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'lakewright-lock-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

/** A process that holds the lock until it is killed. */
async function holder() {
  const module = JSON.stringify(new URL('./index.ts', import.meta.url).href);
  const script = `const { lockDataDirectory } = await import(${module});
    await lockDataDirectory(process.argv[1]); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('one holder at a time, and again after it let go', async () => {
  const lock = await lockDataDirectory(dir);
  await expect(lockDataDirectory(dir)).rejects.toThrow(`in use by process ${process.pid}`);
  await lock.release();
  await lock.release();
  const next = await lockDataDirectory(dir);
  await lock.release();
  await expect(lockDataDirectory(dir)).rejects.toThrow(ConfigError);
  await next.release();
  expect(await readdir(dir)).toEqual([]);
});

test('a live process keeps it; a killed one loses it without help', async () => {
  const child = await holder();
  await expect(lockDataDirectory(dir)).rejects.toThrow(`in use by process ${child.pid}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = await lockDataDirectory(dir);
  await lock.release();
});

test('a pid that another process got since is no holder', async () => {
  await writeFile(
    path.join(dir, 'lock'),
    JSON.stringify({ pid: process.pid, started: 'another-boot:1', token: 'old' }),
  );
  const lock = await lockDataDirectory(dir);
  expect(JSON.parse(await readFile(path.join(dir, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
  await lock.release();
});

const DEAD = { pid: 2 ** 30, started: null };

test('many who find a stale lock at the same moment: one gets it', async () => {
  for (let i = 0; i < 100; i++) {
    await writeFile(path.join(dir, 'lock'), JSON.stringify({ ...DEAD, token: 'old' }));
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataDirectory(dir)));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    expect((await readdir(dir)).filter((name) => name !== 'lock')).toEqual([]);
  }
});

test('a process that was killed while it took a stale lock over is in no way', async () => {
  await writeFile(path.join(dir, 'lock'), JSON.stringify({ ...DEAD, token: 'old' }));
  await writeFile(path.join(dir, 'lock.after-old'), JSON.stringify({ ...DEAD, token: 'killed' }));
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataDirectory(dir)));
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  expect(await readdir(dir)).toEqual(['lock']);
});

test('a file that is no lock is left alone', async () => {
  await writeFile(path.join(dir, 'lock'), 'my own notes');
  await expect(lockDataDirectory(dir)).rejects.toThrow(/is not a lock file/);
  expect(await readFile(path.join(dir, 'lock'), 'utf8')).toBe('my own notes');
});
