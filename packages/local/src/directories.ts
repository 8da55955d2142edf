import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from './file-errors.ts';

/** Makes the names inside `directory` durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
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
