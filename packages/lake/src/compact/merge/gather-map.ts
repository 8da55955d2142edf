import { ByteTable } from '@lakewright/otlp';
import type { ColumnData, MapRows } from '../../parquet/index.ts';
import { EntrySets } from './entry-sets.ts';
import type { Gatherer } from './gather.ts';
import { Numbering, numberOf } from './numbering.ts';

/** Puts maps together: of rows with equal entries, in one input or in several, the entries are there once. */
export class MapGatherer implements Gatherer<MapRows> {
  readonly #keyNumbers = new Numbering();
  readonly #valueNumbers = new Numbering();
  /** Of each place where an input's entries begin, where they begin in the output; -1 until they are needed. */
  #placed = new WeakMap<MapRows, Int32Array>();
  readonly #sets = new EntrySets();
  readonly #table = new ByteTable();
  #starts = new Int32Array(0);
  #lengths = new Int32Array(0);
  #keys = new Int32Array(1024);
  #values = new Int32Array(1024);
  #entries = 0;
  #at = 0;

  begin(rows: number): void {
    this.#table.clear();
    if (this.#starts.length !== rows) {
      this.#starts = new Int32Array(rows);
      this.#lengths = new Int32Array(rows);
    }
    this.#keyNumbers.begin();
    this.#valueNumbers.begin();
    this.#placed = new WeakMap();
    this.#sets.begin();
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
        if (placed[start] < 0) placed[start] = this.#placeOf(this.#copy(rows, start, length), length);
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

  /** Where entries that are equal to those copied last are: of equal ones, which are given up then, or their own. */
  #placeOf(copied: number, length: number): number {
    const place = this.#sets.placeOf(this.#keys, this.#values, copied, length);
    if (place !== copied) this.#entries = copied;
    return place;
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
