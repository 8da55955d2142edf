import type { ColumnReader, PointInputs } from '../inputs.ts';
import type { RollupRows } from '../rows.ts';
import { expectKind, wordsToDoubles } from './columns.ts';
import type { BucketPoints, Buckets } from './distributions.ts';

/** Buckets on each side of zero at most; a histogram that would need more goes to a lower scale. */
export const MAX_EXPONENTIAL_BUCKETS = 320;

/** Buckets on one side of zero: `counts[i]` is that of index `offset + i`; neither end is 0. */
class Side {
  offset = 0;
  counts: Float64Array = new Float64Array(0);

  set(offset: number, counts: Float64Array): void {
    let from = 0;
    let to = counts.length;
    while (from < to && counts[from] === 0) from++;
    while (to > from && counts[to - 1] === 0) to--;
    this.offset = offset + from;
    this.counts = counts.slice(from, to);
  }

  copy({ offset, counts }: Side): void {
    this.offset = offset;
    this.counts = counts;
  }

  get end(): number {
    return this.offset + this.counts.length;
  }

  /** Every bucket becomes the one that holds it at a scale lower by `by`. */
  downscale(by: number): void {
    const { counts, offset } = this;
    if (by === 0 || counts.length === 0) return;
    const first = indexAt(offset, by);
    const merged = new Float64Array(indexAt(this.end - 1, by) - first + 1);
    for (let i = 0; i < counts.length; i++) merged[indexAt(offset + i, by) - first] += counts[i];
    this.offset = first;
    this.counts = merged;
  }

  add(other: Side): void {
    if (other.counts.length === 0) return;
    if (this.counts.length === 0) {
      this.copy(other);
      return;
    }
    const first = Math.min(this.offset, other.offset);
    const counts = new Float64Array(Math.max(this.end, other.end) - first);
    counts.set(this.counts, this.offset - first);
    for (let i = 0; i < other.counts.length; i++) counts[other.offset - first + i] += other.counts[i];
    this.offset = first;
    this.counts = counts;
  }

  /** False when any bucket of `other` is above this one's. */
  subtract(other: Side): boolean {
    if (other.counts.length === 0) return true;
    if (other.offset < this.offset || other.end > this.end) return false;
    const counts = this.counts.slice();
    for (let i = 0; i < other.counts.length; i++) {
      const at = other.offset - this.offset + i;
      counts[at] -= other.counts[i];
      if (counts[at] < 0) return false;
    }
    this.set(this.offset, counts);
    return true;
  }

  /** Takes out the buckets that begin below `threshold`: how many they counted, and where the last of them ends. */
  cut(threshold: number, scale: number): { count: number; end: number } {
    let cut = 0;
    let count = 0;
    let end = threshold;
    while (cut < this.counts.length && 2 ** ((this.offset + cut) * 2 ** -scale) < threshold) {
      if (this.counts[cut] > 0) end = Math.max(end, 2 ** ((this.offset + cut + 1) * 2 ** -scale));
      count += this.counts[cut++];
    }
    if (cut > 0) this.set(this.offset + cut, this.counts.subarray(cut));
    return { count, end };
  }
}

const indexAt = (index: number, by: number): number => Math.floor(index / 2 ** by);

interface Lists {
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  readonly items: Float64Array;
}

function lists(reader: ColumnReader, count: number): Lists {
  const { starts, lengths, words } = expectKind(reader.next(count), 'int64-list');
  return { starts, lengths, items: wordsToDoubles(words, words.length / 2) };
}

const itemsOf = ({ starts, lengths, items }: Lists, point: number): Float64Array =>
  items.subarray(starts[point], starts[point] + lengths[point]);

/** Buckets whose bounds are powers of 2^(2^-scale). */
export class ExponentialPoints implements BucketPoints {
  readonly #readers: Readonly<Record<(typeof COLUMNS)[number], ColumnReader>>;
  scales: Int32Array = new Int32Array(0);
  zeroCounts: Float64Array = new Float64Array(0);
  zeroThresholds: Float64Array = new Float64Array(0);
  #positiveOffsets: Int32Array = new Int32Array(0);
  #negativeOffsets: Int32Array = new Int32Array(0);
  #positive: Lists | undefined;
  #negative: Lists | undefined;

  constructor(inputs: PointInputs) {
    this.#readers = Object.fromEntries(COLUMNS.map((name) => [name, inputs.reader(name)])) as Record<
      (typeof COLUMNS)[number],
      ColumnReader
    >;
  }

  load(count: number): void {
    const readers = this.#readers;
    this.scales = expectKind(readers.scale.next(count), 'int32').values;
    this.zeroCounts = wordsToDoubles(expectKind(readers.zero_count.next(count), 'int64').words, count);
    this.zeroThresholds = expectKind(readers.zero_threshold.next(count), 'double').values;
    this.#positiveOffsets = expectKind(readers.positive_offset.next(count), 'int32').values;
    this.#negativeOffsets = expectKind(readers.negative_offset.next(count), 'int32').values;
    this.#positive = lists(readers.positive_bucket_counts, count);
    this.#negative = lists(readers.negative_bucket_counts, count);
  }

