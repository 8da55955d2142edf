import type { ByteSink } from './byte-sink.ts';
import type { StringTable } from './data.ts';
import { bitWidth, deltaBinaryPacked, ENCODING, rleHybrid } from './encodings.ts';

/** The values of one leaf in one row group, encoded: NULLs are left out, as Parquet leaves them out. */
export interface EncodedValues {
  readonly encoding: number;
  /** Entries of the dictionary page that `dictionary` received; 0 when there is none. */
  readonly dictionaryCount: number;
  /** Bounds as PLAIN bytes without a length, when they are known. */
  readonly min?: Uint8Array;
  readonly max?: Uint8Array;
}

/** Bounds longer than this are left out of the statistics. */
const MAX_BOUND_BYTES = 64;

/** Where `values` encoders write: the dictionary page's and the data page's bytes. */
export interface ValueSinks {
  readonly dictionary: ByteSink;
  readonly data: ByteSink;
}

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
    rleHybrid(sinks.data, indices, count, width);
    return { encoding: ENCODING.RLE_DICTIONARY, dictionaryCount: numbers.count, ...bounds };
  }
  lengthsAndBytes(sinks.data, table, ids, count, totalBytes);
  return { encoding: ENCODING.DELTA_LENGTH_BYTE_ARRAY, dictionaryCount: 0, ...bounds };
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

/** Numbers distinct 8-byte values; gives up (returns false) when there are more than `limit`. */
function numberWords(
  words: Uint32Array,
  count: number,
  limit: number,
  indices: Int32Array,
  distinct: Uint32Array,
): number {
  let size = 64;
  while (size < limit * 2) size *= 2;
  const slots = new Int32Array(size);
  const mask = size - 1;
  let known = 0;
  let lastLo = 0;
  let lastHi = 0;
  let last = -1;
  for (let i = 0; i < count; i++) {
    const lo = words[i * 2];
    const hi = words[i * 2 + 1];
    if (last < 0 || lo !== lastLo || hi !== lastHi) {
      let hash = Math.imul(lo ^ Math.imul(hi, 0x85ebca6b), 0x9e3779b1);
      hash ^= hash >>> 15;
      let slot = hash & mask;
      for (;;) {
        last = slots[slot] - 1;
        if (last < 0) {
          if (known === limit) return -1;
          distinct[known * 2] = lo;
          distinct[known * 2 + 1] = hi;
          last = known++;
          slots[slot] = known;
          break;
        }
        if (distinct[last * 2] === lo && distinct[last * 2 + 1] === hi) break;
        slot = (slot + 1) & mask;
      }
      lastLo = lo;
      lastHi = hi;
    }
    indices[i] = last;
  }
  return known;
}

function wordBytes(words: Uint32Array, from: number, count: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset + from * 8, count * 8);
}

function writeWordDictionary(
  sinks: ValueSinks,
  distinct: Uint32Array,
  known: number,
  indices: Int32Array,
  count: number,
): void {
  const width = bitWidth(Math.max(0, known - 1));
  sinks.dictionary.set(wordBytes(distinct, 0, known));
  sinks.data.byte(width);
  rleHybrid(sinks.data, indices, count, width);
}

/** 64-bit integers as word pairs: a dictionary, differences, or as they are, whichever is smallest. */
export function encodeInt64(sinks: ValueSinks, words: Uint32Array, count: number): EncodedValues {
  const bounds = int64Bounds(words, count);
  const limit = Math.max(16, count >>> 3);
  const indices = new Int32Array(count);
  const distinct = new Uint32Array(limit * 2);
  const known = numberWords(words, count, limit, indices, distinct);
  if (known >= 0) {
    writeWordDictionary(sinks, distinct, known, indices, count);
    return { encoding: ENCODING.RLE_DICTIONARY, dictionaryCount: known, ...bounds };
  }
  const deltas = int64Deltas(words, count);
  if (deltas === undefined) {
    sinks.data.set(wordBytes(words, 0, count));
    return { encoding: ENCODING.PLAIN, dictionaryCount: 0, ...bounds };
  }
  const first = (BigInt(words[1] | 0) << 32n) | BigInt(words[0]);
  deltaBinaryPacked(sinks.data, count, first, deltas);
  return { encoding: ENCODING.DELTA_BINARY_PACKED, dictionaryCount: 0, ...bounds };
}

