import { messageOf, type ObjectInfo } from '@lakewright/core';
import type { NewRawObject } from '../catalog/index.ts';
import { describeRaw, isSettled } from '../raw/describe.ts';
import { DROP_PREFIXES, minutePrefix, RAW_PREFIX } from '../raw/keys.ts';
import { announceBatch } from './announcer.ts';
import { Backoff } from './backoff.ts';
import type { IngestContext } from './context.ts';
import { SeenObjects } from './seen.ts';
import { Waker } from './waker.ts';

/** Objects about which the catalog is asked in one statement. */
const BATCH = 500;
/** Minutes before the present one that a listing of the latest objects looks at. */
const RECENT_MINUTES = 2;
/** A listing may take at most about this part of the time: big folders are listed less often. */
const LISTING_SHARE = 0.1;
/** Unknown keys that are logged; the rest are only counted. */
const UNKNOWN_LOGGED = 100;

/**
 * Finds raw objects of which nobody told: dropped files, and received objects whose announcement was lost
 * with the process. Runs until `signal` is aborted; failures are logged and tried again. `onFound` is called
 * after new objects were announced.
 */
export async function reconcile(
  context: IngestContext,
  onFound: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { settings } = context;
  const received = new Reconciler(context, onFound, signal);
  const dropped = new Reconciler(context, onFound, signal);
  let nextFullMs = 0;
  await Promise.all([
    received.repeat('received objects', settings.recentListingMs, async () => {
      const now = context.clock.now();
      if (now < nextFullMs) return received.scanRecent(now);
      await received.scan(RAW_PREFIX);
      nextFullMs = now + settings.fullListingMs;
    }),
    dropped.repeat('dropped files', settings.dropListingMs, async () => {
      for (const prefix of Object.keys(DROP_PREFIXES)) await dropped.scan(prefix);
    }),
  ]);
}

class Reconciler {
  readonly #context: IngestContext;
  readonly #onFound: () => void;
  readonly #signal: AbortSignal;
  readonly #seen = new SeenObjects();
  /** Below which prefixes objects were found, so that their latest minutes can be listed. */
  readonly #groups = new Map<string, { organization: string; collector: string }>();
  readonly #unknown = new Set<string>();

  constructor(context: IngestContext, onFound: () => void, signal: AbortSignal) {
    this.#context = context;
    this.#onFound = onFound;
    this.#signal = signal;
  }

  /** Does `work` again and again, `intervalMs` apart or more when it takes long. */
  async repeat(what: string, intervalMs: number, work: () => Promise<void>): Promise<void> {
    const { settings, logger, metrics } = this.#context;
    const backoff = new Backoff(settings.backoffMs, settings.maxBackoffMs);
    const waker = new Waker();
    while (!this.#signal.aborted) {
      const started = performance.now();
      let waitMs = intervalMs;
      try {
        await work();
        backoff.succeeded();
        waitMs = Math.max(intervalMs, (performance.now() - started) / LISTING_SHARE);
      } catch (error) {
        waitMs = backoff.failed();
        metrics.failures.inc({ what: 'listing' });
        logger.log('warn', `could not look for ${what}`, { error: messageOf(error) });
      }
      await waker.wait(waitMs, this.#signal);
    }
  }

  /** Lists the latest minutes of every organization and collector of which objects were found. */
  async scanRecent(nowMs: number): Promise<void> {
    for (const group of this.#groups.values()) {
      for (let minute = RECENT_MINUTES; minute >= 0; minute--) {
        await this.scan(minutePrefix(group, nowMs - minute * 60_000));
      }
    }
  }

  /** Announces every object below `prefix` that the catalog does not know. */
  async scan(prefix: string): Promise<void> {
    let batch: NewRawObject[] = [];
    for await (const info of this.#context.store.list(prefix)) {
      if (this.#signal.aborted) return;
      const object = this.#candidate(info);
      if (object !== undefined) batch.push(object);
      if (batch.length < BATCH) continue;
      await this.#announce(batch);
      batch = [];
    }
    await this.#announce(batch);
  }

  /** The object to ask about; undefined when it is known, not whole yet, or not a raw object. */
  #candidate(info: ObjectInfo): NewRawObject | undefined {
    if (info.key.endsWith('/') || this.#seen.has(info)) return undefined;
    const { clock, settings } = this.#context;
    const received = info.key.startsWith(RAW_PREFIX);
    if (!received && !isSettled(info, clock.now(), settings.settleMs)) return undefined;
    const object = describeRaw(info);
    if (object === undefined) {
      // Names with a dot in front are how half-written dropped files are hidden on purpose.
      if (received) this.#noteUnknown(info.key);
      return undefined;
    }
    if (received) this.#groups.set(`${object.organization}/${object.collector}`, object);
    return object;
  }

  async #announce(objects: readonly NewRawObject[]): Promise<void> {
    const unknown = await this.#context.catalog.unknownObjects(objects);
    if (unknown.length > 0) {
      await announceBatch(this.#context, unknown);
      this.#onFound();
    }
    for (const object of objects) this.#seen.add(object);
  }

  #noteUnknown(key: string): void {
    if (this.#unknown.has(key)) return;
    if (this.#unknown.size < UNKNOWN_LOGGED) {
      this.#unknown.add(key);
      this.#context.logger.log('warn', 'a key among the raw objects has no known layout', { key });
    }
    this.#context.metrics.unknownKeys.inc();
  }
}
