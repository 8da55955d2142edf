import type { ColumnReader, PointInputs } from '../inputs.ts';
import type { RollupRows } from '../rows.ts';
import { expectKind, wordsToDoubles } from './columns.ts';
import type { BucketPoints, Buckets } from './distributions.ts';

interface Lists {
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
}

const NO_LISTS: Lists = { starts: new Int32Array(0), lengths: new Int32Array(0) };

/** Buckets between bounds that the sender chose. */
export class ExplicitPoints implements BucketPoints {
  readonly #counts: ColumnReader;
  readonly #bounds: ColumnReader;
  #observations: Float64Array = new Float64Array(0);
  #countLists = NO_LISTS;
  #boundLists = NO_LISTS;
  #countItems: Float64Array = new Float64Array(0);
  #boundItems: Float64Array = new Float64Array(0);

  constructor(inputs: PointInputs) {
    this.#counts = inputs.reader('bucket_counts');
    this.#bounds = inputs.reader('explicit_bounds');
  }

  load(count: number, observations: Float64Array): void {
    this.#observations = observations;
    const counts = expectKind(this.#counts.next(count), 'int64-list');
    const bounds = expectKind(this.#bounds.next(count), 'double-list');
    this.#countLists = counts;
    this.#countItems = wordsToDoubles(counts.words, counts.words.length / 2);
    this.#boundLists = bounds;
    // The reader uses the memory of lists again.
    this.#boundItems = bounds.values.slice();
  }

  buckets(): Buckets {
    return new ExplicitBuckets(this);
  }

  /** A point whose buckets do not go with its bounds, or that has none, has one bucket. */
  read(point: number, into: Histogram): void {
    const length = this.#countLists.lengths[point];
    const bounds = this.#boundLists.lengths[point];
    if (length === 0 || length !== bounds + 1) {
      into.bounds = new Float64Array(0);
      into.counts = Float64Array.of(this.#observations[point]);
      return;
    }
    const at = this.#boundLists.starts[point];
    into.bounds = this.#boundItems.subarray(at, at + bounds);
    const first = this.#countLists.starts[point];
    into.counts = this.#countItems.slice(first, first + length);
  }
}

/** Counts up to each bound, and one above them all. */
interface Histogram {
  bounds: Float64Array;
  counts: Float64Array;
}

/**
 * Where bounds differ, what is added is brought to the bounds that both have: a bucket between two of those is
 * exactly the sum of the buckets within it. With none in common, all is one bucket.
 */
class ExplicitBuckets implements Buckets {
  readonly #points: ExplicitPoints;
  readonly #held: Histogram = { bounds: new Float64Array(0), counts: new Float64Array(0) };
  readonly #other: Histogram = { bounds: new Float64Array(0), counts: new Float64Array(0) };

  constructor(points: ExplicitPoints) {
    this.#points = points;
  }

  clear(): void {
    this.#held.counts = new Float64Array(0);
  }

  see(): void {}

  set(point: number): void {
    this.#points.read(point, this.#held);
  }

  setDifference(point: number, before: number): boolean {
    const held = this.#held;
    const other = this.#other;
    this.#points.read(point, held);
    this.#points.read(before, other);
    align(held, other);
    for (let i = 0; i < held.counts.length; i++) {
      held.counts[i] -= other.counts[i];
      if (held.counts[i] < 0) return false;
    }
    return true;
  }

  add(added: ExplicitBuckets): void {
    const held = this.#held;
    const other = this.#other;
    if (added.#held.counts.length === 0) return;
    other.bounds = added.#held.bounds;
    other.counts = added.#held.counts;
    if (held.counts.length === 0) {
      held.bounds = other.bounds;
      held.counts = other.counts.slice();
      return;
    }
    align(held, other);
    for (let i = 0; i < held.counts.length; i++) held.counts[i] += other.counts[i];
  }

  write(rows: RollupRows): void {
    const { bounds, counts } = this.#held;
    if (counts.length === 0) return;
    rows.bucketCounts.set(rows.row, counts);
    rows.explicitBounds.set(rows.row, bounds);
  }
}

/** Brings two histograms to the bounds that both have. */
function align(a: Histogram, b: Histogram): void {
  if (equal(a.bounds, b.bounds)) return;
  const theirs = new Set(b.bounds);
  const common = a.bounds.filter((bound) => theirs.has(bound));
  collapse(a, common);
  collapse(b, common);
}

function equal(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function collapse(histogram: Histogram, bounds: Float64Array): void {
  const counts = new Float64Array(bounds.length + 1);
  let at = 0;
  for (let i = 0; i < histogram.counts.length; i++) {
    counts[at] += histogram.counts[i];
    if (at < bounds.length && histogram.bounds[i] === bounds[at]) at++;
  }
  histogram.bounds = bounds;
  histogram.counts = counts;
}
