import { randomBytes } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { LimitError } from '@lakewright/core';
import { CancelledError } from '../errors.ts';
import { CachedFile, objectOf, type WantedExtract } from './cached-file.ts';
import { writeExtract } from './fetch.ts';
import type { CacheLimits } from './limits.ts';
import type { RangeReader } from './reader.ts';
import { Turns } from './turns.ts';

/** A query that waits for others to let go of their files. */
interface Waiter {
  readonly wanted: readonly WantedExtract[];
  readonly given: PromiseWithResolvers<CachedFile[]>;
}

/** Which files a query is to use, and what it takes to have them all. */
interface Placement {
  readonly covering: readonly (CachedFile | undefined)[];
  /** Bytes of files that nobody uses now and of those that have to be made. */
  readonly bytes: number;
  readonly newBytes: number;
}

/**
 * Files of one directory with extracts of segments, of `maxCachedBytes` at most. Those that no query uses are
 * removed for others, the longest unused ones first. A query takes all its files at once or waits, first come,
 * first served, so that no two can wait for each other.
 */
export class ExtractCache {
  readonly #directory: string;
  readonly #limits: CacheLimits;
  readonly #reader: RangeReader;
  readonly #writing: Turns;
  /** The one that was longest not used first. */
  readonly #files = new Set<CachedFile>();
  readonly #waiting: Waiter[] = [];
  /** Of all files, and of those that may not be removed now. */
  #bytes = 0;
  #usedBytes = 0;

  constructor(directory: string, limits: CacheLimits, reader: RangeReader) {
    this.#directory = directory;
    this.#limits = limits;
    this.#reader = reader;
    this.#writing = new Turns(limits.maxConcurrentReads);
  }

  /** Bytes of all files, those on their way included. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The files of `wanted`, in order, made or on their way: see `ready` of each. Each has to be released once.
   * Throws LimitError (`maxCachedBytes`) for more than can ever be here at once, CancelledError.
   */
  async take(wanted: readonly WantedExtract[], signal: AbortSignal): Promise<CachedFile[]> {
    const bytes = wanted.reduce((sum, { extract }) => sum + extract.bytes, 0);
    const { maxCachedBytes } = this.#limits;
    if (bytes > maxCachedBytes) {
      throw new LimitError(
        'maxCachedBytes',
        `the query needs ${bytes} bytes of segments on this machine at once; at most ${maxCachedBytes} are kept`,
        { hint: 'narrow it with start and end, with conditions on service_name, or ask for fewer columns' },
      );
    }
    const now = this.#waiting.length === 0 ? this.#place(wanted) : undefined;
    if (now !== undefined) return now;
    const waiter = { wanted, given: Promise.withResolvers<CachedFile[]>() };
    this.#waiting.push(waiter);
    const leave = () => {
      const at = this.#waiting.indexOf(waiter);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      waiter.given.reject(new CancelledError());
      this.#admit();
    };
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    return waiter.given.promise.finally(() => signal.removeEventListener('abort', leave));
  }

  /** Ends one use of each of `files`. What nobody wants any more is not fetched to its end. */
  release(files: readonly CachedFile[]): void {
    for (const file of files) {
      file.users--;
      if (file.users > 0 || !this.#files.has(file)) continue;
      if (file.isReady) this.#unused(file);
      else file.stop.abort();
    }
    this.#admit();
  }

  /** Gives up what is being fetched. */
  async close(): Promise<void> {
    for (const { given } of this.#waiting.splice(0)) given.reject(new CancelledError());
    const fetching = [...this.#files].filter(({ isReady }) => !isReady);
    for (const { stop } of fetching) stop.abort();
    await Promise.allSettled(fetching.map(({ ready }) => ready));
  }

  #admit(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const files = this.#place(first.wanted);
      if (files === undefined) return;
      this.#waiting.shift();
      first.given.resolve(files);
    }
  }

  /** Takes the files if there is room for all of them. */
  #place(wanted: readonly WantedExtract[]): CachedFile[] | undefined {
    let placement = this.#placement(wanted, (each) => this.#covering(each));
    const fits = () => this.#usedBytes + placement.bytes <= this.#limits.maxCachedBytes;
    // A file with more than is wanted may be what does not fit.
    if (!fits() && this.#usedBytes === 0) placement = this.#placement(wanted, () => undefined);
    if (!fits()) return undefined;
    for (const file of placement.covering) if (file !== undefined) this.#use(file);
    this.#evict(placement.newBytes);
    return wanted.map((each, i) => placement.covering[i] ?? this.#make(each));
  }

  #placement(
    wanted: readonly WantedExtract[],
    coveringOf: (wanted: WantedExtract) => CachedFile | undefined,
  ): Placement {
    const covering = wanted.map(coveringOf);
    const newBytes = wanted.reduce((sum, each, i) => sum + (covering[i] ? 0 : each.extract.bytes), 0);
    const unused = new Set(covering.filter((file) => file?.users === 0));
    const unusedBytes = [...unused].reduce((sum, file) => sum + (file?.bytes ?? 0), 0);
    return { covering, newBytes, bytes: newBytes + unusedBytes };
  }

  #covering({ segment, selection }: WantedExtract): CachedFile | undefined {
    const object = objectOf(segment);
    for (const file of this.#files) {
      const isGivenUp = !file.isReady && file.stop.signal.aborted;
      if (file.object === object && !isGivenUp && file.covers(selection)) return file;
    }
    return undefined;
  }

  #use(file: CachedFile): void {
    if (file.users === 0) this.#usedBytes += file.bytes;
    file.users++;
  }

  #unused(file: CachedFile): void {
    this.#usedBytes -= file.bytes;
    this.#files.delete(file);
    this.#files.add(file);
  }

  #evict(newBytes: number): void {
    for (const file of this.#files) {
      if (this.#bytes + newBytes <= this.#limits.maxCachedBytes) return;
      if (file.users === 0 && file.isReady) this.#remove(file);
    }
  }

  #make(wanted: WantedExtract): CachedFile {
    const name = `${randomBytes(12).toString('hex')}.parquet`;
    const file = new CachedFile(join(this.#directory, name), wanted);
    const siblings = [...this.#files].filter(({ object }) => object === file.object);
    this.#files.add(file);
    this.#bytes += file.bytes;
    this.#use(file);
    const sources = { reader: this.#reader, limits: this.#limits, siblings };
    file.ready = this.#writing
      .run(() => writeExtract(file, wanted, sources))
      .then(
        () => {
          file.isReady = true;
          if (file.users === 0) this.#unused(file);
          this.#admit();
        },
        (error: unknown) => {
          this.#usedBytes -= file.bytes;
          this.#remove(file);
          this.#admit();
          throw error;
        },
      );
    // Whoever takes the file hears of it; when nobody wants it any more, nobody has to.
    file.ready.catch(() => undefined);
    return file;
  }

  #remove(file: CachedFile): void {
    this.#files.delete(file);
    this.#bytes -= file.bytes;
    try {
      unlinkSync(file.path);
    } catch {
      // It never came to be.
    }
  }
}
