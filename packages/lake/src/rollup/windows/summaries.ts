import type { ColumnReader, PointInputs } from '../inputs.ts';
import type { RollupRows } from '../rows.ts';
import { expectKind } from './columns.ts';
import type { BucketPoints, Buckets } from './distributions.ts';

/** Quantiles that the sender worked out. They do not add up: a window has those of its last point. */
export class SummaryPoints implements BucketPoints {
  readonly #quantiles: ColumnReader;
  readonly #values: ColumnReader;
  #read: ((point: number) => Quantiles) | undefined;

  constructor(inputs: PointInputs) {
    this.#quantiles = inputs.reader('quantiles');
    this.#values = inputs.reader('quantile_values');
  }

  load(count: number): void {
    const quantiles = expectKind(this.#quantiles.next(count), 'double-list');
    const values = expectKind(this.#values.next(count), 'double-list');
    const of = ({ starts, lengths, values: items }: typeof values, point: number) =>
      items.slice(starts[point], starts[point] + lengths[point]);
    this.#read = (point) => ({ quantiles: of(quantiles, point), values: of(values, point) });
  }

  buckets(): Buckets {
    return new LastQuantiles(this);
  }

  of(point: number): Quantiles | undefined {
    return this.#read?.(point);
  }
}

interface Quantiles {
  readonly quantiles: Float64Array;
  readonly values: Float64Array;
}

class LastQuantiles implements Buckets {
  readonly #points: SummaryPoints;
  #last: Quantiles | undefined;

  constructor(points: SummaryPoints) {
    this.#points = points;
  }

  clear(): void {
    this.#last = undefined;
  }

  see(point: number): void {
    this.#last = this.#points.of(point);
  }

  set(): void {}

  setDifference(): boolean {
    return true;
  }

  add(later: LastQuantiles): void {
    this.#last = later.#last ?? this.#last;
  }

  write(rows: RollupRows): void {
    if (this.#last === undefined) return;
    rows.quantiles.set(rows.row, this.#last.quantiles);
    rows.quantileValues.set(rows.row, this.#last.values);
  }
}
