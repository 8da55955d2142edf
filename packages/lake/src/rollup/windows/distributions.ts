import type { ColumnReader, PointInputs } from '../inputs.ts';
import type { RollupRows } from '../rows.ts';
import { expectKind, isUnrecorded, wordsToDoubles } from './columns.ts';
import { STEP, Steps } from './steps.ts';
import type { Points, Window } from './window.ts';

/** What a window or a point holds beside counts and sums. It adds up. */
export interface Buckets {
  clear(): void;
  /** Looks at a recorded point of the window, whether it is known what it adds or not. */
  see(point: number): void;
  /** Takes what a point holds. */
  set(point: number): void;
  /** Takes what a point holds above another one; false when any bucket is below it. */
  setDifference(point: number, before: number): boolean;
  add(other: Buckets): void;
  write(rows: RollupRows): void;
}

/** Where buckets come from. */
export interface BucketPoints {
  /** Goes on to the next `count` points, with the observations of each. */
  load(count: number, observations: Float64Array): void;
  buckets(): Buckets;
}

/** Points of histograms, exponential ones too, and of summaries, which have no buckets. */
export class DistributionPoints implements Points {
  readonly steps: Steps;
  readonly #count: ColumnReader;
  readonly #sum: ColumnReader;
  readonly #min: ColumnReader | undefined;
  readonly #max: ColumnReader | undefined;
  readonly #flags: ColumnReader;
  readonly buckets: BucketPoints;
  counts: Float64Array = new Float64Array(0);
  /** NaN where it was not sent. */
  sums: Float64Array = new Float64Array(0);
  mins: Float64Array = new Float64Array(0);
  maxs: Float64Array = new Float64Array(0);
  unrecorded: Uint8Array = new Uint8Array(0);
  times: Float64Array = new Float64Array(0);

  constructor(
    inputs: PointInputs,
    hourNs: bigint,
    buckets: BucketPoints,
    { isSummary }: { isSummary: boolean },
  ) {
    this.steps = new Steps(inputs, hourNs, !isSummary);
    this.buckets = buckets;
    this.#count = inputs.reader('count');
    this.#sum = inputs.reader('sum');
    this.#flags = inputs.reader('flags');
    if (!isSummary) {
      this.#min = inputs.reader('min');
      this.#max = inputs.reader('max');
    }
  }

