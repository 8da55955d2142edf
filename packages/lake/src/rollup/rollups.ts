import {
  Backoff,
  type Clock,
  LimitError,
  type Logger,
  messageOf,
  NotFoundError,
  type ObjectStore,
  Waker,
} from '@lakewright/core';
import type { Registry } from 'prom-client';
import type { Catalog, RollupUnit } from '../catalog/index.ts';
import { ClaimLostError, UnreadableSegmentError } from '../errors.ts';
import { ONE_PLACE, type Places } from '../places.ts';
import type { RollupContext } from './context.ts';
import { rollupMetrics } from './metrics.ts';
import { ROLLUP_SETTINGS, type RollupSettings } from './settings.ts';
import type { Roller } from './thread.ts';
import { runUnit } from './unit-run.ts';

export interface RollupDependencies {
  readonly store: ObjectStore;
  /** Where in the store objects are; one data directory unless said otherwise. */
  readonly places?: Places;
  readonly catalog: Catalog;
  readonly roller: Roller;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly settings: Partial<RollupSettings> & Pick<RollupSettings, 'owner'>;
}

/**
 * Rolls hours of points up until `signal` is aborted, as many at once as the roller has threads, and only while
 * ingest keeps up. When aborted it ends the hours in progress, or gives them up when the roller is closed.
 * Failures of the store, the catalog or a segment are logged and tried again; they never end it.
 */
export async function runRollups(dependencies: RollupDependencies, signal: AbortSignal): Promise<void> {
  const { metrics, settings, ...rest } = dependencies;
  const context: RollupContext = {
    places: ONE_PLACE,
    ...rest,
    metrics: rollupMetrics(metrics),
    settings: { ...ROLLUP_SETTINGS, ...settings },
  };
  const rollups = new Rollups(context);
  await rollups.begin(signal);
  await Promise.all(Array.from({ length: context.roller.threads }, () => rollups.run(signal)));
}

class Rollups {
  readonly #context: RollupContext;

  constructor(context: RollupContext) {
    this.#context = context;
  }

  /** Frees what an earlier run of this process had claimed, once, before anything is claimed. */
  async begin(signal: AbortSignal): Promise<void> {
    const { catalog, settings, logger } = this.#context;
    await this.#repeat(signal, async () => {
      const count = await catalog.rollups.release(settings.owner);
      if (count > 0) logger.log('info', 'unfinished rollups are begun anew', { hours: count });
      return 'done';
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.#repeat(signal, () => this.#turn(signal));
  }

  /** Repeats `turn` until it is done: at once when it did something, after a pause when it did nothing or failed. */
  async #repeat(signal: AbortSignal, turn: () => Promise<'more' | 'idle' | 'done'>): Promise<void> {
    const { settings, metrics, logger } = this.#context;
    const backoff = new Backoff(settings.backoffMs, settings.maxBackoffMs);
    const waker = new Waker();
    while (!signal.aborted) {
      let waitMs = settings.pollMs;
      try {
        const outcome = await turn();
        backoff.succeeded();
        if (outcome === 'done') return;
        if (outcome === 'more') waitMs = 0;
      } catch (error) {
        if (signal.aborted) return;
        waitMs = backoff.failed();
        metrics.failures.inc({ what: 'turn' });
        logger.log('warn', 'rolling up is held up', { error: messageOf(error), pauseMs: waitMs });
      }
      await waker.wait(waitMs, signal);
    }
  }

  async #turn(signal: AbortSignal): Promise<'more' | 'idle'> {
    const { catalog, settings, metrics } = this.#context;
    await catalog.rollups.expireLeases();
    const { units, oldestSeconds } = await catalog.rollups.waiting();
    metrics.due.set(units);
    metrics.oldestDue.set(oldestSeconds);
    if (units === 0 || signal.aborted || (await this.#isIngestBehind())) return 'idle';
    const unit = await catalog.rollups.claim(settings.owner);
    if (unit === undefined) return 'idle';
    await this.#roll(unit);
    return 'more';
  }

  async #isIngestBehind(): Promise<boolean> {
    const { catalog, places, settings } = this.#context;
    const { oldestPendingSeconds } = await catalog.queue(places.reach);
    return oldestPendingSeconds * 1000 > settings.yieldAfterMs;
  }

  async #roll(unit: RollupUnit): Promise<void> {
    const { metrics, logger } = this.#context;
    const { table } = unit;
    const end = metrics.seconds.startTimer();
    try {
      const outcome = await runUnit(this.#context, unit);
      metrics.hours.inc({ table, outcome: outcome.kind });
      if (outcome.kind === 'kept') return;
      metrics.inputRows.inc({ table }, outcome.inputRows);
      for (const segment of outcome.segments) {
        metrics.rows.inc({ table: segment.table }, segment.rows);
        metrics.outputBytes.inc({ table: segment.table }, segment.bytes);
      }
      logger.log('debug', 'an hour was rolled up', {
        table,
        hour: new Date(unit.hour * 3_600_000).toISOString(),
        inputRows: outcome.inputRows,
        rows: outcome.segments.map(({ rows }) => rows),
        seconds: Math.round(end() * 1000) / 1000,
      });
    } catch (error) {
      await this.#failed(unit, error);
    }
  }

  /** An hour that cannot be rolled up waits, so that the others go on; what holds all of them up is thrown. */
  async #failed(unit: RollupUnit, error: unknown): Promise<void> {
    const { metrics, logger, catalog, settings, clock } = this.#context;
    const { table } = unit;
    if (error instanceof ClaimLostError) {
      metrics.hours.inc({ table, outcome: 'lost' });
      logger.log('warn', 'a rollup was lost to another worker', { error: messageOf(error) });
      return;
    }
    const isBad = error instanceof UnreadableSegmentError || error instanceof LimitError;
    // A segment was swept meanwhile, or no profile names its bucket, or one for its organization, as yet or any more.
    const isGone = error instanceof NotFoundError;
    metrics.hours.inc({ table, outcome: isBad ? 'refused' : 'failed' });
    if (isBad || isGone) {
      const hour = new Date(unit.hour * 3_600_000).toISOString();
      const [level, message] = isBad
        ? (['error', 'an hour cannot be rolled up'] as const)
        : (['warn', 'an hour will be rolled up when what is missing is there'] as const);
      logger.log(level, message, { table, hour, error: messageOf(error) });
    }
    const retryMs = isBad ? settings.retryMs : isGone ? settings.maxBackoffMs : settings.backoffMs;
    await catalog.rollups.giveBack(settings.owner, unit, clock.now() + retryMs).catch((failure: unknown) => {
      logger.log('warn', 'the claim of an hour could not be given back', { error: messageOf(failure) });
    });
    if (!isBad && !isGone) throw error;
  }
}
