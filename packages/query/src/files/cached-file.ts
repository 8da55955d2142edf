import { open as openFile } from 'node:fs/promises';
import type { ChunkCopy, Extract, Selection } from '@lakewright/lake';
import type { KnownSegment } from './footers.ts';

/** An extract of a segment that a query wants. */
export interface WantedExtract {
  readonly segment: KnownSegment;
  readonly selection: Selection;
  readonly extract: Extract;
}

/** An extract that is, or is about to be, a file of this machine. Once there, it never changes. */
export class CachedFile {
  readonly path: string;
  /** Which object it is of. */
  readonly object: string;
  readonly bytes: number;
  /** Queries that use it, or wait for it. */
  users = 0;
  /** Resolves when all of it is there. */
  ready: Promise<void> = Promise.resolve();
  isReady = false;
  readonly stop = new AbortController();
  readonly #groups: ReadonlySet<number>;
  readonly #columns: ReadonlySet<string>;
  /** Where in it the chunk is that begins at this byte of the object. */
  readonly #places: ReadonlyMap<number, ChunkCopy>;

  constructor(path: string, wanted: WantedExtract) {
    const { segment, selection, extract } = wanted;
    this.path = path;
    this.object = objectOf(segment);
    this.bytes = extract.bytes;
    this.#groups = new Set(selection.groups);
    this.#columns = selection.columns;
    this.#places = new Map(extract.copies.map((copy) => [copy.start, copy]));
  }

  /** Whether a query that wants `selection` may read this: rows too many are rows that do not count. */
  covers({ groups, columns }: Selection): boolean {
    return groups.every((group) => this.#groups.has(group)) && columns.isSubsetOf(this.#columns);
  }

  has(copy: ChunkCopy): boolean {
    return this.#places.has(copy.start);
  }

  /** Gives those of `copies` that this file has to `write`. Throws when it is gone, or never came to be. */
  async copy(
    copies: readonly ChunkCopy[],
    write: (copy: ChunkCopy, bytes: Uint8Array) => Promise<void>,
  ): Promise<void> {
    await this.ready;
    const file = await openFile(this.path, 'r');
    try {
      for (const copy of copies) {
        const bytes = new Uint8Array(copy.end - copy.start);
        const { bytesRead } = await file.read(bytes, 0, bytes.length, this.#places.get(copy.start)?.at ?? 0);
        if (bytesRead !== bytes.length) throw new RangeError(`${this.path} is shorter than it was`);
        await write(copy, bytes);
      }
    } finally {
      await file.close();
    }
  }
}

/** Names one state of one object. */
export function objectOf({ key, etag }: Pick<KnownSegment, 'key' | 'etag'>): string {
  return `${key}\0${etag}`;
}
