import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigError } from '@lakewright/core';
import { isPattern } from './local-files.ts';

/** `{process id}-{when it started, ms}-{random}` */
const NAME = /^(\d+)-(\d+)-[0-9a-f]{12}$/;

/**
 * A new directory below `parent` for the files of this process, and an end to those of processes of this machine
 * that are no more. Throws ConfigError for a path that DuckDB cannot be given, and node's errors.
 */
export async function processDirectory(parent: string): Promise<string> {
  const absolute = resolve(parent);
  if (isPattern(absolute)) {
    throw new ConfigError('the directory for parts of segments has one of * ? [ ] in its path', {
      hint: 'take a directory without these characters',
    });
  }
  await mkdir(absolute, { recursive: true });
  const started = Math.round(performance.timeOrigin);
  for (const name of await readdir(absolute)) {
    const [, pid, start] = NAME.exec(name) ?? [];
    if (pid === undefined) continue;
    const isOwn = Number(pid) === process.pid && Number(start) === started;
    // A container's first process has the same id each time.
    const isDead = Number(pid) === process.pid ? !isOwn : !isAlive(Number(pid));
    if (isDead) await rm(join(absolute, name), { recursive: true, force: true });
  }
  const own = join(absolute, `${process.pid}-${started}-${randomBytes(6).toString('hex')}`);
  await mkdir(own, { mode: 0o700 });
  return own;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
