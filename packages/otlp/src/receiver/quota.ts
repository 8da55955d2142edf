import {
  type Clock,
  type LimitBook,
  type LimitName,
  limitMessage,
  systemClock,
  TokenBucket,
} from '@lakewright/core';
import { Counter, type Registry } from 'prom-client';
import { withoutMetrics } from '../wire/without-metrics.ts';
import { ExportFailure } from './failure.ts';

/** Seconds of an organization's rate that it may save up and send at once. */
const BURST_SECONDS = 10;
/** Metric names that one answer explains. */
const MAX_NAMED = 10;
const MAX_NAME_LENGTH = 100;

/** What is known of how many series metrics have. */
export interface SeriesCounts {
  /** The metrics of `organization` that have more than `limit` series today, with how many. */
  over(organization: string, limit: number): ReadonlyMap<string, number>;
}

export interface IngestQuotaOptions {
  readonly limits: LimitBook;
  /** Without it nothing is known of series, and no metric has too many. */
  readonly series?: SeriesCounts;
  readonly metrics: Registry;
  readonly clock?: Clock;
}

/**
 * What organizations may send. It acts before anything is acknowledged, so that nothing that was is ever dropped. Share
 * one among the receivers of a process: the rate is that of all of them together.
 */
export class IngestQuota {
  readonly #limits: LimitBook;
  readonly #series: SeriesCounts | undefined;
  readonly #clock: Clock;
  readonly #refusals: Counter<'organization' | 'limit'>;
  readonly #buckets = new Map<string, { readonly perSecond: number; readonly tokens: TokenBucket }>();

  constructor({ limits, series, metrics, clock = systemClock }: IngestQuotaOptions) {
    this.#limits = limits;
    this.#series = series;
    this.#clock = clock;
    const name = 'lakewright_ingest_refusals_total';
    this.#refusals =
      (metrics.getSingleMetric(name) as Counter<'organization' | 'limit'> | undefined) ??
      new Counter({
        name,
        help: 'Requests, and for series_per_metric data points, refused by a limit of their organization',
        labelNames: ['organization', 'limit'],
        registers: [metrics],
      });
  }

  /** Throws ExportFailure when nothing of the organization is taken at all. */
  admit(organization: string): void {
    if (this.#limits.of(organization).ingest) return;
    this.#refusals.inc({ organization, limit: 'ingest' });
    throw new ExportFailure(
      'forbidden',
      this.#message(organization, 'ingest', `ingest is switched off for organization ${organization}`),
    );
  }

  /** Counts the bytes of a request. Throws ExportFailure, with the time to wait, when they are too many now. */
  charge(organization: string, bytes: number): void {
    const perSecond = this.#limits.of(organization).ingestBytesPerSecond;
    if (perSecond === undefined) return;
    const waitMs = this.#tokensOf(organization, perSecond).take(bytes);
    if (waitMs === 0) return;
    this.#refusals.inc({ organization, limit: 'ingest_bytes_per_second' });
    const what = `more than ${perSecond} bytes a second for organization ${organization}`;
    throw new ExportFailure('overloaded', this.#message(organization, 'ingestBytesPerSecond', what), {
      retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
    });
  }

  /**
   * `body`, a metrics request that is valid, without the metrics that have too many series; `reasons` says which and
   * what to do. The very same body when there is none.
   */
  withoutExcess(organization: string, body: Uint8Array): { body: Uint8Array; reasons: string[] } {
    const limit = this.#limits.of(organization).seriesPerMetric;
    const over = limit === undefined ? undefined : this.#series?.over(organization, limit);
    if (limit === undefined || over === undefined || over.size === 0) return { body, reasons: [] };
    const kept = withoutMetrics(body, (name) => over.has(name));
    const reasons = [...kept.removed].slice(0, MAX_NAMED).map((name) => {
      const shown = JSON.stringify(name.slice(0, MAX_NAME_LENGTH));
      const what = `metric ${shown} has ${over.get(name)} series today, more than ${limit}: take an attribute with many values from it`;
      return this.#message(organization, 'seriesPerMetric', what);
    });
    return { body: kept.body, reasons };
  }

  /** Counts data points that `withoutExcess` took away. */
  countExcess(organization: string, points: number): void {
    this.#refusals.inc({ organization, limit: 'series_per_metric' }, points);
  }

  #tokensOf(organization: string, perSecond: number): TokenBucket {
    const known = this.#buckets.get(organization);
    if (known?.perSecond === perSecond) return known.tokens;
    const tokens = new TokenBucket({ perSecond, burst: perSecond * BURST_SECONDS, clock: this.#clock });
    this.#buckets.set(organization, { perSecond, tokens });
    return tokens;
  }

  #message(organization: string, limit: LimitName, what: string): string {
    return limitMessage(this.#limits, organization, limit, what);
  }
}
