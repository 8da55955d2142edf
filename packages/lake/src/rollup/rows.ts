import { ROW_GROUP_ROWS } from '../cook/index.ts';
import { type ColumnData, ParquetWriter } from '../parquet/index.ts';
import { type Column, type RollupTable, storedColumns } from '../tables.ts';
import type { SeriesLabels } from './labels.ts';
import { DoubleSink, IntegerSink, ListSink, LongSink, type Sink } from './sinks.ts';

/** Windows of one length of one hour, in their order: by series, then time. They are written as they come. */
export class RollupRows {
  readonly frequencyNs: number;
  /** Of the row that is being filled. */
  row = 0;
  readonly points: LongSink;
  readonly count: LongSink;
  readonly sum: DoubleSink;
  readonly min: DoubleSink;
  readonly max: DoubleSink;
  readonly first: DoubleSink;
  readonly last: DoubleSink;
  readonly increase: DoubleSink;
  readonly resets: LongSink;
  readonly bucketCounts: ListSink;
  readonly explicitBounds: ListSink;
  readonly scale: IntegerSink;
  readonly zeroCount: LongSink;
  readonly zeroThreshold: DoubleSink;
  readonly positiveOffset: IntegerSink;
  readonly positiveCounts: ListSink;
  readonly negativeOffset: IntegerSink;
  readonly negativeCounts: ListSink;
  readonly quantiles: ListSink;
  readonly quantileValues: ListSink;
  readonly sketchKeys: ListSink;
  readonly sketchCounts: ListSink;
  readonly #times: LongSink;
  readonly #timestamps: LongSink;
  readonly #firstTimes: LongSink;
  readonly #lastTimes: LongSink;
  readonly #series: Int32Array;
  readonly #sinks: Readonly<Record<string, Sink>>;
  readonly #groupRows: number;
  readonly #hourUs: number;
  readonly #hourLow: number;
  readonly #hourHigh: number;
  readonly #labels: SeriesLabels;
  readonly #writer: ParquetWriter;
  #written = 0;
  #least = Number.POSITIVE_INFINITY;
  #most = 0;

  constructor(
    table: RollupTable,
    frequencyNs: number,
    hourNs: bigint,
    labels: SeriesLabels,
    capacity: number,
  ) {
    this.#groupRows = Math.min(capacity, ROW_GROUP_ROWS);
    const rows = this.#groupRows;
    this.#series = new Int32Array(rows);
    this.points = new LongSink(rows);
    this.count = new LongSink(rows);
    this.sum = new DoubleSink(rows);
    this.min = new DoubleSink(rows);
    this.max = new DoubleSink(rows);
    this.first = new DoubleSink(rows);
    this.last = new DoubleSink(rows);
    this.increase = new DoubleSink(rows);
    this.resets = new LongSink(rows);
    this.bucketCounts = new ListSink(rows, false);
    this.explicitBounds = new ListSink(rows, true);
    this.scale = new IntegerSink(rows);
    this.zeroCount = new LongSink(rows);
    this.zeroThreshold = new DoubleSink(rows);
    this.positiveOffset = new IntegerSink(rows);
    this.positiveCounts = new ListSink(rows, false);
    this.negativeOffset = new IntegerSink(rows);
    this.negativeCounts = new ListSink(rows, false);
    this.quantiles = new ListSink(rows, true);
    this.quantileValues = new ListSink(rows, true);
    this.sketchKeys = new ListSink(rows, false);
    this.sketchCounts = new ListSink(rows, false);
    this.#times = new LongSink(rows);
    this.#timestamps = new LongSink(rows);
    this.#firstTimes = new LongSink(rows);
    this.#lastTimes = new LongSink(rows);
    this.#sinks = {
      timestamp: this.#timestamps,
      time_unix_nano: this.#times,
      points: this.points,
      count: this.count,
      sum: this.sum,
      min: this.min,
      max: this.max,
      first: this.first,
      first_time_unix_nano: this.#firstTimes,
      last: this.last,
      last_time_unix_nano: this.#lastTimes,
      increase: this.increase,
      resets: this.resets,
      bucket_counts: this.bucketCounts,
      explicit_bounds: this.explicitBounds,
      scale: this.scale,
      zero_count: this.zeroCount,
      zero_threshold: this.zeroThreshold,
      positive_offset: this.positiveOffset,
      positive_bucket_counts: this.positiveCounts,
      negative_offset: this.negativeOffset,
      negative_bucket_counts: this.negativeCounts,
      quantiles: this.quantiles,
      quantile_values: this.quantileValues,
      sketch_keys: this.sketchKeys,
      sketch_counts: this.sketchCounts,
    };
    this.frequencyNs = frequencyNs;
    this.#hourUs = Number(hourNs / 1000n);
    this.#hourLow = Number(hourNs & 0xffff_ffffn);
    this.#hourHigh = Number(hourNs >> 32n);
    this.#labels = labels;
    this.#writer = new ParquetWriter(storedColumns(table));
  }

  /** Begins the row of window `window`, counted in the hour, of a series. Times are ns in the hour. */
  begin(series: number, window: number): void {
    const { row } = this;
    const start = window * this.frequencyNs;
    this.#series[row] = series;
    this.#timestamps.set(row, this.#hourUs + start / 1000);
    this.#setTime(this.#times, start);
    if (start < this.#least) this.#least = start;
    if (start > this.#most) this.#most = start;
  }

  /** The times of the first and the last point with a value. */
  times(first: number, last: number): void {
    this.#setTime(this.#firstTimes, first);
    this.#setTime(this.#lastTimes, last);
  }

  end(): void {
    if (++this.row === this.#groupRows) this.#flush();
  }

  /** The file; undefined when there are no rows. Times are the first and the last window's start, ns in the hour. */
  finish(): { rows: number; least: number; most: number; parquet: Uint8Array<ArrayBuffer> } | undefined {
    if (this.row > 0) this.#flush();
    if (this.#written === 0) return undefined;
    return {
      rows: this.#written,
      least: this.#least,
      most: this.#most,
      parquet: this.#writer.finish(),
    };
  }

  #setTime(sink: LongSink, offset: number): void {
    const low = this.#hourLow + offset;
    sink.setWords(this.row, low, this.#hourHigh + Math.floor(low / 0x1_0000_0000));
  }

  #flush(): void {
    const rows = this.row;
    const series = this.#series.subarray(0, rows);
    this.#writer.rowGroup(rows, (column) => this.#dataOf(column, series));
    for (const sink of Object.values(this.#sinks)) sink.clear();
    this.#written += rows;
    this.row = 0;
  }

  #dataOf(column: Column, series: Int32Array): ColumnData {
    if (column.name === 'frequency_ms') {
      return { kind: 'int32', values: new Int32Array(series.length).fill(this.frequencyNs / 1e6) };
    }
    return this.#sinks[column.name]?.data(series.length) ?? this.#labels.column(column, series);
  }
}
