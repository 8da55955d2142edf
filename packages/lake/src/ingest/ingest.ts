import { Backoff, messageOf, UnavailableError, Waker } from '@lakewright/core';
import type { ClaimedObject } from '../catalog/index.ts';
import type { Cooker } from '../types.ts';
import type { SeriesLedger } from '../usage/index.ts';
import { announceInbox } from './announcer.ts';
import { ClaimRun } from './claim-run.ts';
import { contextOf, type IngestContext, type IngestMeans } from './context.ts';
import { housekeep } from './housekeeping.ts';
import { IngestInbox } from './inbox.ts';
import { reconcile } from './reconcile.ts';

export interface IngestDependencies extends IngestMeans {
  readonly cooker: Cooker;
  /** Where the group committer of this process tells of new objects. */
  readonly inbox: IngestInbox;
  /** Is told the series of what is published. */
  readonly series?: SeriesLedger;
}

/**
 * Turns raw objects into published segments until `signal` is aborted: hears of them through the inbox and
 * by listing, claims them, cooks them, stores the segments and publishes them. When aborted it publishes what
 * is cooked, gives back the rest of its claims and resolves. Failures of the store, the catalog or an object
 * are logged and tried again; they never end it.
 */
export async function runIngest(dependencies: IngestDependencies, signal: AbortSignal): Promise<void> {
  const { inbox, cooker, series } = dependencies;
  const context = { ...contextOf(dependencies), cooker, series };
  await Promise.all([
    new Ingest(context, inbox).run(signal),
    reconcile(context, () => inbox.found(), signal),
  ]);
}

/** As `runIngest`, for a process beside others: it claims what somebody else told the catalog of. */
export async function runIngestWorker(
  dependencies: Omit<IngestDependencies, 'inbox'>,
  signal: AbortSignal,
): Promise<void> {
  const { cooker, series } = dependencies;
  const context = { ...contextOf(dependencies), cooker, series };
  await new Ingest(context, new IngestInbox()).run(signal);
}

class Ingest {
  readonly #context: IngestContext;
  readonly #inbox: IngestInbox;
  readonly #waker = new Waker();
  readonly #turnBackoff: Backoff;
  readonly #runBackoff: Backoff;
  readonly #runs = new Map<ClaimRun, Promise<void>>();
  /** Claims that ended without a result and could not be given back yet. */
  #owed: bigint[] = [];
  #released = false;
  /** Until when nothing is claimed, because the store or the catalog failed. */
  #pausedUntilMs = 0;
  #announceAtMs = 0;
  /** When objects that were heard of have been gathered for long enough. */
  #ripeAtMs: number[] = [];

  constructor(context: IngestContext, inbox: IngestInbox) {
    this.#context = context;
    this.#inbox = inbox;
    const { backoffMs, maxBackoffMs } = context.settings;
    this.#turnBackoff = new Backoff(backoffMs, maxBackoffMs);
    this.#runBackoff = new Backoff(backoffMs, maxBackoffMs);
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#inbox.onPush(() => this.#heard());
    await Promise.all([this.#dispatch(signal), housekeep(this.#context, () => this.#openIds(), signal)]);
  }

  async #dispatch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#turn(signal);
      await this.#waker.wait(this.#waitMs(), signal);
    }
    await Promise.all(this.#runs.values());
    await this.#guarded(this.#turnBackoff, async () => {
      await announceInbox(this.#context, this.#inbox);
      await this.#payBack();
    });
  }

  /** Does what can be done now. */
  async #turn(signal: AbortSignal): Promise<void> {
    const now = this.#context.clock.now();
    if (now < this.#pausedUntilMs) return;
    this.#ripeAtMs = this.#ripeAtMs.filter((ripeAtMs) => ripeAtMs > now);
    await this.#guarded(this.#turnBackoff, async () => {
      await this.#releaseOnce();
      await this.#payBack();
      if (now >= this.#announceAtMs) {
        this.#announceAtMs = Number.POSITIVE_INFINITY;
        this.#ripeAtMs.push(now + this.#context.settings.intervalMs);
        await announceInbox(this.#context, this.#inbox);
      }
      while (this.#runs.size < this.#context.settings.workers && !signal.aborted) {
        const claimed = await this.#claim();
        if (claimed.length === 0) return;
        this.#start(claimed, signal);
      }
    });
  }

  #claim(): Promise<ClaimedObject[]> {
    const { catalog, clock, places, settings } = this.#context;
    return catalog.claim({
      owner: settings.owner,
      maxBytes: settings.claimBytes,
      maxObjects: settings.claimObjects,
      ripeBeforeMs: clock.now() - settings.intervalMs,
      ripeBytes: settings.ripeBytes,
      signals: settings.signals,
      reach: places.reach,
    });
  }

  #start(claimed: readonly ClaimedObject[], signal: AbortSignal): void {
    const run = new ClaimRun(this.#context, claimed);
    const ended = this.#guarded(this.#runBackoff, async () => {
      try {
        await run.run(signal);
      } finally {
        this.#owed.push(...run.open.keys());
      }
      await this.#payBack();
    }).then(() => {
      this.#runs.delete(run);
      this.#waker.wake();
    });
    this.#runs.set(run, ended);
  }

  /** Runs `work`; its failure is logged and pauses everything for a while. */
  async #guarded(backoff: Backoff, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      backoff.succeeded();
    } catch (error) {
      const pauseMs = backoff.failed();
      this.#pausedUntilMs = this.#context.clock.now() + pauseMs;
      const what = error instanceof UnavailableError ? 'unavailable' : 'unexpected';
      this.#context.metrics.failures.inc({ what });
      this.#context.logger.log(what === 'unavailable' ? 'warn' : 'error', 'ingest is held up', {
        error: messageOf(error),
        pauseMs,
      });
    }
  }

  /** Frees what this owner held when it last died. */
  async #releaseOnce(): Promise<void> {
    if (this.#released) return;
    const count = await this.#context.catalog.release(this.#context.settings.owner);
    this.#released = true;
    if (count > 0) this.#context.logger.log('info', 'took up unfinished objects again', { count });
  }

  async #payBack(): Promise<void> {
    if (this.#owed.length === 0) return;
    const owed = this.#owed;
    this.#owed = [];
    try {
      await this.#context.catalog.giveBack(this.#context.settings.owner, owed);
    } catch (error) {
      this.#owed.push(...owed);
      throw error;
    }
  }

  #openIds(): bigint[] {
    return [...this.#runs.keys()].flatMap((run) => [...run.open.keys()]);
  }

  /** A new object: it is announced a little later, together with those that follow it. */
  #heard(): void {
    const { clock, settings } = this.#context;
    if (this.#announceAtMs !== Number.POSITIVE_INFINITY) return;
    const now = clock.now();
    this.#announceAtMs = now + settings.intervalMs / 5;
    this.#ripeAtMs.push(now + settings.intervalMs);
    this.#waker.wake();
  }

  /** Milliseconds until there may be something to do. */
  #waitMs(): number {
    const { clock, settings } = this.#context;
    const now = clock.now();
    if (now < this.#pausedUntilMs) return this.#pausedUntilMs - now;
    return Math.max(
      0,
      Math.min(settings.idleMs, this.#announceAtMs - now, ...this.#ripeAtMs.map((at) => at - now)),
    );
  }
}
