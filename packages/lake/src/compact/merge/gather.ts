import { ByteTable } from '@lakewright/otlp';
import type {
  BooleanRows,
  ColumnData,
  ColumnRows,
  Int32Rows,
  ListRows,
  StringRows,
  WordRows,
} from '../../parquet/index.ts';
import type { Column } from '../../tables.ts';
import { MapGatherer } from './gather-map.ts';
import { Numbering, numberOf } from './numbering.ts';

/** Puts together one column of one row group of the output from rows of the inputs. */
export interface Gatherer<Rows extends ColumnRows = ColumnRows> {
  /** Begins a row group of `rows` rows. */
  begin(rows: number): void;
  /** Adds rows `from .. from + count` of `rows`, which `of` prepared when they were read. */
  append(rows: Rows, from: number, count: number): void;
  data(): ColumnData;
}

/** How a column is gathered. */
export function gathererOf(column: Column): Gatherer {
  switch (column.type) {
    case 'VARCHAR':
      return new StringGatherer();
    case 'MAP(VARCHAR, VARCHAR)':
      return new MapGatherer();
    case 'INTEGER':
      return new Int32Gatherer();
    case 'BOOLEAN':
      return new BooleanGatherer();
    case 'BIGINT[]':
    case 'DOUBLE[]':
      return new ListGatherer(column.type === 'DOUBLE[]');
    default:
      return new WordGatherer(column.type === 'DOUBLE');
  }
}

/** NULL marks of a row group, made when the first NULL comes. */
class Nulls {
  marks: Uint8Array | undefined;
  #rows = 0;

  begin(rows: number): void {
    this.#rows = rows;
    this.marks = undefined;
  }

  append(nulls: Uint8Array | undefined, from: number, count: number, at: number): void {
    if (nulls === undefined) return;
    this.marks ??= new Uint8Array(this.#rows);
    this.marks.set(nulls.subarray(from, from + count), at);
  }
}

class WordGatherer implements Gatherer<WordRows> {
  readonly #isDouble: boolean;
  readonly #nulls = new Nulls();
  #words = new Uint32Array(0);
  #at = 0;

  constructor(isDouble: boolean) {
    this.#isDouble = isDouble;
  }

  begin(rows: number): void {
    if (this.#words.length !== rows * 2) this.#words = new Uint32Array(rows * 2);
    this.#nulls.begin(rows);
    this.#at = 0;
  }

  append({ words, nulls }: WordRows, from: number, count: number): void {
    const to = this.#words;
    let at = this.#at * 2;
    const end = (from + count) * 2;
    if (count > 16) to.set(words.subarray(from * 2, end), at);
    else for (let i = from * 2; i < end; i++) to[at++] = words[i];
    this.#nulls.append(nulls, from, count, this.#at);
    this.#at += count;
  }

  data(): ColumnData {
    const nulls = this.#nulls.marks;
    return this.#isDouble
      ? { kind: 'double', values: new Float64Array(this.#words.buffer), nulls }
      : { kind: 'int64', words: this.#words, nulls };
  }
}

class Int32Gatherer implements Gatherer<Int32Rows> {
  readonly #nulls = new Nulls();
  #values = new Int32Array(0);
  #at = 0;

  begin(rows: number): void {
    if (this.#values.length !== rows) this.#values = new Int32Array(rows);
    this.#nulls.begin(rows);
    this.#at = 0;
  }

  append({ values, nulls }: Int32Rows, from: number, count: number): void {
    const to = this.#values;
    let at = this.#at;
    for (let i = from; i < from + count; i++) to[at++] = values[i];
    this.#nulls.append(nulls, from, count, this.#at);
    this.#at = at;
  }

  data(): ColumnData {
    return { kind: 'int32', values: this.#values, nulls: this.#nulls.marks };
  }
}

class BooleanGatherer implements Gatherer<BooleanRows> {
  readonly #nulls = new Nulls();
  #values = new Uint8Array(0);
  #at = 0;

  begin(rows: number): void {
    this.#values = new Uint8Array(rows);
    this.#nulls.begin(rows);
    this.#at = 0;
  }

  append({ values, nulls }: BooleanRows, from: number, count: number): void {
    this.#values.set(values.subarray(from, from + count), this.#at);
    this.#nulls.append(nulls, from, count, this.#at);
    this.#at += count;
  }

  data(): ColumnData {
    return { kind: 'boolean', values: this.#values, nulls: this.#nulls.marks };
  }
}

class ListGatherer implements Gatherer<ListRows> {
  readonly #isDouble: boolean;
  #starts = new Int32Array(0);
  #lengths = new Int32Array(0);
  #words = new Uint32Array(1024);
  #items = 0;
  #at = 0;

  constructor(isDouble: boolean) {
    this.#isDouble = isDouble;
  }

  begin(rows: number): void {
    if (this.#starts.length !== rows) {
      this.#starts = new Int32Array(rows);
      this.#lengths = new Int32Array(rows);
    }
    this.#items = 0;
    this.#at = 0;
  }

  append({ starts, lengths, words }: ListRows, from: number, count: number): void {
    for (let row = from; row < from + count; row++) {
      const length = lengths[row];
      this.#starts[this.#at] = this.#items;
      this.#lengths[this.#at++] = length;
      const end = (this.#items + length) * 2;
      if (end > this.#words.length) {
        const words = new Uint32Array(Math.max(end, this.#words.length * 2));
        words.set(this.#words);
        this.#words = words;
      }
      this.#words.set(words.subarray(starts[row] * 2, (starts[row] + length) * 2), this.#items * 2);
      this.#items += length;
    }
  }

  data(): ColumnData {
    const places = { starts: this.#starts, lengths: this.#lengths };
    return this.#isDouble
      ? { kind: 'double-list', ...places, values: new Float64Array(this.#words.buffer) }
      : { kind: 'int64-list', ...places, words: this.#words };
  }
}

class StringGatherer implements Gatherer<StringRows> {
  readonly #numbering = new Numbering();
  readonly #table = new ByteTable();
  #ids = new Int32Array(0);
  #at = 0;

  begin(rows: number): void {
    this.#table.clear();
    if (this.#ids.length !== rows) this.#ids = new Int32Array(rows);
    this.#numbering.begin();
    this.#at = 0;
  }

  append({ ids, strings }: StringRows, from: number, count: number): void {
    const table = this.#table;
    const numbers = this.#numbering.numbersOf(strings);
    const to = this.#ids;
    let at = this.#at;
    for (let row = from; row < from + count; row++) {
      const place = ids[row];
      to[at++] = place < 0 ? -1 : numberOf(table, strings, numbers, place);
    }
    this.#at = at;
  }

  data(): ColumnData {
    return { kind: 'strings', ids: this.#ids, table: this.#table };
  }
}
