import { Backoff, type Logger, messageOf, Waker } from '@lakewright/core';
import { Counter, Histogram, type Registry } from 'prom-client';
import type { IcebergPublisher } from './publisher.ts';

/**
 * Publishes at an interval until `signal` is aborted; the publication in progress is ended first. Failures are
 * logged and tried again; they never end it.
 */
export async function runIceberg(
  { publisher, logger, metrics }: { publisher: IcebergPublisher; logger: Logger; metrics: Registry },
  signal: AbortSignal,
): Promise<void> {
  const { settings } = publisher;
  const { tables, seconds, failures, removed } = icebergMetrics(metrics);
  const backoff = new Backoff(settings.backoffMs, settings.maxBackoffMs);
  const waker = new Waker();
  while (!signal.aborted) {
    let waitMs = settings.intervalMs;
    const end = seconds.startTimer();
    try {
      for (const { table, operation } of await publisher.publish()) {
        tables.inc({ table, operation: operation ?? 'none' });
      }
      removed.inc(await publisher.removeLeftOvers());
      backoff.succeeded();
    } catch (error) {
      waitMs = backoff.failed();
      failures.inc();
      logger.log('warn', 'publishing Iceberg tables is held up', {
        error: messageOf(error),
        pauseMs: waitMs,
      });
    }
    end();
    await waker.wait(waitMs, signal);
  }
}

function icebergMetrics(registry: Registry) {
  const registers = [registry];
  return {
    tables: new Counter({
      name: 'lakewright_iceberg_published_total',
      help: 'Versions of Iceberg tables that were published, by what their snapshots did',
      labelNames: ['table', 'operation'],
      registers,
    }),
    removed: new Counter({
      name: 'lakewright_iceberg_removed_files_total',
      help: 'Metadata files that no snapshot needed any more',
      registers,
    }),
    failures: new Counter({
      name: 'lakewright_iceberg_failures_total',
      help: 'Times that publishing did not work',
      registers,
    }),
    seconds: new Histogram({
      name: 'lakewright_iceberg_publish_seconds',
      help: 'Seconds that publishing all tables took',
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
      registers,
    }),
  };
}
