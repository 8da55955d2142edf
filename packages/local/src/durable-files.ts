import { randomBytes } from 'node:crypto';
import { type BigIntStats, closeSync, fstatSync, fsync, lstatSync, open } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Logger } from '@lakewright/core';
import { DirectoryMaker, DirectorySyncer } from './directories.ts';
import { isAbsent } from './file-errors.ts';
import { TEMPORARY } from './keys.ts';
import type { FileFacts } from './listing.ts';

/** A whole, synced file that has no name of its own yet. */
export interface WrittenFile {
  readonly path: string;
  /** They stay as they are when the file is renamed. */
  readonly facts: FileFacts;
}

/**
 * Writes files below one root so that a name always stands for a whole file: first below `.tmp/`, synced, then
 * renamed to its place and the directory synced.
 */
export class DurableFiles {
  readonly #root: string;
  readonly #logger: Logger;
  readonly #directories: DirectoryMaker;
  readonly #syncer = new DirectorySyncer();
  #sequence = 0;

  /** `root` is a directory, its path without symbolic links. */
  constructor(root: string, logger: Logger) {
    this.#root = root;
    this.#logger = logger;
    this.#directories = new DirectoryMaker(root);
  }

  /** Makes room for temporary files and removes those that an earlier process left. */
  async prepare(): Promise<void> {
    const temporary = path.join(this.#root, TEMPORARY);
    await mkdir(temporary, { recursive: true });
    for (const name of await readdir(temporary)) {
      await rm(path.join(temporary, name), { recursive: true, force: true });
    }
  }

  /** Writes a new temporary file; when `fill` or the disk fails, nothing is left of it. */
  async write(fill: (descriptor: number) => Promise<void>): Promise<WrittenFile> {
    const file = path.join(this.#root, TEMPORARY, this.#temporaryName());
    try {
      return { path: file, facts: await writeSynced(file, fill) };
    } catch (error) {
      await this.discard(file);
      throw error;
    }
  }

  /**
   * Moves a written file to its place and answers what it replaces there. `check` is told of that before the
   * move and may throw to prevent it.
   */
  async place(
    file: string,
    target: string,
    check?: (there: BigIntStats | undefined) => void,
  ): Promise<BigIntStats | undefined> {
    const directory = path.dirname(target);
    await this.#directories.ensure(directory);
    const there = factsAt(target);
    check?.(there);
    try {
      await rename(file, target);
    } catch (error) {
      if (!isAbsent(error)) throw error;
      // Somebody removed the directory since it was made: make it again, once.
      this.#directories.forget();
      await this.#directories.ensure(directory);
      await rename(file, target);
    }
    try {
      await this.#syncer.sync(directory);
    } catch (error) {
      // The caller is told that nothing was stored, so a new name must not stay to be found.
      if (there === undefined) await rm(target, { force: true });
      throw error;
    }
    return there;
  }

  /** Removes a file that nobody needs any more; a failure costs only the room it takes. */
  async discard(file: string): Promise<void> {
    try {
      await rm(file, { force: true });
    } catch (error) {
      this.#logger.log('warn', 'could not remove a file that is not needed any more', { error });
    }
  }

  #temporaryName(): string {
    this.#sequence++;
    return `${process.pid}-${this.#sequence}-${randomBytes(6).toString('hex')}`;
  }
}

const openFile = promisify(open);
const sync = promisify(fsync);

/**
 * What is at `file`, links not followed, or undefined when nothing is. Not through the thread pool, as nothing
 * that the system answers from memory: this takes 2 µs, and there 15 and the waking of a thread.
 */
export function factsAt(file: string): BigIntStats | undefined {
  try {
    return lstatSync(file, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

async function writeSynced(file: string, fill: (descriptor: number) => Promise<void>): Promise<FileFacts> {
  const descriptor = await openFile(file, 'wx', 0o640);
  try {
    await fill(descriptor);
    // Not datasync: the time of change is part of the etag and must survive a crash too.
    await sync(descriptor);
    return fstatSync(descriptor, { bigint: true });
  } finally {
    closeSync(descriptor);
  }
}
