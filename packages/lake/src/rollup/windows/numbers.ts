import type { ColumnReader, PointInputs } from '../inputs.ts';
import type { RollupRows } from '../rows.ts';
import { expectKind } from './columns.ts';
import { QuantileSketch, sketchKey } from './sketch.ts';
import { STEP, Steps } from './steps.ts';
import type { Points, Window } from './window.ts';

/** Points of gauges and sums. A gauge has no steps. */
export class NumberPoints implements Points {
  readonly steps: Steps | undefined;
  values: Float64Array = new Float64Array(0);
  /** 1 where no value was recorded. */
  nulls: Uint8Array | undefined;
  monotonic: Uint8Array | undefined;
  times: Float64Array = new Float64Array(0);
  readonly #value: ColumnReader;
  readonly #monotonic: ColumnReader | undefined;

  constructor(inputs: PointInputs, hourNs: bigint, isSum: boolean) {
    this.#value = inputs.reader('value');
    if (isSum) {
      this.steps = new Steps(inputs, hourNs, true);
      this.#monotonic = inputs.reader('is_monotonic');
    }
  }

  load(count: number, times: Float64Array): void {
    const { values, nulls } = expectKind(this.#value.next(count), 'double');
    this.values = values;
    this.nulls = nulls;
    this.times = times;
    this.steps?.load(count, times);
    this.monotonic = this.#monotonic && expectKind(this.#monotonic.next(count), 'boolean').values;
  }

  isComparable(point: number): boolean {
    return this.nulls?.[point] !== 1 && !Number.isNaN(this.values[point]);
  }

  window(): Window {
    return new NumberWindow(this);
  }
}

/** NaN counts and makes the sum NaN; least, greatest, increase and quantiles are those of the other values. */
class NumberWindow implements Window {
  readonly #points: NumberPoints;
  readonly #sketch = new QuantileSketch();
  #all = 0;
  #count = 0;
  #sum = 0;
  #min = Number.NaN;
  #max = Number.NaN;
  #first = 0;
  #firstTime = 0;
  #last = 0;
  #lastTime = 0;
  #increase = 0;
  #hasIncrease = false;
  #resets = 0;
  #hasResets = false;

  constructor(points: NumberPoints) {
    this.#points = points;
  }

  clear(): void {
    this.#all = 0;
    this.#count = 0;
    this.#sum = 0;
    this.#min = Number.NaN;
    this.#max = Number.NaN;
    this.#increase = 0;
    this.#hasIncrease = false;
    this.#resets = 0;
    this.#hasResets = false;
    this.#sketch.clear();
  }

  add(point: number, before: number): void {
    this.#all++;
    const { values, nulls, times, steps } = this.#points;
    if (nulls?.[point] === 1) return;
    const value = values[point];
    if (this.#count++ === 0) {
      this.#first = value;
      this.#firstTime = times[point];
    }
    this.#last = value;
    this.#lastTime = times[point];
    this.#sum += value;
    if (!Number.isNaN(value)) {
      if (!(this.#min <= value)) this.#min = value;
      if (!(this.#max >= value)) this.#max = value;
      this.#sketch.add(sketchKey(value), 1);
    }
    if (steps !== undefined) this.#step(steps, point, before);
  }

  #step(steps: Steps, point: number, before: number): void {
    if (!steps.isSpecified(point)) return;
    this.#hasIncrease = true;
    const { values, monotonic } = this.#points;
    const value = values[point];
    const isCounter = monotonic?.[point] === 1;
    if (isCounter && steps.isCumulative(point)) this.#hasResets = true;
    if (Number.isNaN(value)) return;
    const step = steps.of(point, before);
    if (step === STEP.UNKNOWN) return;
    if (step === STEP.WHOLE) this.#increase += value;
    else if (isCounter && (step === STEP.RESET || value < values[before])) {
      this.#resets++;
      this.#increase += value;
    } else this.#increase += step === STEP.RESET ? value : value - values[before];
  }

  merge(shorter: NumberWindow): void {
    this.#all += shorter.#all;
    if (shorter.#count === 0) return;
    if (this.#count === 0) {
      this.#first = shorter.#first;
      this.#firstTime = shorter.#firstTime;
    }
    this.#last = shorter.#last;
    this.#lastTime = shorter.#lastTime;
    this.#count += shorter.#count;
    this.#sum += shorter.#sum;
    if (!(this.#min <= shorter.#min) && !Number.isNaN(shorter.#min)) this.#min = shorter.#min;
    if (!(this.#max >= shorter.#max) && !Number.isNaN(shorter.#max)) this.#max = shorter.#max;
    this.#increase += shorter.#increase;
    this.#hasIncrease ||= shorter.#hasIncrease;
    this.#resets += shorter.#resets;
    this.#hasResets ||= shorter.#hasResets;
    this.#sketch.addAll(shorter.#sketch);
  }

  write(rows: RollupRows): void {
    const { row } = rows;
    rows.points.set(row, this.#all);
    rows.count.set(row, this.#count);
    if (this.#count === 0) return;
    rows.sum.set(row, this.#sum);
    rows.first.set(row, this.#first);
    rows.last.set(row, this.#last);
    rows.times(this.#firstTime, this.#lastTime);
    if (this.#hasIncrease) rows.increase.set(row, this.#increase);
    if (this.#hasResets) rows.resets.set(row, this.#resets);
    if (Number.isNaN(this.#min)) return;
    rows.min.set(row, this.#min);
    rows.max.set(row, this.#max);
    if (this.#min === this.#max) return;
    rows.sketchKeys.set(row, this.#sketch.keys, this.#sketch.length);
    rows.sketchCounts.set(row, this.#sketch.counts, this.#sketch.length);
  }
}
