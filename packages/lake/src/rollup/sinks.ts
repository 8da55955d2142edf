import type { ColumnData } from '../parquet/index.ts';

const FIRST_ITEMS = 1024;

/** A column of rollup rows that grows a row at a time. */
export interface Sink {
  /** The first `rows` rows, NULL where nothing was added. Valid until the next `clear`. */
  data(rows: number): ColumnData;
  clear(): void;
}

/** DOUBLE: `rows` values at most. A row that is passed over is NULL. */
export class DoubleSink implements Sink {
  readonly values: Float64Array;
  readonly #nulls: Uint8Array;

  constructor(rows: number) {
    this.values = new Float64Array(rows);
    this.#nulls = new Uint8Array(rows).fill(1);
  }

  set(row: number, value: number): void {
    this.values[row] = value;
    this.#nulls[row] = 0;
  }

  data(rows: number): ColumnData {
    return { kind: 'double', values: this.values.subarray(0, rows), nulls: this.#nulls.subarray(0, rows) };
  }

  clear(): void {
    this.#nulls.fill(1);
  }
}

/** BIGINT: integers up to 2^53, or word pairs. */
export class LongSink implements Sink {
  readonly words: Uint32Array;
  readonly #nulls: Uint8Array;

  constructor(rows: number) {
    this.words = new Uint32Array(rows * 2);
    this.#nulls = new Uint8Array(rows).fill(1);
  }

  set(row: number, value: number): void {
    this.words[row * 2] = value;
    this.words[row * 2 + 1] = Math.floor(value / 0x1_0000_0000);
    this.#nulls[row] = 0;
  }

  setWords(row: number, low: number, high: number): void {
    this.words[row * 2] = low;
    this.words[row * 2 + 1] = high;
    this.#nulls[row] = 0;
  }

  data(rows: number): ColumnData {
    return { kind: 'int64', words: this.words.subarray(0, rows * 2), nulls: this.#nulls.subarray(0, rows) };
  }

  clear(): void {
    this.#nulls.fill(1);
  }
}

/** INTEGER. */
export class IntegerSink implements Sink {
  readonly #values: Int32Array;
  readonly #nulls: Uint8Array;

  constructor(rows: number) {
    this.#values = new Int32Array(rows);
    this.#nulls = new Uint8Array(rows).fill(1);
  }

  set(row: number, value: number): void {
    this.#values[row] = value;
    this.#nulls[row] = 0;
  }

  data(rows: number): ColumnData {
    return { kind: 'int32', values: this.#values.subarray(0, rows), nulls: this.#nulls.subarray(0, rows) };
  }

  clear(): void {
    this.#nulls.fill(1);
  }
}

/** Items that a list column can be made of. */
interface Items {
  readonly length: number;
  readonly [index: number]: number;
}

/** BIGINT[] or DOUBLE[]: integers up to 2^53, or doubles. A row that is passed over has an empty list. */
export class ListSink implements Sink {
  readonly #isDouble: boolean;
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;
  #items = new Float64Array(FIRST_ITEMS);
  #count = 0;

  constructor(rows: number, isDouble: boolean) {
    this.#isDouble = isDouble;
    this.#starts = new Int32Array(rows);
    this.#lengths = new Int32Array(rows);
  }

  set(row: number, items: Items, length = items.length): void {
    const end = this.#count + length;
    if (end > this.#items.length) {
      const grown = new Float64Array(Math.max(end, this.#items.length * 2));
      grown.set(this.#items);
      this.#items = grown;
    }
    this.#starts[row] = this.#count;
    this.#lengths[row] = length;
    for (let i = 0; i < length; i++) this.#items[this.#count + i] = items[i];
    this.#count = end;
  }

  data(rows: number): ColumnData {
    const starts = this.#starts.subarray(0, rows);
    const lengths = this.#lengths.subarray(0, rows);
    if (this.#isDouble) return { kind: 'double-list', starts, lengths, values: this.#items };
    const words = new Uint32Array(this.#count * 2);
    for (let i = 0; i < this.#count; i++) {
      words[i * 2] = this.#items[i];
      words[i * 2 + 1] = Math.floor(this.#items[i] / 0x1_0000_0000);
    }
    return { kind: 'int64-list', starts, lengths, words };
  }

  clear(): void {
    this.#lengths.fill(0);
    this.#count = 0;
  }
}
