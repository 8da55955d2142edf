import { ConfigError } from '@lakewright/core';
import type { TableName } from '../tables.ts';

/** How long rows are kept, counted from the latest row of their segment. */
export interface Retention {
  /** Whose rows; everybody's when none is named. A rule that names an organization goes before one that does not. */
  readonly organization?: string;
  /** Of which table; of every table when none is named. */
  readonly table?: TableName;
  readonly keepMs: number;
}

/** What the sweeper removes, and when. Every time is in milliseconds. */
export interface SweepSettings {
  /** How long a retired segment stays: longer than any query that may still read it. */
  readonly graceMs: number;
  /** The longest time from the plan of a query until its last row is delivered. */
  readonly longestReadMs: number;
  /** Age at which an object that no row names is an orphan. */
  readonly orphanAgeMs: number;
  /** An orphan is removed when it is one still after this long, the time that the process sleeps not counted. */
  readonly orphanConfirmMs: number;
  /** Segments that end before this long ago are retired; none when there is no rule. */
  readonly retention: readonly Retention[];
  /** Received raw objects that were ingested this long ago are removed; never when undefined. */
  readonly rawRetentionMs: number | undefined;
  /** How long the row of a removed raw object is kept, in case the object comes back after a power loss. */
  readonly historyMs: number;
  /** Between two sweeps, and between two that look for orphans, which lists all segments. */
  readonly intervalMs: number;
  readonly orphanIntervalMs: number;
  /** How long to wait after the first failure; it doubles up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const SWEEP_SETTINGS: SweepSettings = {
  graceMs: 10 * MINUTE,
  longestReadMs: 150_000,
  orphanAgeMs: HOUR,
  orphanConfirmMs: 10 * MINUTE,
  retention: [],
  rawRetentionMs: undefined,
  historyMs: 24 * HOUR,
  intervalMs: MINUTE,
  orphanIntervalMs: 15 * MINUTE,
  backoffMs: 1000,
  maxBackoffMs: MINUTE,
};

/**
 * The settings with defaults. Throws ConfigError for a grace that a query could outlive, and for an age of
 * orphans that a claim (`leaseMs`) could.
 */
export function sweepSettings(given: Partial<SweepSettings>, leaseMs: number): SweepSettings {
  const settings = { ...SWEEP_SETTINGS, ...given };
  if (settings.graceMs <= settings.longestReadMs) {
    throw new ConfigError(
      `graceMs (${settings.graceMs}) is not longer than the longest query (${settings.longestReadMs} ms)`,
      { hint: 'a query would lose its files while it reads them: give retired segments more time' },
    );
  }
  if (settings.orphanAgeMs <= 2 * leaseMs) {
    throw new ConfigError(
      `orphanAgeMs (${settings.orphanAgeMs}) is not longer than two leases of a claim (${2 * leaseMs} ms)`,
      { hint: 'an object could be removed while it is published: give orphans more time' },
    );
  }
  return settings;
}
