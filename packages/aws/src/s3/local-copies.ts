import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { LimitError, type ObjectBody, type ObjectInfo } from '@lakewright/core';

/** Bytes of objects that are kept on this machine. */
const DEFAULT_MAX_BYTES = 10 * 1024 ** 3;
/** What is being downloaded is below this directory and never taken for a copy. */
const UNFINISHED = '.tmp';

export interface LocalCopiesOptions {
  /** A directory for nothing else. Copies that are there are used, so that a restart costs no download. */
  readonly directory: string;
  /** Bytes of all copies together. Default 10 GiB; the copies that were longest not asked for go first. */
  readonly maxBytes?: number;
}

/**
 * Objects downloaded to files, once for each etag. A path is good until so many others were asked for that the
 * copies are too large together: whoever opened the file by then keeps it.
 */
export class LocalCopies {
  readonly #directory: string;
  readonly #maxBytes: number;
  readonly #running = new Map<string, Promise<string>>();

  constructor({ directory, maxBytes = DEFAULT_MAX_BYTES }: LocalCopiesOptions) {
    this.#directory = directory;
    this.#maxBytes = maxBytes;
  }

  /**
   * The file with the object that `info` describes; `open` is asked for its bytes when there is none yet.
   * Throws what `open` throws, and LimitError (`maxLocalCopyBytes`) for an object larger than all copies may be.
   */
  async pathOf(url: string, info: ObjectInfo, open: () => Promise<ObjectBody>): Promise<string> {
    if (info.size > this.#maxBytes) {
      throw new LimitError(
        'maxLocalCopyBytes',
        `${url} has ${info.size} bytes, and copies on this machine may have ${this.#maxBytes} together`,
      );
    }
    const hash = createHash('sha256').update(`${url}\0${info.etag}`).digest('hex');
    // The suffix stays: readers choose a format by it.
    const file = path.join(this.#directory, hash + path.extname(info.key).slice(0, 32));
    const running = this.#running.get(file) ?? this.#fetch(file, info.size, open);
    this.#running.set(file, running);
    try {
      return await running;
    } finally {
      this.#running.delete(file);
    }
  }

  async #fetch(file: string, size: number, open: () => Promise<ObjectBody>): Promise<string> {
    if (await isCopy(file, size)) {
      const now = new Date();
      await utimes(file, now, now);
      return file;
    }
    const unfinished = path.join(this.#directory, UNFINISHED);
    await mkdir(unfinished, { recursive: true });
    const part = path.join(unfinished, randomBytes(12).toString('hex'));
    try {
      const { body } = await open();
      await pipeline(body, createWriteStream(part, { flags: 'wx', mode: 0o600 }));
      await rename(part, file);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    await this.#makeRoom(file);
    return file;
  }

  /** Removes copies, those that were longest not asked for first, until the others fit. `kept` stays. */
  async #makeRoom(kept: string): Promise<void> {
    const copies = await this.#copies();
    let bytes = copies.reduce((sum, copy) => sum + copy.size, 0);
    for (const copy of copies.sort((a, b) => a.usedMs - b.usedMs)) {
      if (bytes <= this.#maxBytes) return;
      if (copy.file === kept) continue;
      await rm(copy.file, { force: true });
      bytes -= copy.size;
    }
  }

  async #copies(): Promise<{ file: string; size: number; usedMs: number }[]> {
    const entries = await readdir(this.#directory, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && /^[0-9a-f]{64}(\.|$)/.test(entry.name));
    const copies = await Promise.all(
      files.map(async ({ name }) => {
        const file = path.join(this.#directory, name);
        // Another process that shares the directory may have removed it.
        const facts = await stat(file).catch(() => undefined);
        return facts === undefined ? [] : [{ file, size: facts.size, usedMs: facts.mtimeMs }];
      }),
    );
    return copies.flat();
  }
}

async function isCopy(file: string, size: number): Promise<boolean> {
  const facts = await stat(file).catch(() => undefined);
  return facts?.isFile() === true && facts.size === size;
}
