import { rm } from 'node:fs/promises';
import type { ObjectStore } from '@lakewright/core';
import { keptGroups, type PlannedSegment, planExtract } from '@lakewright/lake';
import type { Registry } from 'prom-client';
import { CancelledError, SegmentReadError } from '../errors.ts';
import type { WantedExtract } from './cached-file.ts';
import { processDirectory } from './directory.ts';
import { ExtractCache } from './extract-cache.ts';
import { Footers, type KnownSegment } from './footers.ts';
import { CACHE_LIMITS, type CacheLimits } from './limits.ts';
import { cacheMetrics } from './metrics.ts';
import { RangeReader } from './reader.ts';
import type { OpenFiles, SegmentFiles, WantedSegments } from './segment-files.ts';

export interface RemoteFilesOptions {
  readonly store: ObjectStore;
  /**
   * Where the files are: processes may share it, since each has a directory of its own below it. What a process
   * leaves when it dies is removed by the next one of the same machine.
   */
  readonly directory: string;
  readonly limits?: Partial<CacheLimits>;
  readonly metrics: Registry;
}

/**
 * The segments of a store that is not on this machine: of each, the footer is read, then the column chunks that
 * are wanted, which become a Parquet file of their own. Throws ConfigError and node's errors when there can be
 * no such files in `directory`.
 */
export async function remoteFiles(options: RemoteFilesOptions): Promise<SegmentFiles> {
  const directory = await processDirectory(options.directory);
  const limits = { ...CACHE_LIMITS, ...options.limits };
  const metrics = cacheMetrics(options.metrics, () => cache.bytes);
  const reader = new RangeReader(options.store, limits, metrics.read);
  const cache: ExtractCache = new ExtractCache(directory, limits, reader);
  return new RemoteFiles(directory, new Footers(reader, limits), cache, limits);
}

/** Nothing of the segment is wanted, or these parts of it. */
type Planned = { readonly bytesRead: number; readonly wanted: WantedExtract | undefined };

class RemoteFiles implements SegmentFiles {
  readonly #directory: string;
  readonly #footers: Footers;
  readonly #cache: ExtractCache;
  readonly #limits: CacheLimits;
  readonly #closing = new AbortController();

  constructor(directory: string, footers: Footers, cache: ExtractCache, limits: CacheLimits) {
    this.#directory = directory;
    this.#footers = footers;
    this.#cache = cache;
    this.#limits = limits;
  }

  async open(wanted: readonly WantedSegments[], signal?: AbortSignal): Promise<OpenFiles> {
    const stop = new AbortController();
    const ends = [stop.signal, this.#closing.signal, ...(signal === undefined ? [] : [signal])];
    const either = AbortSignal.any(ends);
    const opening = this.#open(wanted, either);
    try {
      return await untilAborted(opening, either);
    } catch (error) {
      // What else this query was reading is of no use now.
      stop.abort();
      opening.then(
        (files) => files.release(),
        () => undefined,
      );
      if (error instanceof SegmentReadError) this.#footers.forget(error.key);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#cache.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #open(wanted: readonly WantedSegments[], signal: AbortSignal): Promise<OpenFiles> {
    const planned = await Promise.all(
      wanted.map((one) => Promise.all(one.segments.map((segment) => this.#plan(one, segment, signal)))),
    );
    return this.#files(planned, signal);
  }

  async #plan(wanted: WantedSegments, segment: PlannedSegment, signal: AbortSignal): Promise<Planned> {
    const known = await this.#footers.of(segment, signal);
    try {
      return this.#planOf(wanted, segment, known);
    } catch (error) {
      if (error instanceof RangeError)
        throw new SegmentReadError(segment.key, error.message, { cause: error });
      throw error;
    }
  }

  #planOf(wanted: WantedSegments, segment: PlannedSegment, known: KnownSegment): Planned {
    const { layout } = known;
    const footerBytes = layout.footer.length;
    const groups = keptGroups(layout, wanted.conditions);
    if (groups.length === 0) return { bytesRead: footerBytes, wanted: undefined };
    const selection = this.#selection(known, segment, groups, wanted.columns);
    const extract = planExtract(layout, selection);
    const chunkBytes = extract.copies.reduce((sum, { start, end }) => sum + end - start, 0);
    return { bytesRead: footerBytes + chunkBytes, wanted: { segment: known, selection, extract } };
  }

  /** All of a small object, which came with its footer. */
  #selection(
    { layout }: KnownSegment,
    { bytes }: PlannedSegment,
    groups: readonly number[],
    columns: ReadonlySet<string>,
  ) {
    const isSmall = bytes <= this.#limits.smallObjectBytes;
    const all = () => new Set(layout.groups.flatMap(({ chunks }) => chunks.map(({ column }) => column)));
    return {
      groups: isSmall ? [...layout.groups.keys()] : groups,
      columns: isSmall ? all() : columns,
    };
  }

  async #files(planned: readonly (readonly Planned[])[], signal: AbortSignal): Promise<OpenFiles> {
    const all = planned.flat();
    const wanted = all.flatMap((each) => (each.wanted === undefined ? [] : [each.wanted]));
    const files = await this.#cache.take(wanted, signal);
    try {
      await untilAborted(Promise.all(files.map(({ ready }) => ready)), signal);
    } catch (error) {
      this.#cache.release(files);
      throw error;
    }
    const pathOf = new Map(wanted.map((each, i) => [each, files[i].path]));
    let released = false;
    return {
      paths: planned.map((of) => of.map((each) => each.wanted && pathOf.get(each.wanted))),
      bytesRead: all.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
      release: () => {
        if (!released) this.#cache.release(files);
        released = true;
      },
    };
  }
}

/** What `work` resolves to; throws CancelledError as soon as `signal` is aborted. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(new CancelledError());
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([aborted.promise, work]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
