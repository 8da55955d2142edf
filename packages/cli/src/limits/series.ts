import type { Clock, Logger } from '@lakewright/core';
import type { Catalog, SeriesLedger } from '@lakewright/lake';
import type { SeriesCounts } from '@lakewright/otlp';
import type { Registry } from 'prom-client';

export interface SeriesGuardParts {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Registry;
}

/** The two ends of the guard against metrics with too many series, in a process that ingests and receives. */
export interface RunningSeriesGuard {
  /** For ingest, which counts. */
  readonly ledger: SeriesLedger;
  /** For the receivers, which ask. */
  readonly counts: SeriesCounts;
  /** Writes what was counted. */
  close(): Promise<void>;
}

/** Counts series and knows the counts; what nobody has counted yet is not over any limit. */
export async function startSeriesGuard(parts: SeriesGuardParts): Promise<RunningSeriesGuard> {
  const { SeriesLedger: Ledger, SeriesWatch } = await import('@lakewright/lake');
  const ledger = new Ledger(parts);
  const counts = new SeriesWatch(parts);
  const stop = new AbortController();
  const running = Promise.all([ledger.run(stop.signal), counts.run(stop.signal)]);
  return {
    ledger,
    counts,
    async close() {
      stop.abort();
      await running;
    },
  };
}
