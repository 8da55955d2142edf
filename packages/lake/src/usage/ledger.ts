import { type Clock, type Logger, messageOf, Waker } from '@lakewright/core';
import { Gauge, type Registry } from 'prom-client';
import type { Catalog, MetricCount } from '../catalog/index.ts';
import { catalogName } from '../catalog/text.ts';
import type { MetricSeries } from '../types.ts';
import { dayOf } from './days.ts';
import { Distinct } from './distinct.ts';

/**
 * Metric names that one process counts in a day: 4 KiB each at most. Others, and names of more than 500 characters, are
 * not guarded.
 */
const MAX_METRICS = 10_000;
/** Between two writes of what was counted. */
const FLUSH_MS = 2_000;
/** Days that the catalog remembers. */
const KEPT_DAYS = 8;

export interface LedgerDependencies {
  readonly catalog: Pick<Catalog, 'series'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Registry;
}

type Entry = MetricCount & { changed: boolean };

/**
 * Counts the series that this process ingests and adds them to the catalog now and then. What a crash loses is counted
 * again with the next points of the same series: counting twice counts once.
 */
export class SeriesLedger {
  readonly #deps: LedgerDependencies;
  #day: number;
  #entries = new Map<string, Entry>();
  #forgotDay = -1;

  constructor(deps: LedgerDependencies) {
    this.#deps = deps;
    this.#day = dayOf(deps.clock.now());
    const counted = () => this.#entries.size;
    new Gauge({
      name: 'lakewright_series_counted_metrics',
      help: `Metric names whose series this process counts today, at most ${MAX_METRICS}`,
      registers: [deps.metrics],
      collect() {
        this.set(counted());
      },
    });
  }

  /** Counts series of `organization` that arrived. */
  note(organization: string, metrics: readonly MetricSeries[]): void {
    this.#turn();
    for (const { metric, ids } of metrics) {
      const entry = this.#entryOf(organization, metric);
      if (entry === undefined) continue;
      for (const id of ids) if (entry.distinct.add(id)) entry.changed = true;
    }
  }

  /** Writes what changed. Throws UnavailableError; it is written at the next time then. */
  async flush(): Promise<void> {
    const day = this.#day;
    const changed = [...this.#entries.values()].filter((entry) => entry.changed);
    for (const entry of changed) entry.changed = false;
    try {
      if (changed.length > 0) await this.#deps.catalog.series.merge(day, changed);
    } catch (error) {
      for (const entry of changed) entry.changed = true;
      throw error;
    }
    if (this.#forgotDay === day) return;
    await this.#deps.catalog.series.forgetBefore(day - KEPT_DAYS);
    this.#forgotDay = day;
  }

  /** Flushes until `signal` is aborted, and once more then. Failures are logged and tried again. */
  async run(signal: AbortSignal, everyMs = FLUSH_MS): Promise<void> {
    const waker = new Waker();
    for (;;) {
      await waker.wait(everyMs, signal);
      await this.flush().catch((error: unknown) => {
        this.#deps.logger.log('warn', 'the series of metrics could not be counted', {
          error: messageOf(error),
        });
      });
      if (signal.aborted) return;
    }
  }

  /** A new day begins with nothing; what was not written of the old one is left. */
  #turn(): void {
    const today = dayOf(this.#deps.clock.now());
    if (today === this.#day) return;
    this.#day = today;
    this.#entries = new Map();
  }

  #entryOf(organization: string, metric: string): Entry | undefined {
    const key = `${organization} ${metric}`;
    const known = this.#entries.get(key);
    if (known !== undefined || this.#entries.size >= MAX_METRICS) return known;
    if (catalogName(metric) !== metric) return undefined;
    const entry = { organization, metric, distinct: new Distinct(), changed: false };
    this.#entries.set(key, entry);
    return entry;
  }
}
