import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { ObjectInfo, ObjectStore } from '../ports.ts';
import { Backoff } from './backoff.ts';
import { SeenObjects } from './seen.ts';
import { Waker } from './waker.ts';

/** Objects about which the receiver is asked at once. */
const BATCH = 500;
/** A listing may take at most about this part of the time: big folders are listed less often. */
const LISTING_SHARE = 0.1;

/** Who is told of the objects that a listing found. */
export interface ScanReceiver<Found extends { key: string; etag: string }> {
  /** What is to be made of an object, or undefined when it is not one, or not whole yet. */
  candidate(info: ObjectInfo): Found | undefined;
  /** Those of `objects` of which nobody has heard. */
  unknown(objects: readonly Found[]): Promise<readonly Found[]>;
  /** Makes objects known. Resolves when they are sure to reach their worker. */
  announce(objects: readonly Found[]): Promise<void>;
}

/**
 * Finds objects of which no notification told: files that somebody dropped, and objects whose notification
 * was lost with a process. It remembers what it has seen, so that a second listing asks about new ones only.
 */
export class PrefixScanner<Found extends { key: string; etag: string }> {
  readonly #store: ObjectStore;
  readonly #receiver: ScanReceiver<Found>;
  readonly #seen = new SeenObjects();

  constructor(store: ObjectStore, receiver: ScanReceiver<Found>) {
    this.#store = store;
    this.#receiver = receiver;
  }

  /**
   * Announces every object below `prefix` of which nobody has heard; stops early when `signal` is aborted.
   * Answers how many it announced. What the store or the receiver throws goes through, and nothing that was
   * not announced counts as seen.
   */
  async scan(prefix: string, signal: AbortSignal): Promise<number> {
    let announced = 0;
    let batch: Found[] = [];
    for await (const info of this.#store.list(prefix)) {
      if (signal.aborted) return announced;
      if (info.key.endsWith('/') || this.#seen.has(info)) continue;
      const found = this.#receiver.candidate(info);
      if (found !== undefined) batch.push(found);
      if (batch.length < BATCH) continue;
      announced += await this.#announce(batch);
      batch = [];
    }
    return announced + (await this.#announce(batch));
  }

  /** Says that an object was announced in another way, so that listings pass over it. */
  passOver(object: { key: string; etag: string }): void {
    this.#seen.add(object);
  }

  async #announce(objects: readonly Found[]): Promise<number> {
    if (objects.length === 0) return 0;
    const unknown = await this.#receiver.unknown(objects);
    if (unknown.length > 0) await this.#receiver.announce(unknown);
    for (const object of objects) this.#seen.add(object);
    return unknown.length;
  }
}

export interface Repetition {
  /** For the log: "could not look for <what>". */
  readonly what: string;
  readonly intervalMs: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  readonly logger: Logger;
  readonly onFailure: () => void;
}

/**
 * Does `work` again and again until `signal` is aborted, `intervalMs` apart, or more when it takes long.
 * Failures are logged and tried again with backoff.
 */
export async function repeatListing(
  repetition: Repetition,
  work: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { what, intervalMs, backoffMs, maxBackoffMs, logger, onFailure } = repetition;
  const backoff = new Backoff(backoffMs, maxBackoffMs);
  const waker = new Waker();
  while (!signal.aborted) {
    const started = performance.now();
    let waitMs: number;
    try {
      await work();
      backoff.succeeded();
      waitMs = Math.max(intervalMs, (performance.now() - started) / LISTING_SHARE);
    } catch (error) {
      waitMs = backoff.failed();
      onFailure();
      logger.log('warn', `could not look for ${what}`, { error: messageOf(error) });
    }
    await waker.wait(waitMs, signal);
  }
}

/**
 * Whether a file has been left alone for `settleMs`, so that it is probably whole. A time of change in the
 * future says nothing about now and counts as long ago.
 */
export function isSettled(info: ObjectInfo, nowMs: number, settleMs: number): boolean {
  return Math.abs(nowMs - info.lastModifiedMs) >= settleMs;
}
