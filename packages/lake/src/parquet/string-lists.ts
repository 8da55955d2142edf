import type { StringTable } from './data.ts';
import { type DistinctLists, encodeDistinctLists } from './distinct-lists.ts';
import { type Repeat, rleHybrid } from './rle-hybrid.ts';
import { type IdNumbers, writeStrings } from './strings.ts';
import type { EncodedValues, ValueSinks } from './values.ts';

/** Rows with equal entries from which on most of them are left out; of what is left out, eight at a time. */
const REPEATED_ROWS = 32;
const ROWS_AT_ONCE = 8;
/** Rows that stay, at least: what is left out must have a period of itself on both sides. */
const KEPT_ROWS = 3 * ROWS_AT_ONCE;

/** Entries of lists of strings, row by row; an id below 0 is NULL. */
export interface StringLists {
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  readonly ids: Int32Array;
  /** Each of them once, where they are few. */
  readonly distinct?: DistinctLists;
}

/**
 * As `encodeStrings`, of the `count` entries that are not NULL. Of rows in a row with the same entries, as most
 * resources are, a few are looked at and the packed bytes of the others are copied.
 */
export function encodeStringLists(
  sinks: ValueSinks,
  table: StringTable,
  { starts, lengths, ids, distinct }: StringLists,
  rows: number,
  count: number,
  numbers: IdNumbers,
): EncodedValues {
  const encoded = distinct && encodeDistinctLists(sinks, table, distinct, ids, count, numbers);
  if (encoded !== undefined) return encoded;
  numbers.begin(table.count);
  const { offsets } = table;
  const indices = new Indices(count);
  let totalBytes = 0;
  for (let row = 0; row < rows; ) {
    if (lengths[row] === 0) {
      row++;
      continue;
    }
    const start = starts[row];
    const end = start + lengths[row];
    let same = 1;
    // Rows without entries in between change nothing.
    for (row++; row < rows && (lengths[row] === 0 || starts[row] === start); row++) {
      if (lengths[row] > 0) same++;
    }
    const first = indices.count;
    let bytes = 0;
    for (let i = start; i < end; i++) {
      const id = ids[i];
      if (id < 0) continue;
      indices.add(numbers.of(id));
      bytes += offsets[id + 1] - offsets[id];
    }
    indices.repeat(first, same);
    totalBytes += bytes * same;
  }
  const values = indices.values();
  const { repeats } = indices;
  return writeStrings(
    sinks,
    table,
    {
      count,
      totalBytes,
      all: () => withRepeats(values, count, repeats),
      pack: (out, width) => rleHybrid(out, values, values.length, width, repeats),
    },
    numbers,
  );
}

/** All values, the repeated ones with their repetitions. */
function withRepeats(indices: Int32Array, count: number, repeats: readonly Repeat[]): Int32Array {
  if (repeats.length === 0) return indices;
  const all = new Int32Array(count);
  let done = 0;
  let to = 0;
  for (const { at, period, times } of repeats) {
    all.set(indices.subarray(done, at), to);
    to += at - done;
    for (let time = 0; time < times; time++, to += period) all.set(indices.subarray(at, at + period), to);
    done = at;
  }
  all.set(indices.subarray(done), to);
  return all;
}

/** Indices of entries without what repeats. */
class Indices {
  readonly repeats: Repeat[] = [];
  count = 0;
  #values: Int32Array;

  constructor(most: number) {
    this.#values = new Int32Array(Math.min(most, 1 << 14));
  }

  values(): Int32Array {
    return this.#values.subarray(0, this.count);
  }

  add(index: number): void {
    if (this.count === this.#values.length) this.#reserve(1);
    this.#values[this.count++] = index;
  }

  /** Makes the one row from `first` on into `rows` rows. */
  repeat(first: number, rows: number): void {
    const length = this.count - first;
    if (length === 0 || rows === 1) return;
    let kept = rows;
    if (rows >= REPEATED_ROWS && longestRun(this.#values, first, length) < 8) {
      const times = Math.floor((rows - KEPT_ROWS) / ROWS_AT_ONCE);
      kept -= times * ROWS_AT_ONCE;
      const period = ROWS_AT_ONCE * length;
      this.repeats.push({ at: first + period, period, times });
    }
    this.#reserve(length * (kept - 1));
    const values = this.#values;
    const end = first + length * kept;
    for (let i = this.count; i < end; i++) values[i] = values[i - length];
    this.count = end;
  }

  #reserve(more: number): void {
    if (this.count + more <= this.#values.length) return;
    const grown = new Int32Array(Math.max(this.#values.length * 2, this.count + more));
    grown.set(this.values());
    this.#values = grown;
  }
}

/** Equal values in a row, at most, when `values[first .. first + length)` come again and again. */
function longestRun(values: Int32Array, first: number, length: number): number {
  let longest = 0;
  let run = 0;
  for (let i = 0; i < length * 2; i++) {
    const same = i > 0 && values[first + (i % length)] === values[first + ((i - 1) % length)];
    run = same ? run + 1 : 1;
    if (run > longest) longest = run;
  }
  return longest === length * 2 ? Number.POSITIVE_INFINITY : longest;
}
