import type { BatchMemory } from './batch-memory.ts';
import { REASONS } from './context.ts';
import { DoubleItems, Uint64Items } from './items.ts';
import { POINT, type PointReader, setWords } from './point-reader.ts';
import type { WireReader } from './reader.ts';
import { growRows, makeRows, type Rows } from './rows.ts';

const DISTRIBUTION = {
  ...POINT,
  /** Bits: 1 sum, 2 min, 4 max are there. */
  has: 'u8',
  count: 'u64',
  sum: 'f64',
  min: 'f64',
  max: 'f64',
  scale: 'i32',
  zeroCount: 'u64',
  zeroThreshold: 'f64',
  positiveOffset: 'i32',
  negativeOffset: 'i32',
  /** Where the row's items are: histogram buckets and exponential positive buckets. */
  countsStart: 'i32',
  countsLength: 'i32',
  negativeStart: 'i32',
  negativeLength: 'i32',
  /** Histogram bounds and summary quantiles. */
  boundsStart: 'i32',
  boundsLength: 'i32',
} as const;

export const HAS_SUM = 1;
export const HAS_MIN = 2;
export const HAS_MAX = 4;

export type DistributionRows = Rows<typeof DISTRIBUTION>;

/** Field numbers in which the three distribution messages differ; 0 where one does not have the field. */
interface Layout {
  readonly message: string;
  readonly last: number;
  readonly attributes: number;
  readonly exemplars: number;
  readonly flags: number;
  readonly min: number;
  readonly max: number;
}
const LAYOUTS: Readonly<Record<'histogram' | 'exp_histogram' | 'summary', Layout>> = {
  histogram: {
    message: 'HistogramDataPoint',
    last: 12,
    attributes: 9,
    exemplars: 8,
    flags: 10,
    min: 11,
    max: 12,
  },
  exp_histogram: {
    message: 'ExponentialHistogramDataPoint',
    last: 14,
    attributes: 1,
    exemplars: 11,
    flags: 10,
    min: 12,
    max: 13,
  },
  summary: { message: 'SummaryDataPoint', last: 8, attributes: 7, exemplars: 0, flags: 8, min: 0, max: 0 },
};

/** Histogram, exponential histogram or summary points as columns. */
export class DistributionPoints {
  readonly rows: DistributionRows;
  /** Histogram buckets, exponential positive and negative buckets. */
  readonly counts: Uint64Items;
  /** Histogram bounds, summary quantiles. */
  readonly bounds: DoubleItems;
  /** Summary values, at the same places as their quantiles. */
  readonly values: DoubleItems;
  readonly #memory: BatchMemory;
  readonly #kind: 'histogram' | 'exp_histogram' | 'summary';
  readonly #layout: Layout;

  constructor(kind: 'histogram' | 'exp_histogram' | 'summary', memory: BatchMemory) {
    this.rows = makeRows(DISTRIBUTION, memory);
    this.counts = new Uint64Items(memory);
    this.bounds = new DoubleItems(memory);
    this.values = new DoubleItems(memory);
    this.#memory = memory;
    this.#kind = kind;
    this.#layout = LAYOUTS[kind];
  }

