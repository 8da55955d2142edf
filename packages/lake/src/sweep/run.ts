import { Backoff, type Clock, type Logger, messageOf, type ObjectStore, Waker } from '@lakewright/core';
import { Counter, type Registry } from 'prom-client';
import type { Catalog } from '../catalog/index.ts';
import { ONE_PLACE, type Places } from '../places.ts';
import type { SweepReport } from './report.ts';
import { type SweepSettings, sweepSettings } from './settings.ts';
import { Sweeper } from './sweeper.ts';

export interface SweepDependencies {
  readonly store: ObjectStore;
  /** Where in the store objects are; one data directory unless said otherwise. */
  readonly places?: Places;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly settings?: Partial<SweepSettings>;
}

/** A sweeper over a lake. Throws ConfigError for settings that would take files from under queries. */
export function createSweeper(dependencies: Omit<SweepDependencies, 'metrics'>): Sweeper {
  const { settings = {}, ...rest } = dependencies;
  return new Sweeper({
    places: ONE_PLACE,
    ...rest,
    runningMs: () => performance.now(),
    settings: sweepSettings(settings, rest.catalog.settings.leaseMs),
  });
}

/**
 * Sweeps until `signal` is aborted; the sweep in progress is ended first. Failures are logged and tried again;
 * they never end it. Throws ConfigError as createSweeper does.
 */
export async function runSweeper(
  { sweeper, ...dependencies }: SweepDependencies & { readonly sweeper: Sweeper },
  signal: AbortSignal,
): Promise<void> {
  const { logger } = dependencies;
  const settings = sweepSettings(dependencies.settings ?? {}, dependencies.catalog.settings.leaseMs);
  const count = sweepMetrics(dependencies.metrics);
  const backoff = new Backoff(settings.backoffMs, settings.maxBackoffMs);
  const waker = new Waker();
  let orphansAtMs = performance.now();
  while (!signal.aborted) {
    let waitMs = settings.intervalMs;
    try {
      const orphans = performance.now() >= orphansAtMs;
      const report = await sweeper.sweep({ orphans });
      if (orphans) orphansAtMs = performance.now() + settings.orphanIntervalMs;
      count(report);
      tell(logger, report);
      backoff.succeeded();
    } catch (error) {
      waitMs = backoff.failed();
      count('failure');
      logger.log('warn', 'sweeping is held up', { error: messageOf(error), pauseMs: waitMs });
    }
    await waker.wait(waitMs, signal);
  }
}

const REMOVED = ['retired', 'orphans', 'rawObjects'] as const;

function tell(logger: Logger, report: SweepReport): void {
  const removed = REMOVED.filter((what) => report[what].count > 0);
  for (const what of removed) logger.log('debug', 'objects were removed', { what, ...report[what] });
  if (report.expired.count > 0)
    logger.log('info', 'segments are past their retention', { ...report.expired });
}

function sweepMetrics(registry: Registry): (event: SweepReport | 'failure') => void {
  const registers = [registry];
  const counter = (name: string, help: string) =>
    new Counter({ name: `lakewright_sweep_${name}`, help, labelNames: ['what'], registers });
  const objects = counter('removed_objects_total', 'Objects that the sweeper removed');
  const bytes = counter('removed_bytes_total', 'Bytes of the objects that the sweeper removed');
  const failures = counter('failures_total', 'Sweeps that failed, and objects that could not be removed');
  return (event) => {
    if (event === 'failure') return failures.inc({ what: 'sweep' });
    for (const what of REMOVED) {
      objects.inc({ what }, event[what].count);
      bytes.inc({ what }, event[what].bytes);
    }
    failures.inc({ what: 'object' }, event.failed);
  };
}