function int64Deltas(words: Uint32Array, count: number): Float64Array | undefined {
  const deltas = new Float64Array(count - 1);
  for (let i = 1; i < count; i++) {
    const high = (words[i * 2 + 1] | 0) - (words[i * 2 - 1] | 0);
    const delta = high * 0x1_0000_0000 + (words[i * 2] - words[i * 2 - 2]);
    if (delta > 2 ** 51 || delta < -(2 ** 51)) return undefined;
    deltas[i - 1] = delta;
  }
  return deltas;
}

function int64Bounds(words: Uint32Array, count: number): { min?: Uint8Array; max?: Uint8Array } {
  if (count === 0) return {};
  let min = 0;
  let max = 0;
  const less = (a: number, b: number) => {
    const high = (words[a * 2 + 1] | 0) - (words[b * 2 + 1] | 0);
    return high < 0 || (high === 0 && words[a * 2] < words[b * 2]);
  };
  for (let i = 1; i < count; i++) {
    if (less(i, min)) min = i;
    else if (less(max, i)) max = i;
  }
  return { min: wordBytes(words, min, 1).slice(), max: wordBytes(words, max, 1).slice() };
}

/** Doubles: a dictionary where values repeat, else as they are. */
export function encodeDoubles(sinks: ValueSinks, values: Float64Array, count: number): EncodedValues {
  const words = new Uint32Array(values.buffer, values.byteOffset, count * 2);
  const bounds = doubleBounds(values, count);
  const limit = Math.max(16, count >>> 2);
  const indices = new Int32Array(count);
  const distinct = new Uint32Array(limit * 2);
  const known = numberWords(words, count, limit, indices, distinct);
  if (known >= 0) {
    writeWordDictionary(sinks, distinct, known, indices, count);
    return { encoding: ENCODING.RLE_DICTIONARY, dictionaryCount: known, ...bounds };
  }
  sinks.data.set(wordBytes(words, 0, count));
  return { encoding: ENCODING.PLAIN, dictionaryCount: 0, ...bounds };
}

function doubleBounds(values: Float64Array, count: number): { min?: Uint8Array; max?: Uint8Array } {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const value = values[i];
    // NaN has no place in an order: Parquet says to leave the bounds out.
    if (Number.isNaN(value)) return {};
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (count === 0) return {};
  // Zero has two signs; the bounds must take in both.
  return { min: doubleBytes(min === 0 ? -0 : min), max: doubleBytes(max === 0 ? 0 : max) };
}

function doubleBytes(value: number): Uint8Array {
  return new Uint8Array(Float64Array.of(value).buffer);
}

/** 32-bit integers: a dictionary where values repeat, else as they are. */
export function encodeInt32(sinks: ValueSinks, values: Int32Array, count: number): EncodedValues {
  const numbers = new Map<number, number>();
  const indices = new Int32Array(count);
  let min = values[0];
  let max = min;
  const limit = Math.max(16, count >>> 3);
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (value < min) min = value;
    if (value > max) max = value;
    let number = i > 0 && value === values[i - 1] ? indices[i - 1] : numbers.get(value);
    if (number === undefined) {
      number = numbers.size;
      if (number <= limit) numbers.set(value, number);
    }
    indices[i] = number;
  }
  const bounds = count === 0 ? {} : { min: int32Bytes(min), max: int32Bytes(max) };
  if (numbers.size <= limit) {
    const width = bitWidth(Math.max(0, numbers.size - 1));
    for (const value of numbers.keys()) sinks.dictionary.uint32(value);
    sinks.data.byte(width);
    rleHybrid(sinks.data, indices, count, width);
    return { encoding: ENCODING.RLE_DICTIONARY, dictionaryCount: numbers.size, ...bounds };
  }
  for (let i = 0; i < count; i++) sinks.data.uint32(values[i]);
  return { encoding: ENCODING.PLAIN, dictionaryCount: 0, ...bounds };
}

function int32Bytes(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}

/** Booleans, one bit each. */
export function encodeBooleans(sinks: ValueSinks, values: Uint8Array, count: number): EncodedValues {
  for (let i = 0; i < count; i += 8) {
    let byte = 0;
    for (let bit = 0; bit < 8 && i + bit < count; bit++) byte |= (values[i + bit] & 1) << bit;
    sinks.data.byte(byte);
  }
  return { encoding: ENCODING.PLAIN, dictionaryCount: 0 };
}
