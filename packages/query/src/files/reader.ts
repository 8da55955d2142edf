import { setTimeout as delay } from 'node:timers/promises';
import {
  Backoff,
  BadInputError,
  NotFoundError,
  type ObjectRange,
  type ObjectStore,
  PreconditionError,
  UnavailableError,
} from '@lakewright/core';
import { CancelledError, SegmentReadError } from '../errors.ts';
import type { CacheLimits } from './limits.ts';
import { Turns } from './turns.ts';

/** Reads parts of segments, so many at a time, and again when the store was away. */
export class RangeReader {
  readonly #store: ObjectStore;
  readonly #limits: CacheLimits;
  readonly #onRead: (bytes: number) => void;
  readonly #turns: Turns;

  constructor(store: ObjectStore, limits: CacheLimits, onRead: (bytes: number) => void) {
    this.#store = store;
    this.#limits = limits;
    this.#onRead = onRead;
    this.#turns = new Turns(limits.maxConcurrentReads);
  }

  /** Throws SegmentReadError, CancelledError, UnavailableError, and what else the store throws. */
  async read(
    key: string,
    range: { readonly start: number; readonly end: number; readonly etag?: string },
    signal: AbortSignal,
  ): Promise<ObjectRange> {
    const { maxReadAttempts, backoffMs, maxBackoffMs } = this.#limits;
    const backoff = new Backoff(backoffMs, maxBackoffMs);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#turns.run(async () => {
          if (signal.aborted) throw new CancelledError();
          const read = await this.#store.read(key, range);
          this.#onRead(read.bytes.length);
          return read;
        });
      } catch (error) {
        if (!(error instanceof UnavailableError) || attempt >= maxReadAttempts)
          throw segmentError(key, error);
        await delay(backoff.failed(), undefined, { signal }).catch(() => {
          throw new CancelledError();
        });
      }
    }
  }
}

function segmentError(key: string, error: unknown): unknown {
  if (error instanceof NotFoundError) {
    return new SegmentReadError(key, 'its object is not in the store', { cause: error });
  }
  if (error instanceof PreconditionError) {
    return new SegmentReadError(key, 'its object was replaced while it was read', {
      hint: 'ask again',
      cause: error,
    });
  }
  if (error instanceof BadInputError) {
    return new SegmentReadError(key, 'its object is shorter than the catalog says', { cause: error });
  }
  return error;
}
