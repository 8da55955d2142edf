import type { ByteSink } from './byte-sink.ts';
import type { StringTable } from './data.ts';
import { bitWidth, deltaBinaryPacked, ENCODING } from './encodings.ts';
import { type Repeat, rleHybrid } from './rle-hybrid.ts';
import type { EncodedValues, ValueSinks } from './values.ts';

/** Bounds longer than this are left out of the statistics. */
const MAX_BOUND_BYTES = 64;

/** Numbers the distinct string ids of one column, again and again, without clearing its memory. */
export class StringNumbers {
  #stamps = new Int32Array(0);
  #numbers = new Int32Array(0);
  #stamp = 0;
  /** Distinct ids in the order of first sight. */
  distinct = new Int32Array(1024);
  count = 0;

  begin(table: StringTable): void {
    if (this.#stamps.length < table.count) {
      this.#stamps = new Int32Array(table.count + 1024);
      this.#numbers = new Int32Array(table.count + 1024);
      this.#stamp = 0;
    }
    this.#stamp++;
    this.count = 0;
  }

  of(id: number): number {
    if (this.#stamps[id] === this.#stamp) return this.#numbers[id];
    this.#stamps[id] = this.#stamp;
    if (this.count === this.distinct.length) {
      const grown = new Int32Array(this.distinct.length * 2);
      grown.set(this.distinct);
      this.distinct = grown;
    }
    this.distinct[this.count] = id;
    this.#numbers[id] = this.count;
    return this.count++;
  }
}

/** Strings: a dictionary where values repeat enough to pay for it, else lengths and bytes. */
export function encodeStrings(
  sinks: ValueSinks,
  table: StringTable,
  ids: Int32Array,
  count: number,
  numbers: StringNumbers,
): EncodedValues {
  numbers.begin(table);
  const indices = new Int32Array(count);
  let totalBytes = 0;
  const { offsets } = table;
  let last = -1;
  let lastIndex = 0;
  let lastLength = 0;
  for (let i = 0; i < count; i++) {
    const id = ids[i];
    // Sorted columns have long runs of one value.
    if (id !== last) {
      last = id;
      lastIndex = numbers.of(id);
      lastLength = offsets[id + 1] - offsets[id];
    }
    indices[i] = lastIndex;
    totalBytes += lastLength;
  }
  return writeStrings(sinks, table, { indices, count, totalBytes, repeats: [] }, numbers);
}

/** Strings that were numbered. */
export interface NumberedStrings {
  /** Into the numbers' `distinct`. */
  readonly indices: Int32Array;
  /** How many there are in all, and their bytes. */
  readonly count: number;
  readonly totalBytes: number;
  /** What of all is not in `indices` because it repeats. */
  readonly repeats: readonly Repeat[];
}

/** Writes strings that were numbered. */
export function writeStrings(
  sinks: ValueSinks,
  table: StringTable,
  { indices, count, totalBytes, repeats }: NumberedStrings,
  numbers: StringNumbers,
): EncodedValues {
  const { offsets } = table;
  let distinctBytes = 0;
  for (let i = 0; i < numbers.count; i++) {
    const id = numbers.distinct[i];
    distinctBytes += offsets[id + 1] - offsets[id] + 1;
  }
  const width = bitWidth(Math.max(0, numbers.count - 1));
  const bounds = stringBounds(table, numbers);
  if (distinctBytes + (count * width) / 8 <= totalBytes) {
    for (let i = 0; i < numbers.count; i++) plainString(sinks.dictionary, table, numbers.distinct[i]);
    sinks.data.byte(width);
    rleHybrid(sinks.data, indices, indices.length, width, repeats);
    return { encoding: ENCODING.RLE_DICTIONARY, dictionaryCount: numbers.count, ...bounds };
  }
  const ids = withRepeats(indices, count, repeats).map((index) => numbers.distinct[index]);
  lengthsAndBytes(sinks.data, table, ids, count, totalBytes);
  return { encoding: ENCODING.DELTA_LENGTH_BYTE_ARRAY, dictionaryCount: 0, ...bounds };
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

function plainString(out: ByteSink, table: StringTable, id: number): void {
  const start = table.offsets[id];
  const end = table.offsets[id + 1];
  out.uint32(end - start);
  copyShort(out, table.arena, start, end);
}

function copyShort(out: ByteSink, arena: Uint8Array, start: number, end: number): void {
  out.reserve(end - start);
  const { bytes } = out;
  let at = out.length;
  if (end - start < 64) for (let i = start; i < end; i++) bytes[at++] = arena[i];
  else {
    bytes.set(arena.subarray(start, end), at);
    at += end - start;
  }
  out.length = at;
}

function lengthsAndBytes(
  out: ByteSink,
  table: StringTable,
  ids: Int32Array,
  count: number,
  total: number,
): void {
  const { offsets, arena } = table;
  const lengthOf = (i: number) => offsets[ids[i] + 1] - offsets[ids[i]];
  const deltas = new Float64Array(Math.max(0, count - 1));
  for (let i = 1; i < count; i++) deltas[i - 1] = lengthOf(i) - lengthOf(i - 1);
  deltaBinaryPacked(out, count, count === 0 ? 0 : lengthOf(0), deltas);
  out.reserve(total);
  for (let i = 0; i < count; i++) copyShort(out, arena, offsets[ids[i]], offsets[ids[i] + 1]);
}

function stringBounds(table: StringTable, numbers: StringNumbers): { min?: Uint8Array; max?: Uint8Array } {
  // Bounds of thousands of distinct values rarely exclude anything and cost a comparison each.
  if (numbers.count === 0 || numbers.count > 4096) return {};
  let min = numbers.distinct[0];
  let max = min;
  for (let i = 1; i < numbers.count; i++) {
    const id = numbers.distinct[i];
    if (table.compare(id, min) < 0) min = id;
    else if (table.compare(id, max) > 0) max = id;
  }
  const bytes = (id: number) => table.arena.slice(table.offsets[id], table.offsets[id + 1]);
  const bounds = { min: bytes(min), max: bytes(max) };
  return bounds.min.length > MAX_BOUND_BYTES || bounds.max.length > MAX_BOUND_BYTES ? {} : bounds;
}
