import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { opendir, readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type Description,
  describedBy,
  type Logger,
  type PutOptions,
  typeOfKey,
  UnavailableError,
} from '@lakewright/core';
import { writeAll } from './bodies.ts';
import { type DurableFiles, factsAt } from './durable-files.ts';
import { isAbsent, storeError } from './file-errors.ts';
import { DESCRIPTIONS } from './keys.ts';
import { infoOf } from './listing.ts';

/**
 * What `options` say that the key does not, or undefined when they say nothing more: the common case. Throws
 * as `describedBy`.
 */
export function saidBeyondKey(key: string, options: PutOptions): Description | undefined {
  if (options.contentType === undefined && options.metadata === undefined) return undefined;
  const said = describedBy(key, options);
  const more = Object.keys(said.metadata).length > 0 || said.contentType !== typeOfKey(key);
  return more ? said : undefined;
}

/** What a side file holds: whose it is, and what there is to say. */
interface SideFile extends Description {
  readonly key: string;
  readonly etag: string;
}

/**
 * What is known of objects beyond what a file says, in side files below `.meta/`. A side file belongs to one
 * key and etag, which its name is a hash of: a file that was replaced in any way has another etag and never
 * inherits it. It is durable before the object has its name, so that no object is ever without its own.
 */
export class Descriptions {
  readonly #root: string;
  readonly #files: DurableFiles;
  readonly #logger: Logger;
  /** Names whose object is being written: it may not be there yet. */
  readonly #pending = new Set<string>();
  #inUse: boolean;

  constructor(root: string, files: DurableFiles, logger: Logger) {
    this.#root = root;
    this.#files = files;
    this.#logger = logger;
    this.#inUse = existsSync(path.join(root, DESCRIPTIONS));
  }

  /** False while no object of the store has a side file: then nobody needs to look for one. */
  get inUse(): boolean {
    return this.#inUse;
  }

  /**
   * Makes the side file durable, then lets `place` give the object its name. When that fails the side file is
   * removed again, unless the object is there all the same.
   */
  async around<T>(
    object: { key: string; etag: string },
    said: Description,
    place: () => Promise<T>,
  ): Promise<T> {
    const { key, etag } = object;
    const name = nameOf(key, etag);
    this.#inUse = true;
    this.#pending.add(name);
    try {
      const text = JSON.stringify({ key, etag, ...said } satisfies SideFile);
      const written = await this.#files.write((descriptor) => writeAll(descriptor, Buffer.from(text)));
      try {
        await this.#files.place(written.path, this.#pathOf(name));
        return await place();
      } catch (error) {
        await this.#files.discard(written.path);
        // Who cannot find out lets it stay, for the next sweep.
        const isThere = await this.#isThere(key, etag).catch(() => true);
        if (!isThere) await this.#files.discard(this.#pathOf(name));
        throw error;
      }
    } finally {
      this.#pending.delete(name);
    }
  }

  /** What was said of the object, or undefined when nothing was. Throws UnavailableError. */
  async read(key: string, etag: string): Promise<Description | undefined> {
    if (!this.#inUse) return undefined;
    const side = await this.#readFile(nameOf(key, etag));
    // A name is a hash: another object's side file is as good as none.
    return side?.key === key && side.etag === etag
      ? { contentType: side.contentType, metadata: side.metadata }
      : undefined;
  }

  /** The object is replaced or gone: its side file, if there is one, is of no use. Never rejects. */
  async forget(key: string, etag: string): Promise<void> {
    if (this.#inUse) await this.#files.discard(this.#pathOf(nameOf(key, etag)));
  }

  /**
   * Removes the side files whose object is gone, or another one: what a crash left, or a user who removed and
   * replaced files by hand. Holds one side file in memory at a time. Never rejects; ends at `signal`.
   */
  async sweep(signal: AbortSignal): Promise<void> {
    if (!this.#inUse) return;
    try {
      for await (const entry of await opendir(path.join(this.#root, DESCRIPTIONS))) {
        if (signal.aborted) return;
        await this.#sweepOne(entry.name);
      }
    } catch (error) {
      this.#logger.log('warn', 'could not look for content types and metadata that belong to no object', {
        error,
      });
    }
  }

  async #sweepOne(name: string): Promise<void> {
    // Asked before the file is looked at: one that is pending no more by now has its object, or is removed.
    if (this.#pending.has(name)) return;
    const side = await this.#readFile(name).catch((error) => {
      this.#logger.log('warn', 'a side file of the object store is left as it is', { name, error });
      return undefined;
    });
    if (side === undefined || nameOf(side.key, side.etag) !== name) return;
    if (await this.#isThere(side.key, side.etag)) return;
    await this.#files.discard(this.#pathOf(name));
  }

  async #readFile(name: string): Promise<SideFile | undefined> {
    // Most objects have none, and a failed open costs more than a look.
    if (factsAt(this.#pathOf(name)) === undefined) return undefined;
    const text = await readFile(this.#pathOf(name), 'utf8').catch((error) => {
      if (isAbsent(error)) return undefined;
      throw storeError('read', `${DESCRIPTIONS}/${name}`, error);
    });
    if (text === undefined) return undefined;
    const side = parse(text);
    if (side !== undefined) return side;
    throw new UnavailableError(`${DESCRIPTIONS}/${name} in the object store is damaged`, {
      hint: 'remove that file: its object then has the content type of its suffix and no metadata',
    });
  }

  async #isThere(key: string, etag: string): Promise<boolean> {
    const facts = factsAt(path.join(this.#root, key));
    return facts?.isFile() === true && infoOf(key, facts).etag === etag;
  }

  #pathOf(name: string): string {
    return path.join(this.#root, DESCRIPTIONS, name);
  }
}

function nameOf(key: string, etag: string): string {
  return `${createHash('sha256').update(`${key}\0${etag}`).digest('hex')}.json`;
}

/** The parser's own error would hold a piece of the text, which is nobody's business. */
function parse(text: string): SideFile | undefined {
  try {
    const side = JSON.parse(text) as Partial<SideFile> | null;
    const whole =
      typeof side?.key === 'string' &&
      typeof side.etag === 'string' &&
      typeof side.contentType === 'string' &&
      typeof side.metadata === 'object' &&
      side.metadata !== null;
    return whole ? (side as SideFile) : undefined;
  } catch {
    return undefined;
  }
}
