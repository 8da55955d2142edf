import { AnyValueReader } from './any-value.ts';
import { INVALID_SET, NONE } from './attributes.ts';
import { type DecodeContext, REASONS } from './context.ts';
import { addExemplar } from './exemplars.ts';
import { JsonBytes } from './json-bytes.ts';
import type { WireReader } from './reader.ts';
import type { Rows } from './rows.ts';
import type { SeriesIndex } from './series.ts';

/** The columns that all data points have. */
export const POINT = {
  series: 'i32',
  /** The point's time, else arrival. */
  time: 'u64',
  /** 0 when not sent. */
  start: 'u64',
  flags: 'u32',
  /** String id of a JSON array, NONE when there are none. */
  exemplars: 'i32',
} as const;

/** What every data point has, gathered while its message is read. */
export class PointReader {
  readonly context: DecodeContext;
  readonly series: SeriesIndex;
  readonly value = new AnyValueReader();
  readonly exemplars = new JsonBytes();
  problem: string | undefined;
  metric = 0;
  arrivedLo = 0;
  arrivedHi = 0;

  constructor(context: DecodeContext, series: SeriesIndex) {
    this.context = context;
    this.series = series;
  }

  begin(): void {
    this.problem = this.context.groupInvalid ? REASONS.group : undefined;
    this.exemplars.reset();
    this.context.attributes.begin();
  }

  exemplar(r: WireReader, end: number): void {
    const problem = addExemplar(r, end, this.exemplars, this.value);
    if (problem !== undefined) this.problem ??= problem;
    r.pos = end;
  }

  /** Settles the columns that all points have; true when the row is good. */
  finish(rows: Rows<typeof POINT>, row: number): boolean {
    const set = this.context.attributes.finish();
    if (set === INVALID_SET) this.problem ??= REASONS.depth;
    if (rows.time[row * 2 + 1] >= 0x80000000 || rows.start[row * 2 + 1] >= 0x80000000) {
      this.problem ??= REASONS.time;
    }
    if (this.problem !== undefined) return false;
    if (rows.time[row * 2] === 0 && rows.time[row * 2 + 1] === 0) {
      rows.time[row * 2] = this.arrivedLo;
      rows.time[row * 2 + 1] = this.arrivedHi;
    }
    if (this.exemplars.length === 0) rows.exemplars[row] = NONE;
    else {
      this.exemplars.byte(0x5d);
      rows.exemplars[row] = this.context.strings.intern(this.exemplars.bytes, 0, this.exemplars.length);
    }
    rows.series[row] = this.series.of(this.metric, set);
    return true;
  }
}

/** Puts a 64-bit integer into a column of word pairs. */
export function setWords(words: Uint32Array, row: number, lo: number, hi: number): void {
  words[row * 2] = lo;
  words[row * 2 + 1] = hi;
}