  load(count: number, times: Float64Array): void {
    this.times = times;
    this.steps.load(count, times);
    this.counts = wordsToDoubles(expectKind(this.#count.next(count), 'int64').words, count);
    this.buckets.load(count, this.counts);
    this.sums = doubles(this.#sum, count);
    this.mins = doubles(this.#min, count);
    this.maxs = doubles(this.#max, count);
    this.unrecorded = isUnrecorded(this.#flags.next(count), count);
  }

  isComparable(point: number): boolean {
    return this.unrecorded[point] === 0;
  }

  window(): Window {
    return new DistributionWindow(this);
  }
}

/** Doubles, NaN for NULL. */
function doubles(reader: ColumnReader | undefined, count: number): Float64Array {
  if (reader === undefined) return new Float64Array(count).fill(Number.NaN);
  const { values, nulls } = expectKind(reader.next(count), 'double');
  return Float64Array.from(values, (value, i) => (nulls?.[i] === 1 ? Number.NaN : value));
}

/** What was observed within a window. */
class DistributionWindow implements Window {
  readonly #points: DistributionPoints;
  readonly #buckets: Buckets;
  /** What the point in hand adds. */
  readonly #step: Buckets;
  #all = 0;
  #recorded = 0;
  #count = 0;
  #sum = 0;
  /** Whether every point added said its sum. */
  #hasSum = true;
  #isSpecified = true;
  #min = Number.NaN;
  #max = Number.NaN;
  /** Whether every point added said its least and greatest observation of the window. */
  #hasBounds = true;
  #firstTime = 0;
  #lastTime = 0;
  #resets = 0;
  #isCumulative = false;

  constructor(points: DistributionPoints) {
    this.#points = points;
    this.#buckets = points.buckets.buckets();
    this.#step = points.buckets.buckets();
  }

  clear(): void {
    this.#all = 0;
    this.#recorded = 0;
    this.#count = 0;
    this.#sum = 0;
    this.#hasSum = true;
    this.#isSpecified = true;
    this.#min = Number.NaN;
    this.#max = Number.NaN;
    this.#hasBounds = true;
    this.#resets = 0;
    this.#isCumulative = false;
    this.#buckets.clear();
  }

  add(point: number, before: number): void {
    this.#all++;
    const { unrecorded, times, steps, counts } = this.#points;
    if (unrecorded[point] === 1) return;
    if (this.#recorded++ === 0) this.#firstTime = times[point];
    this.#lastTime = times[point];
    this.#buckets.see(point);
    if (!steps.isSpecified(point)) this.#isSpecified = false;
    if (steps.isCumulative(point)) this.#isCumulative = true;
    const step = steps.of(point, before);
    if (step === STEP.UNKNOWN) {
      if (counts[point] > 0) this.#hasBounds = false;
      return;
    }
    if (step === STEP.DIFFERENCE && counts[point] >= counts[before]) {
      if (this.#step.setDifference(point, before)) {
        this.#addDifference(point, before);
        return;
      }
    }
    if (step !== STEP.WHOLE) this.#resets++;
    this.#step.set(point);
    this.#addWhole(point);
  }

  #addWhole(point: number): void {
    const { counts, sums, mins, maxs } = this.#points;
    this.#count += counts[point];
    this.#addSum(sums[point]);
    if (counts[point] > 0) this.#addBounds(mins[point], maxs[point]);
    this.#buckets.add(this.#step);
  }

  /** The least and the greatest of a cumulative point are those since its series began. */
  #addDifference(point: number, before: number): void {
    const { counts, sums } = this.#points;
    const count = counts[point] - counts[before];
    this.#count += count;
    this.#addSum(sums[point] - sums[before]);
    if (count > 0) this.#hasBounds = false;
    this.#buckets.add(this.#step);
  }

  #addSum(sum: number): void {
    if (Number.isNaN(sum)) this.#hasSum = false;
    else this.#sum += sum;
  }

  #addBounds(min: number, max: number): void {
    if (Number.isNaN(min) || Number.isNaN(max)) {
      this.#hasBounds = false;
      return;
    }
    if (!(this.#min <= min)) this.#min = min;
    if (!(this.#max >= max)) this.#max = max;
  }

  merge(shorter: DistributionWindow): void {
    this.#all += shorter.#all;
    if (shorter.#recorded === 0) return;
    if (this.#recorded === 0) this.#firstTime = shorter.#firstTime;
    this.#lastTime = shorter.#lastTime;
    this.#recorded += shorter.#recorded;
    this.#count += shorter.#count;
    this.#sum += shorter.#sum;
    this.#hasSum &&= shorter.#hasSum;
    this.#isSpecified &&= shorter.#isSpecified;
    this.#hasBounds &&= shorter.#hasBounds;
    if (!Number.isNaN(shorter.#min)) this.#addBounds(shorter.#min, shorter.#max);
    this.#resets += shorter.#resets;
    this.#isCumulative ||= shorter.#isCumulative;
    this.#buckets.add(shorter.#buckets);
  }

  write(rows: RollupRows): void {
    const { row } = rows;
    rows.points.set(row, this.#all);
    if (this.#isSpecified) rows.count.set(row, this.#count);
    if (this.#recorded === 0) return;
    rows.times(this.#firstTime, this.#lastTime);
    if (this.#hasSum && this.#isSpecified) rows.sum.set(row, this.#sum);
    if (this.#isCumulative) rows.resets.set(row, this.#resets);
    if (this.#hasBounds && !Number.isNaN(this.#min)) {
      rows.min.set(row, this.#min);
      rows.max.set(row, this.#max);
    }
    if (this.#isSpecified) this.#buckets.write(rows);
  }
}
