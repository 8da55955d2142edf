import { bitWidth, deltaBinaryPacked, ENCODING } from './encodings.ts';
import { rleHybrid } from './rle-hybrid.ts';
import type { EncodedValues, ValueSinks } from './values.ts';

/** Numbers distinct 8-byte values; gives up (returns -1) when there are more than `limit`. */
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

/**
 * Writes 8-byte values as a dictionary of at most `limit` entries, and answers them, whose bounds are those of all
 * values; undefined when there are more.
 */
function writeWordDictionary(
  sinks: ValueSinks,
  words: Uint32Array,
  count: number,
  limit: number,
): Uint32Array<ArrayBuffer> | undefined {
  const indices = new Int32Array(count);
  const distinct = new Uint32Array(limit * 2);
  const known = numberWords(words, count, limit, indices, distinct);
  if (known < 0) return undefined;
  const width = bitWidth(Math.max(0, known - 1));
  sinks.dictionary.set(wordBytes(distinct, 0, known));
  sinks.data.byte(width);
  rleHybrid(sinks.data, indices, count, width);
  return distinct.subarray(0, known * 2);
}

/** 64-bit integers as word pairs: a dictionary, differences, or as they are, whichever is smallest. */
export function encodeInt64(sinks: ValueSinks, words: Uint32Array, count: number): EncodedValues {
  const distinct = writeWordDictionary(sinks, words, count, Math.max(16, count >>> 3));
  if (distinct !== undefined) {
    const known = distinct.length / 2;
    return { encoding: ENCODING.RLE_DICTIONARY, dictionaryCount: known, ...int64Bounds(distinct, known) };
  }
  const bounds = int64Bounds(words, count);
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
  let lowBefore = words[0];
  let highBefore = words[1] | 0;
  for (let i = 1; i < count; i++) {
    const low = words[i * 2];
    const high = words[i * 2 + 1] | 0;
    const delta = (high - highBefore) * 0x1_0000_0000 + (low - lowBefore);
    if (delta > 2 ** 51 || delta < -(2 ** 51)) return undefined;
    deltas[i - 1] = delta;
    lowBefore = low;
    highBefore = high;
  }
  return deltas;
}

function int64Bounds(words: Uint32Array, count: number): { min?: Uint8Array; max?: Uint8Array } {
  if (count === 0) return {};
  let min = 0;
  let max = 0;
  let minLow = words[0];
  let minHigh = words[1] | 0;
  let maxLow = minLow;
  let maxHigh = minHigh;
  for (let i = 1; i < count; i++) {
    const low = words[i * 2];
    const high = words[i * 2 + 1] | 0;
    if (high < minHigh || (high === minHigh && low < minLow)) {
      min = i;
      minLow = low;
      minHigh = high;
    } else if (high > maxHigh || (high === maxHigh && low > maxLow)) {
      max = i;
      maxLow = low;
      maxHigh = high;
    }
  }
  return { min: wordBytes(words, min, 1).slice(), max: wordBytes(words, max, 1).slice() };
}

/** Doubles: a dictionary where values repeat, else as they are. */
export function encodeDoubles(sinks: ValueSinks, values: Float64Array, count: number): EncodedValues {
  const words = new Uint32Array(values.buffer, values.byteOffset, count * 2);
  const distinct = writeWordDictionary(sinks, words, count, Math.max(16, count >>> 2));
  if (distinct !== undefined) {
    const known = distinct.length / 2;
    const bounds = doubleBounds(new Float64Array(distinct.buffer, 0, known), known);
    return { encoding: ENCODING.RLE_DICTIONARY, dictionaryCount: known, ...bounds };
  }
  sinks.data.set(wordBytes(words, 0, count));
  return { encoding: ENCODING.PLAIN, dictionaryCount: 0, ...doubleBounds(values, count) };
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
