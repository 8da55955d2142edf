const HOUR_MS = 3_600_000;

/** How rollups go about their work. Every time is in milliseconds. */
export interface RollupSettings {
  /** The name under which this process claims; the same at every start, another one in every process. */
  readonly owner: string;
  /** How old an hour's rollup gets before points that came since are rolled up, while points come. */
  readonly intervalMs: number;
  /** An hour that took long waits so many times as long as it took: what is rolled again and again stays cheap. */
  readonly restRatio: number;
  /** Between two looks for hours that are due. */
  readonly pollMs: number;
  /** Nothing is rolled up while a raw object waits longer than this to be ingested. */
  readonly yieldAfterMs: number;
  /** How long to wait after the first failure; it doubles up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** How long an hour waits that cannot be rolled up as it is. */
  readonly retryMs: number;
}

export const ROLLUP_SETTINGS: Omit<RollupSettings, 'owner'> = {
  intervalMs: 60_000,
  restRatio: 10,
  pollMs: 2000,
  yieldAfterMs: 5000,
  backoffMs: 1000,
  maxBackoffMs: 60_000,
  retryMs: 600_000,
};

/**
 * When an hour that was rolled up at `nowMs`, which took `tookMs`, may be again: after its interval or its rest,
 * but not later than an interval after it is over.
 */
export function dueAgainMs(
  hour: number,
  nowMs: number,
  tookMs: number,
  { intervalMs, restRatio }: Pick<RollupSettings, 'intervalMs' | 'restRatio'>,
): number {
  const due = nowMs + Math.max(intervalMs, tookMs * restRatio);
  const closed = (hour + 1) * HOUR_MS + intervalMs;
  return Math.round(nowMs < closed ? Math.min(due, Math.max(closed, nowMs + intervalMs)) : due);
}
