import { ByteTable } from '@lakewright/otlp';
import type {
  BooleanRows,
  ColumnData,
  ColumnRows,
  Int32Rows,
  LeafStrings,
  ListRows,
  MapRows,
  StringRows,
  WordRows,
} from '../../parquet/index.ts';
import type { Column } from '../../tables.ts';

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

/** Of each place in an input's list of strings, its number in the output's table; -1 until it is needed. */
class Numbering {
  #of = new WeakMap<LeafStrings, Int32Array>();

  begin(): void {
    this.#of = new WeakMap();
  }

  numbersOf(strings: LeafStrings): Int32Array {
    let numbers = this.#of.get(strings);
    if (numbers === undefined) {
      numbers = new Int32Array(strings.count).fill(-1);
      this.#of.set(strings, numbers);
    }
    return numbers;
  }
}

function numberOf(table: ByteTable, strings: LeafStrings, numbers: Int32Array, place: number): number {
  const known = numbers[place];
  if (known >= 0) return known;
  const number = table.intern(strings.bytes, strings.starts[place], strings.ends[place]);
  numbers[place] = number;
  return number;
}

class StringGatherer implements Gatherer<StringRows> {
  readonly #numbering = new Numbering();
  #table = new ByteTable();
  #ids = new Int32Array(0);
  #at = 0;

  begin(rows: number): void {
    this.#table = new ByteTable();
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

class MapGatherer implements Gatherer<MapRows> {
  readonly #keyNumbers = new Numbering();
  readonly #valueNumbers = new Numbering();
  /** Of each place where an input's entries begin, where they begin in the output; -1 until they are needed. */
  #placed = new WeakMap<MapRows, Int32Array>();
  #table = new ByteTable();
  #starts = new Int32Array(0);
  #lengths = new Int32Array(0);
  #keys = new Int32Array(1024);
  #values = new Int32Array(1024);
  #entries = 0;
  #at = 0;

  begin(rows: number): void {
    this.#table = new ByteTable();
    if (this.#starts.length !== rows) {
      this.#starts = new Int32Array(rows);
      this.#lengths = new Int32Array(rows);
    }
    this.#keyNumbers.begin();
    this.#valueNumbers.begin();
    this.#placed = new WeakMap();
    this.#entries = 0;
    this.#at = 0;
  }

  append(rows: MapRows, from: number, count: number): void {
    const placed = this.#placedOf(rows);
    const { starts, lengths } = rows;
    for (let row = from; row < from + count; row++) {
      const length = lengths[row];
      this.#lengths[this.#at] = length;
      if (length > 0) {
        const start = starts[row];
        if (placed[start] < 0) placed[start] = this.#sameAsBefore(this.#copy(rows, start, length), length);
        this.#starts[this.#at] = placed[start];
      }
      this.#at++;
    }
  }

  data(): ColumnData {
    return {
      kind: 'map',
      starts: this.#starts,
      lengths: this.#lengths,
      keys: this.#keys,
      values: this.#values,
      table: this.#table,
    };
  }

  #placedOf(rows: MapRows): Int32Array {
    let placed = this.#placed.get(rows);
    if (placed === undefined) {
      placed = new Int32Array(rows.keys.length).fill(-1);
      this.#placed.set(rows, placed);
    }
    return placed;
  }

  #copy(rows: MapRows, start: number, length: number): number {
    const { keys, values, keyStrings, valueStrings } = rows;
    const first = this.#entries;
    this.#reserve(first + length);
    const keyNumbers = this.#keyNumbers.numbersOf(keyStrings);
    const valueNumbers = this.#valueNumbers.numbersOf(valueStrings);
    for (let i = start; i < start + length; i++) {
      this.#keys[this.#entries] = numberOf(this.#table, keyStrings, keyNumbers, keys[i]);
      const value = values[i];
      this.#values[this.#entries++] =
        value < 0 ? -1 : numberOf(this.#table, valueStrings, valueNumbers, value);
    }
    return first;
  }

  /**
   * The entries of the row in front when they are equal to those that were copied last, which are given up then:
   * rows of several inputs share one resource, and repeated rows cost next to nothing.
   */
  #sameAsBefore(copied: number, length: number): number {
    if (this.#at === 0 || this.#lengths[this.#at - 1] !== length) return copied;
    const before = this.#starts[this.#at - 1];
    for (let i = 0; i < length; i++) {
      if (this.#values[before + i] !== this.#values[copied + i]) return copied;
      if (this.#keys[before + i] !== this.#keys[copied + i]) return copied;
    }
    this.#entries = copied;
    return before;
  }

  #reserve(entries: number): void {
    if (entries <= this.#keys.length) return;
    const size = Math.max(entries, this.#keys.length * 2);
    const keys = new Int32Array(size);
    const values = new Int32Array(size);
    keys.set(this.#keys);
    values.set(this.#values);
    this.#keys = keys;
    this.#values = values;
  }
}
