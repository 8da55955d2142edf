import type { Amount } from '../catalog/sweeps.ts';

/** What a sweep removed, or, as a dry run, would remove now. Counts are objects, bytes are as stored. */
export interface SweepReport {
  readonly dryRun: boolean;
  /** Segments that others have replaced, or whose time is over, and that nobody can be reading any more. */
  readonly retired: Amount;
  /** Retired segments that somebody may still be reading. */
  readonly waiting: Amount;
  /** Objects among the segments that no row names. */
  readonly orphans: Amount;
  /** Orphans that are looked at once more before they are removed. */
  readonly unconfirmed: Amount;
  /** Objects below db/ that are left alone: older than the catalog, or not named as segments are. */
  readonly foreign: Amount;
  /** Segments that end before the retention of their table: they become retired. */
  readonly expired: Amount;
  /** Received raw objects past their retention. */
  readonly rawObjects: Amount;
  /** Rows of raw objects that are gone. */
  readonly history: number;
  /** Claims that nobody renewed. */
  readonly claims: { readonly rawObjects: number; readonly segments: number };
  /** Objects that could not be removed: the next sweep tries again. */
  readonly failed: number;
}

export const NOTHING: Amount = { count: 0, bytes: 0 };

export function plus(a: Amount, b: Amount): Amount {
  return { count: a.count + b.count, bytes: a.bytes + b.bytes };
}
