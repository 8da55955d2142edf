import { closeSync, fsync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { systemCode } from './file-errors.ts';

const sync = promisify(fsync);

/** Makes the names inside `directory` durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const descriptor = openSync(directory, 'r');
  try {
    await sync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Syncs directories for many at once: who asks while a sync of the directory is under way shares the next one
 * with all others who ask meanwhile.
 */
export class DirectorySyncer {
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();

  /** Resolves when every name is durable that is in `directory` now. */
  sync(directory: string): Promise<void> {
    const running = this.#running.get(directory);
    if (running === undefined) return this.#begin(directory);
    const waiting = this.#next.get(directory);
    if (waiting !== undefined) return waiting;
    const next = running
      .catch(() => undefined)
      .then(() => {
        this.#next.delete(directory);
        return this.#begin(directory);
      });
    this.#next.set(directory, next);
    return next;
  }

  #begin(directory: string): Promise<void> {
    const running = syncDirectory(directory).finally(() => {
      if (this.#running.get(directory) === running) this.#running.delete(directory);
    });
    this.#running.set(directory, running);
    return running;
  }
}

/**
 * Makes directories durably and remembers which there are, so that writing to a known directory costs no
 * system call. Remembers at most `capacity` directories.
 */
export class DirectoryMaker {
  readonly #known = new Map<string, Promise<void>>();
  readonly #root: string;
  readonly #capacity: number;

  /** `root` must exist; nothing above it is ever made. */
  constructor(root: string, capacity = 4096) {
    this.#root = root;
    this.#capacity = capacity;
  }

  /** Resolves when `directory`, which is `root` or below it, exists and its name is durable. */
  ensure(directory: string): Promise<void> {
    if (directory === this.#root) return Promise.resolve();
    const known = this.#known.get(directory);
    if (known !== undefined) return known;
    const made = this.#make(directory);
    if (this.#known.size >= this.#capacity) this.#known.clear();
    this.#known.set(directory, made);
    made.catch(() => {
      if (this.#known.get(directory) === made) this.#known.delete(directory);
    });
    return made;
  }

  /** Forgets everything: somebody else removed a directory. */
  forget(): void {
    this.#known.clear();
  }

  async #make(directory: string): Promise<void> {
    const parent = path.dirname(directory);
    await this.ensure(parent);
    try {
      await mkdir(directory);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    await syncDirectory(parent);
  }
}
