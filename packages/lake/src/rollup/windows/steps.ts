import { ROLLUP_LOOKBACK_NS } from '../../catalog/index.ts';
import type { ColumnReader, PointInputs } from '../inputs.ts';
import { expectKind } from './columns.ts';

/** What a point adds to its window. */
export const STEP = {
  /** It is not known: nothing came before it, or it does not say how it is to be added. */
  UNKNOWN: 0,
  /** All that it holds: it is a delta, or the first since its series began. */
  WHOLE: 1,
  /** All that it holds: its series began anew. */
  RESET: 2,
  /** What it is above the point before it, unless it is below it: then it is a reset. */
  DIFFERENCE: 3,
} as const;
export type Step = (typeof STEP)[keyof typeof STEP];

const DELTA = 1;
const CUMULATIVE = 2;

/** How the points of a table follow each other: their temporality and when their series began. */
export class Steps {
  readonly #temporality: ColumnReader | undefined;
  readonly #start: ColumnReader;
  readonly #hourLow: number;
  readonly #hourHigh: number;
  readonly #earliest = -Number(ROLLUP_LOOKBACK_NS);
  #temporalities: Int32Array | undefined;
  /** ns in the hour; NaN where it was not sent. */
  #starts: Float64Array = new Float64Array(0);
  #times: Float64Array = new Float64Array(0);

  /** Points of a table without a temporality, which are summaries, are cumulative. */
  constructor(inputs: PointInputs, hourNs: bigint, hasTemporality: boolean) {
    this.#temporality = hasTemporality ? inputs.reader('aggregation_temporality') : undefined;
    this.#start = inputs.reader('start_time_unix_nano');
    this.#hourLow = Number(hourNs & 0xffff_ffffn);
    this.#hourHigh = Number(hourNs >> 32n);
  }

  load(count: number, times: Float64Array): void {
    this.#times = times;
    this.#temporalities = this.#temporality && expectKind(this.#temporality.next(count), 'int32').values;
    const { words, nulls } = expectKind(this.#start.next(count), 'int64');
    const starts = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      starts[i] =
        nulls?.[i] === 1
          ? Number.NaN
          : (words[i * 2 + 1] - this.#hourHigh) * 0x1_0000_0000 + (words[i * 2] - this.#hourLow);
    }
    this.#starts = starts;
  }

  isCumulative(point: number): boolean {
    return this.#temporalityOf(point) === CUMULATIVE;
  }

  /** Whether a point says how it is to be added. */
  isSpecified(point: number): boolean {
    const temporality = this.#temporalityOf(point);
    return temporality === DELTA || temporality === CUMULATIVE;
  }

  of(point: number, before: number): Step {
    const temporality = this.#temporalityOf(point);
    if (temporality === DELTA) return STEP.WHOLE;
    if (temporality !== CUMULATIVE) return STEP.UNKNOWN;
    const start = this.#starts[point];
    if (before < 0 || this.#temporalityOf(before) !== CUMULATIVE) {
      // All points since then were looked at: this is the first one.
      return start >= this.#earliest && start <= this.#times[point] ? STEP.WHOLE : STEP.UNKNOWN;
    }
    const startBefore = this.#starts[before];
    const isOther = start !== startBefore && !Number.isNaN(start) && !Number.isNaN(startBefore);
    return isOther ? STEP.RESET : STEP.DIFFERENCE;
  }

  #temporalityOf(point: number): number {
    return this.#temporalities === undefined ? CUMULATIVE : this.#temporalities[point];
  }
}