  /** Reads the data point at `pos..end`; true when it was stored, else `point.problem` says why not. */
  read(r: WireReader, end: number, point: PointReader): boolean {
    const { rows } = this;
    if (rows.length === rows.capacity) growRows(rows, DISTRIBUTION, this.#memory);
    const row = rows.length;
    point.begin();
    this.#reset(row);
    while (r.pos < end) {
      const tag = r.tag();
      const field = tag >>> 3;
      if (tag === 17 || tag === 25) {
        r.fixed64(end);
        setWords(tag === 17 ? rows.start : rows.time, row, r.lo, r.hi);
      } else if (tag === 33) {
        r.fixed64(end);
        setWords(rows.count, row, r.lo, r.hi);
      } else if (tag === 41) {
        rows.sum[row] = r.double(end);
        rows.has[row] |= HAS_SUM;
      } else if (
        !this.#common(r, tag, field, end, row, point) &&
        !this.#own(r, tag, field, end, row, point)
      ) {
        // Field 1 of histogram and summary points was `labels` in old protocols and is unknown today.
        if (field >= Math.min(2, this.#layout.attributes) && field <= this.#layout.last)
          r.wrongType(this.#layout.message, tag);
        r.skip(tag, end);
      }
      r.check(end);
    }
    rows.countsLength[row] ||= this.#kind === 'histogram' ? this.counts.length - rows.countsStart[row] : 0;
    rows.boundsLength[row] = this.bounds.length - rows.boundsStart[row];
    // Of several occurrences the last counts, so the judgement waits for the end.
    if (rows.count[row * 2 + 1] >= 0x80000000 || rows.zeroCount[row * 2 + 1] >= 0x80000000) {
      point.problem ??= REASONS.count;
    }
    if (!point.finish(rows, row)) return false;
    rows.length++;
    return true;
  }

  #reset(row: number): void {
    const { rows } = this;
    setWords(rows.time, row, 0, 0);
    setWords(rows.start, row, 0, 0);
    setWords(rows.count, row, 0, 0);
    setWords(rows.zeroCount, row, 0, 0);
    rows.flags[row] = 0;
    rows.has[row] = 0;
    rows.sum[row] = 0;
    rows.scale[row] = 0;
    rows.zeroThreshold[row] = 0;
    rows.positiveOffset[row] = 0;
    rows.negativeOffset[row] = 0;
    rows.countsStart[row] = this.counts.length;
    rows.countsLength[row] = 0;
    rows.negativeStart[row] = 0;
    rows.negativeLength[row] = 0;
    rows.boundsStart[row] = this.bounds.length;
  }

  #common(r: WireReader, tag: number, field: number, end: number, row: number, point: PointReader): boolean {
    const { rows } = this;
    const layout = this.#layout;
    const type = tag & 7;
    if (field === layout.attributes && type === 2) point.context.attributes.add(r, r.lengthEnd(end));
    else if (field === layout.exemplars && type === 2) point.exemplar(r, r.lengthEnd(end));
    else if (field === layout.flags && type === 0) rows.flags[row] = r.varint();
    else if (field === layout.min && type === 1) {
      rows.min[row] = r.double(end);
      rows.has[row] |= HAS_MIN;
    } else if (field === layout.max && type === 1) {
      rows.max[row] = r.double(end);
      rows.has[row] |= HAS_MAX;
    } else return false;
    return true;
  }

  /** The fields that only this kind has. */
  #own(r: WireReader, tag: number, field: number, end: number, row: number, point: PointReader): boolean {
    if (this.#kind === 'histogram') {
      if (tag === 50 || tag === 49) {
        if (!this.counts.read(r, tag, end, true)) point.problem ??= REASONS.count;
      } else if (tag === 58 || tag === 57) this.bounds.read(r, tag, end);
      else return false;
      return true;
    }
    if (this.#kind === 'summary') {
      if (tag !== 50) return false;
      this.#quantile(r, r.lengthEnd(end));
      return true;
    }
    const { rows } = this;
    if (tag === 48) rows.scale[row] = zigzag(r.varint());
    else if (tag === 57) {
      r.fixed64(end);
      setWords(rows.zeroCount, row, r.lo, r.hi);
    } else if (tag === 66 || tag === 74) {
      if (!this.#buckets(r, r.lengthEnd(end), row, field === 8)) point.problem ??= REASONS.count;
    } else if (tag === 113) rows.zeroThreshold[row] = r.double(end);
    else return false;
    return true;
  }

  /** Buckets{sint32 offset = 1, repeated uint64 bucket_counts = 2}. */
  #buckets(r: WireReader, end: number, row: number, positive: boolean): boolean {
    const { rows } = this;
    const start = this.counts.length;
    let offset = 0;
    let fits = true;
    while (r.pos < end) {
      const tag = r.tag();
      if (tag === 8) offset = zigzag(r.varint());
      else if (tag === 18 || tag === 16) fits = this.counts.read(r, tag, end, false) && fits;
      else if (tag >>> 3 === 1 || tag >>> 3 === 2) r.wrongType('Buckets', tag);
      else r.skip(tag, end);
      r.check(end);
    }
    const length = this.counts.length - start;
    if (positive) {
      rows.positiveOffset[row] = offset;
      rows.countsStart[row] = start;
      rows.countsLength[row] = length;
    } else {
      rows.negativeOffset[row] = offset;
      rows.negativeStart[row] = start;
      rows.negativeLength[row] = length;
    }
    return fits;
  }

  /** ValueAtQuantile{quantile = 1, value = 2}. */
  #quantile(r: WireReader, end: number): void {
    let quantile = 0;
    let value = 0;
    while (r.pos < end) {
      const tag = r.tag();
      if (tag === 9) quantile = r.double(end);
      else if (tag === 17) value = r.double(end);
      else if (tag >>> 3 === 1 || tag >>> 3 === 2) r.wrongType('ValueAtQuantile', tag);
      else r.skip(tag, end);
      r.check(end);
    }
    this.bounds.push(quantile);
    this.values.push(value);
  }
}

function zigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}
