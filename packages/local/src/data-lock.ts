import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from '@lakewright/core';
import { isAbsent, systemCode } from './file-errors.ts';

/** A data directory that this process holds. */
export interface DataLock {
  /** Gives the directory back. Doing so twice is no error. */
  release(): Promise<void>;
}

/** What the lock file says about its holder. */
interface Holder {
  readonly pid: number;
  /** When the process started, as the kernel counts it; null where the kernel does not say. */
  readonly started: string | null;
  /** Tells two locks of one process apart. */
  readonly token: string;
}

/** How often a lock that others are taking over at the same moment is tried again. */
const TRIES = 10;

/**
 * Takes the file `lock` in `dir` (made when missing) for this process. A lock whose process is gone is taken
 * over, so that a killed process needs no help. Throws ConfigError naming the live holder.
 *
 * Processes are told apart by pid and start time; processes in different pid namespaces that share one
 * directory do not see each other.
 */
export async function lockDataDirectory(dir: string): Promise<DataLock> {
  await mkdir(dir, { recursive: true });
  const file = path.join(dir, 'lock');
  const mine: Holder = { pid: process.pid, started: startOf(process.pid) ?? null, token: randomUUID() };
  for (let i = 0; i < TRIES; i++) {
    if (await create(file, mine)) return { release: () => release(file, mine.token) };
    const holder = await readHolder(file);
    if (holder === undefined) continue;
    if (isAlive(holder)) {
      throw new ConfigError(`the data directory ${dir} is in use by process ${holder.pid}`, {
        hint: 'stop that process, or give another directory with --data',
      });
    }
    if (await takeOver(file, holder, mine)) return { release: () => release(file, mine.token) };
  }
  throw new ConfigError(`the lock of the data directory ${dir} could not be taken`, {
    hint: 'other processes are starting on the same directory: start one',
  });
}

/** Creates the lock with its whole content at once; false when there is one already. */
async function create(file: string, holder: Holder): Promise<boolean> {
  const own = `${file}.${holder.token}`;
  await writeFile(own, `${JSON.stringify(holder)}\n`);
  try {
    await link(own, file);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

/** The holder that the lock names; undefined when there is no lock any more. */
async function readHolder(file: string): Promise<Holder | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
  const holder = parseHolder(text);
  if (holder !== undefined) return holder;
  throw new ConfigError(`${file} is not a lock file of Lakewright`, {
    hint: 'make sure that nothing uses the directory, then remove that file',
  });
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null;
    return Number.isSafeInteger(value?.pid) && typeof value?.token === 'string'
      ? (value as Holder)
      : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
  const started = startOf(holder.pid);
  // The same pid with another start time is another process, which got the number since.
  return started === undefined || holder.started === null || started === holder.started;
}

/** The kernel's start time of a process with the machine's boot, or undefined where /proc is missing. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command in parentheses may hold anything; the start time is the 20th field after it.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${started}`;
  } catch {
    return undefined;
  }
}

/**
 * Puts `mine` in the place of a lock whose process is gone; false when somebody else does, or has. Only who creates the
 * claim on a token may replace the lock that has it, and a claim is removed only after the lock was replaced: so a claim
 * on a lock that still has the token is the only one. The claim of a process that was killed is claimed by its own token.
 */
async function takeOver(file: string, stale: Holder, mine: Holder): Promise<boolean> {
  let claim = `${file}.after-${stale.token}`;
  while (!(await create(claim, mine))) {
    const claimer = await readHolder(claim);
    if (claimer === undefined || isAlive(claimer)) return false;
    claim = `${file}.after-${claimer.token}`;
  }
  if ((await readHolder(file))?.token !== stale.token) {
    await rm(claim, { force: true });
    return false;
  }
  const own = `${file}.${mine.token}`;
  await writeFile(own, `${JSON.stringify(mine)}\n`);
  await rename(own, file);
  await removeClaims(file);
  return true;
}

/** Claims on locks that are no more: whoever makes one now finds that, and gives it up. */
async function removeClaims(file: string): Promise<void> {
  const directory = path.dirname(file);
  const prefix = `${path.basename(file)}.after-`;
  for (const name of await readdir(directory)) {
    // What has one more dot is a claim that is being written, and would be missed.
    const claim = name.startsWith(prefix) && !name.slice(prefix.length).includes('.');
    if (claim) await rm(path.join(directory, name), { force: true });
  }
}

async function release(file: string, token: string): Promise<void> {
  if ((await readHolder(file))?.token === token) await rm(file, { force: true });
}
