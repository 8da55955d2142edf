import { type Gatherer, gathererOf } from '../compact/merge/gather.ts';
import { Names } from '../compact/merge/names.ts';
import { type KeyGroup, mergeOrder, UnsortedError } from '../compact/merge/order.ts';
import type { Runs } from '../compact/merge/runs.ts';
import { UnreadableSegmentError } from '../errors.ts';
import {
  type ByteSource,
  type ColumnData,
  type ColumnRows,
  ParquetFile,
  type StringRows,
  type WordRows,
} from '../parquet/index.ts';
import { type Column, type MetricTable, storedColumns } from '../tables.ts';

/** A segment of points that is to be rolled up. */
export interface RollInput {
  readonly key: string;
  /** As the catalog has it. */
  readonly rows: number;
  readonly source: ByteSource;
}

/** From `fromNs` to before `toNs`. */
export interface Span {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

interface OpenInput {
  readonly key: string;
  readonly file: ParquetFile;
  /** Of each row group, the rows within the span; undefined where all are. */
  readonly picks: (Int32Array | undefined)[];
}

/**
 * The points of several segments within a span of time, in one order: by metric name, series, time; of equal
 * ones, those of the earlier segment first. Columns are read when they are asked for.
 */
export class PointInputs {
  readonly #columns: ReadonlyMap<string, Column>;
  readonly #inputs: readonly OpenInput[];
  readonly #runs: Runs;
  /** How many points there are. */
  readonly count: number;

  /** Throws UnreadableSegmentError. */
  constructor(table: MetricTable, inputs: readonly RollInput[], span: Span) {
    const columns = storedColumns(table);
    this.#columns = new Map(columns.map((column) => [column.name, column]));
    this.#inputs = inputs.map((input) => openInput(input, columns));
    this.#runs = this.#order(span);
    const { lengths, count: runs } = this.#runs;
    let count = 0;
    for (let run = 0; run < runs; run++) count += lengths[run];
    this.count = count;
  }

  /** Reads a column from its first point on. */
  reader(name: string): ColumnReader {
    return new ColumnReader(this.#column(name), this.#inputs, this.#runs);
  }

  /** One column of some points, given in order. */
  pick(name: string, points: Int32Array): ColumnData {
    const reader = this.reader(name);
    return reader.pick(points);
  }

  #column(name: string): Column {
    const column = this.#columns.get(name);
    if (column === undefined) throw new RangeError(`there is no column ${name}`);
    return column;
  }

  #order(span: Span): Runs {
    const nameColumn = this.#column('metric_name');
    const idColumn = this.#column('series_id');
    const timeColumn = this.#column('time_unix_nano');
    const names = new Names();
    for (const { key, file } of this.#inputs) {
      for (let group = 0; group < file.groups; group++) {
        names.add(reading(key, () => file.column(nameColumn, group)) as StringRows);
      }
    }
    names.rank();
    const keys = this.#inputs.map(function* ({ key, file, picks }): Generator<KeyGroup, undefined> {
      for (let group = 0; group < file.groups; group++) {
        const read = (column: Column) => reading(key, () => file.column(column, group));
        const times = (read(timeColumn) as WordRows).words;
        const picked = within(times, span);
        picks.push(picked);
        if (picked?.length === 0) continue;
        const ranks = names.ranksOf(read(nameColumn) as StringRows);
        const ids = (read(idColumn) as WordRows).words;
        const rows =
          picked === undefined
            ? { ranks, ids, times }
            : {
                ranks: picked.map((row) => ranks[row]),
                ids: words(ids, picked),
                times: words(times, picked),
              };
        yield { count: picked?.length ?? file.rowsOf(group), read: () => rows };
      }
    });
    try {
      return mergeOrder(keys);
    } catch (error) {
      if (error instanceof UnsortedError) {
        throw new UnreadableSegmentError(this.#inputs[error.input].key, error.message);
      }
      throw error;
    }
  }
}

function openInput({ key, rows, source }: RollInput, columns: readonly Column[]): OpenInput {
  const file = reading(key, () => ParquetFile.open(source, columns));
  if (file.rows !== rows) {
    throw new UnreadableSegmentError(key, `it has ${file.rows} rows and the catalog says ${rows}`);
  }
  return { key, file, picks: [] };
}

