import { type Clock, type Logger, messageOf, Waker } from '@lakewright/core';
import type { SeriesCounts } from '@lakewright/otlp';
import type { Catalog } from '../catalog/index.ts';
import { dayOf } from './days.ts';

/** Metrics that are looked at, those with the most series first. */
const MAX_METRICS = 10_000;
/** Between two looks at the catalog. */
const LOOK_MS = 2_000;

export interface SeriesWatchDependencies {
  readonly catalog: Pick<Catalog, 'series'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Knows, from the catalog, which metrics have many series today: what a receiver asks before it takes points. While the
 * catalog is away it goes by what it knew; a new UTC day begins with nothing.
 */
export class SeriesWatch implements SeriesCounts {
  readonly #deps: SeriesWatchDependencies;
  #day = -1;
  #counts = new Map<string, [metric: string, series: number][]>();

  constructor(deps: SeriesWatchDependencies) {
    this.#deps = deps;
  }

  over(organization: string, limit: number): ReadonlyMap<string, number> {
    const today = dayOf(this.#deps.clock.now()) === this.#day;
    const counts = today ? (this.#counts.get(organization) ?? []) : [];
    // The largest come first, so that this ends at once where all is well.
    const end = counts.findIndex(([, series]) => series <= limit);
    return new Map(end < 0 ? counts : counts.slice(0, end));
  }

  /** Looks at the catalog. Throws UnavailableError. */
  async look(): Promise<void> {
    const day = dayOf(this.#deps.clock.now());
    const counts = new Map<string, [string, number][]>();
    for (const { organization, metric, series } of await this.#deps.catalog.series.largest(
      day,
      MAX_METRICS,
    )) {
      const known = counts.get(organization);
      if (known === undefined) counts.set(organization, [[metric, series]]);
      else known.push([metric, series]);
    }
    this.#day = day;
    this.#counts = counts;
  }

  /** Looks until `signal` is aborted. Failures are logged and tried again. */
  async run(signal: AbortSignal, everyMs = LOOK_MS): Promise<void> {
    const waker = new Waker();
    while (!signal.aborted) {
      await this.look().catch((error: unknown) => {
        this.#deps.logger.log('warn', 'the series of metrics are not known', { error: messageOf(error) });
      });
      await waker.wait(everyMs, signal);
    }
  }
}