  buckets(): Buckets {
    return new ExponentialBuckets(this);
  }

  readSides(point: number, positive: Side, negative: Side): void {
    if (this.#positive === undefined || this.#negative === undefined) return;
    positive.set(this.#positiveOffsets[point], itemsOf(this.#positive, point));
    negative.set(this.#negativeOffsets[point], itemsOf(this.#negative, point));
  }
}

const COLUMNS = [
  'scale',
  'zero_count',
  'zero_threshold',
  'positive_offset',
  'positive_bucket_counts',
  'negative_offset',
  'negative_bucket_counts',
] as const;

/** They are added at the lower of two scales, with the wider of two zero buckets. */
class ExponentialBuckets implements Buckets {
  readonly #points: ExponentialPoints;
  readonly #positive = new Side();
  readonly #negative = new Side();
  #isEmpty = true;
  #scale = 0;
  #zeroCount = 0;
  #zeroThreshold = 0;
  #before: ExponentialBuckets | undefined;

  constructor(points: ExponentialPoints) {
    this.#points = points;
  }

  clear(): void {
    this.#isEmpty = true;
  }

  see(): void {}

  set(point: number): void {
    const { scales, zeroCounts, zeroThresholds } = this.#points;
    this.#isEmpty = false;
    this.#scale = scales[point];
    this.#zeroCount = zeroCounts[point];
    this.#zeroThreshold = zeroThresholds[point] || 0;
    this.#points.readSides(point, this.#positive, this.#negative);
  }

  setDifference(point: number, before: number): boolean {
    this.#before ??= new ExponentialBuckets(this.#points);
    const other = this.#before;
    this.set(point);
    other.set(before);
    this.#align(other);
    this.#zeroCount -= other.#zeroCount;
    return (
      this.#zeroCount >= 0 &&
      this.#positive.subtract(other.#positive) &&
      this.#negative.subtract(other.#negative)
    );
  }

  add(added: ExponentialBuckets): void {
    if (added.#isEmpty) return;
    if (this.#isEmpty) this.#copy(added);
    this.#before ??= new ExponentialBuckets(this.#points);
    const other = this.#before;
    other.#copy(added);
    const isFirst = this.#isEmpty;
    this.#isEmpty = false;
    this.#align(other);
    this.#fit(other);
    if (isFirst) return;
    this.#zeroCount += other.#zeroCount;
    this.#positive.add(other.#positive);
    this.#negative.add(other.#negative);
  }

  write(rows: RollupRows): void {
    if (this.#isEmpty) return;
    const { row } = rows;
    rows.scale.set(row, this.#scale);
    rows.zeroCount.set(row, this.#zeroCount);
    rows.zeroThreshold.set(row, this.#zeroThreshold);
    rows.positiveOffset.set(row, this.#positive.offset);
    rows.positiveCounts.set(row, this.#positive.counts);
    rows.negativeOffset.set(row, this.#negative.offset);
    rows.negativeCounts.set(row, this.#negative.counts);
  }

  #copy(from: ExponentialBuckets): void {
    this.#scale = from.#scale;
    this.#zeroCount = from.#zeroCount;
    this.#zeroThreshold = from.#zeroThreshold;
    this.#positive.copy(from.#positive);
    this.#negative.copy(from.#negative);
  }

  /** Brings both to one scale and one zero bucket. */
  #align(other: ExponentialBuckets): void {
    const scale = Math.min(this.#scale, other.#scale);
    this.#downscale(this.#scale - scale);
    other.#downscale(other.#scale - scale);
    // Each may take out a bucket that goes beyond the other's.
    while (this.#zeroThreshold !== other.#zeroThreshold) {
      const threshold = Math.max(this.#zeroThreshold, other.#zeroThreshold);
      this.#widenZero(threshold);
      other.#widenZero(threshold);
    }
  }

  #downscale(by: number): void {
    this.#scale -= by;
    this.#positive.downscale(by);
    this.#negative.downscale(by);
  }

  #widenZero(threshold: number): void {
    if (this.#zeroThreshold === threshold) return;
    const positive = this.#positive.cut(threshold, this.#scale);
    const negative = this.#negative.cut(threshold, this.#scale);
    this.#zeroCount += positive.count + negative.count;
    this.#zeroThreshold = Math.max(positive.end, negative.end);
  }

  /** Lowers the scale of both until their sum has few enough buckets. */
  #fit(other: ExponentialBuckets): void {
    let by = 0;
    const isTooWide = (a: Side, b: Side): boolean => {
      const sides = [a, b].filter(({ counts }) => counts.length > 0);
      if (sides.length === 0) return false;
      const first = Math.min(...sides.map(({ offset }) => offset));
      const last = Math.max(...sides.map(({ end }) => end)) - 1;
      return indexAt(last, by) - indexAt(first, by) >= MAX_EXPONENTIAL_BUCKETS;
    };
    while (isTooWide(this.#positive, other.#positive) || isTooWide(this.#negative, other.#negative)) {
      by++;
    }
    this.#downscale(by);
    other.#downscale(by);
  }
}