/** What `read` answers; what it throws of the file's bytes becomes an error that names the segment. */
function reading<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new UnreadableSegmentError(key, error.message, { cause: error });
    throw error;
  }
}

/** The rows whose times are within the span; undefined when all are. */
function within(times: Uint32Array, { fromNs, toNs }: Span): Int32Array | undefined {
  const low = Number(fromNs & 0xffff_ffffn);
  const high = Number(fromNs >> 32n);
  const length = Number(toNs - fromNs);
  const rows = times.length / 2;
  const picked = new Int32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    // Exact where it matters: within the span and some weeks about it.
    const offset = (times[row * 2 + 1] - high) * 0x1_0000_0000 + (times[row * 2] - low);
    if (offset >= 0 && offset < length) picked[count++] = row;
  }
  return count === rows ? undefined : picked.slice(0, count);
}

function words(values: Uint32Array, rows: Int32Array): Uint32Array {
  const to = new Uint32Array(rows.length * 2);
  for (let i = 0; i < rows.length; i++) {
    to[i * 2] = values[rows[i] * 2];
    to[i * 2 + 1] = values[rows[i] * 2 + 1];
  }
  return to;
}

/** Where the next point of an input is. */
interface Cursor {
  group: number;
  rows: ColumnRows | undefined;
  /** The rows of the group that count; undefined where all do. */
  picked: Int32Array | undefined;
  at: number;
  count: number;
}

/** Reads one column of all points in their order. */
export class ColumnReader {
  readonly #column: Column;
  readonly #inputs: readonly OpenInput[];
  readonly #runs: Runs;
  readonly #cursors: Cursor[];
  readonly #gatherer: Gatherer;
  #run = 0;
  #runLeft: number;

  constructor(column: Column, inputs: readonly OpenInput[], runs: Runs) {
    this.#column = column;
    this.#inputs = inputs;
    this.#runs = runs;
    this.#cursors = inputs.map(() => ({ group: -1, rows: undefined, picked: undefined, at: 0, count: 0 }));
    this.#gatherer = gathererOf(column);
    this.#runLeft = runs.lengths[0];
  }

  /** The next `count` points. */
  next(count: number): ColumnData {
    this.#gatherer.begin(count);
    this.#walk(count, (cursor, rows) => this.#append(cursor, rows));
    return this.#gatherer.data();
  }

  /** Those of `points`, which are numbers of points in order. For a reader that has read nothing yet. */
  pick(points: Int32Array): ColumnData {
    this.#gatherer.begin(points.length);
    let at = 0;
    for (const point of points) {
      this.#walk(point - at, () => undefined);
      this.#walk(1, (cursor, rows) => this.#append(cursor, rows));
      at = point + 1;
    }
    return this.#gatherer.data();
  }

  /** Goes over the next `count` points, calling `each` with where so many neighbours are. */
  #walk(count: number, each: (cursor: Cursor, rows: number) => void): void {
    for (let left = count; left > 0; ) {
      if (this.#runLeft === 0) this.#runLeft = this.#runs.lengths[++this.#run];
      const input = this.#runs.inputs[this.#run];
      const cursor = this.#cursors[input];
      while (cursor.at === cursor.count) this.#advance(cursor, this.#inputs[input]);
      const rows = Math.min(left, this.#runLeft, cursor.count - cursor.at);
      each(cursor, rows);
      cursor.at += rows;
      this.#runLeft -= rows;
      left -= rows;
    }
  }

  #advance(cursor: Cursor, { file, picks }: OpenInput): void {
    cursor.group++;
    cursor.rows = undefined;
    cursor.picked = picks[cursor.group];
    cursor.count = cursor.picked?.length ?? file.rowsOf(cursor.group);
    cursor.at = 0;
  }

  #append(cursor: Cursor, count: number): void {
    const { key, file } = this.#inputs[this.#runs.inputs[this.#run]];
    cursor.rows ??= reading(key, () => file.column(this.#column, cursor.group));
    const { rows, picked } = cursor;
    if (picked === undefined) {
      this.#gatherer.append(rows, cursor.at, count);
      return;
    }
    const end = cursor.at + count;
    for (let from = cursor.at; from < end; ) {
      let to = from + 1;
      while (to < end && picked[to] === picked[to - 1] + 1) to++;
      this.#gatherer.append(rows, picked[from], to - from);
      from = to;
    }
  }
}
