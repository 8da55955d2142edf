import { TABLE_NAMES, type TableName } from '../tables.ts';

const MIB = 1024 * 1024;

/** Which segments are merged. Sizes are bytes of Parquet. */
export interface PlanSettings {
  /** A segment with as many bytes is full and stays as it is; a merge takes inputs until it has as many. */
  readonly targetBytes: number;
  /** The same in rows: the order of a merge's rows is kept in memory, 8 bytes each at worst. */
  readonly targetRows: number;
  /** A merge's inputs, and so its output, are never more. */
  readonly maxBytes: number;
  readonly maxRows: number;
  /** Segments of one level that make a merge worth its while on a day that is not over. */
  readonly minInputs: number;
  readonly maxInputs: number;
  /** How long after its end a day counts as over. */
  readonly closeAfterMs: number;
  /** How long nothing may have been added to a day that is over before what is left of it is merged. */
  readonly closeQuietMs: number;
  /** What is left of a day is merged in order of size while the next is at most this many times all before. */
  readonly closeRatio: number;
}

export const PLAN_SETTINGS: PlanSettings = {
  targetBytes: 64 * MIB,
  targetRows: 8_000_000,
  maxBytes: 128 * MIB,
  maxRows: 16_000_000,
  minInputs: 16,
  maxInputs: 256,
  closeAfterMs: 3_600_000,
  closeQuietMs: 600_000,
  closeRatio: 4,
};

/** How compaction goes about its work. Every time is in milliseconds. */
export interface CompactSettings extends PlanSettings {
  /** The name under which this process claims; the same at every start, another one in every process. */
  readonly owner: string;
  /** What is merged; the rest is left to another process. */
  readonly tables: readonly TableName[];
  /** Between two looks for something to merge. */
  readonly intervalMs: number;
  /** Nothing is merged while a raw object waits longer than this to be ingested. */
  readonly yieldAfterMs: number;
  /** How long to wait after the first failure; it doubles up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

export const COMPACT_SETTINGS: Omit<CompactSettings, 'owner'> = {
  ...PLAN_SETTINGS,
  tables: TABLE_NAMES,
  intervalMs: 5000,
  yieldAfterMs: 5000,
  backoffMs: 1000,
  maxBackoffMs: 60_000,
};
