import type { RollupRows } from '../rows.ts';

/** What the points of one series and window come to. One is used again and again. */
export interface Window {
  clear(): void;
  /** Adds a point; `before` is the recorded point of the series in front of it, -1 where none is known. */
  add(point: number, before: number): void;
  /** Adds a shorter window of the same series, of which this one is made in order. */
  merge(shorter: Window): void;
  write(rows: RollupRows): void;
}

/** Points of one table, some series at a time: what windows are filled from. */
export interface Points {
  /** Goes on to the next `count` points, which are numbered from 0. Times are ns in the hour. */
  load(count: number, times: Float64Array): void;
  /** Whether a point can be what the next one is compared with. */
  isComparable(point: number): boolean;
  window(): Window;
}
