import type { ByteSink } from './byte-sink.ts';
import type { ColumnData, StringTable } from './data.ts';
import { bitWidth, deltaBinaryPacked, ENCODING } from './encodings.ts';
import { rleHybrid } from './rle-hybrid.ts';
import type { EncodedValues, ValueSinks } from './values.ts';

/** Bounds longer than this are left out of the statistics. */
const MAX_BOUND_BYTES = 64;

/** Numbers the distinct ids of one column, again and again, without clearing its memory. */
export class IdNumbers {
  #stamps = new Int32Array(0);
  #numbers = new Int32Array(0);
  #stamp = 0;
  /** Distinct ids in the order of first sight. */
  distinct = new Int32Array(1024);
  count = 0;

  /** Ids that follow are below `ids`. */
  begin(ids: number): void {
    if (this.#stamps.length < ids) {
      this.#stamps = new Int32Array(ids + 1024);
      this.#numbers = new Int32Array(ids + 1024);
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
  numbers: IdNumbers,
): EncodedValues {
  const indices = new Int32Array(count);
  let totalBytes = numberOrdered(table, ids, indices, numbers);
  if (totalBytes < 0) totalBytes = numberAny(table, ids, indices, numbers);
  const pack = (out: ByteSink, width: number) => rleHybrid(out, indices, count, width);
  return writeStrings(sinks, table, { count, totalBytes, all: () => indices, pack }, numbers);
}

/**
 * The numbers of ids that come in their order from 1 on, as those of a merge do, which gives them when it sees a
 * string first; answers the bytes of all strings, or -1 when they come in another order.
 */
function numberOrdered(
  { offsets, count }: StringTable,
  ids: Int32Array,
  indices: Int32Array,
  numbers: IdNumbers,
): number {
  let totalBytes = 0;
  let next = 1;
  for (let i = 0; i < indices.length; i++) {
    const id = ids[i];
    if (id === next) next++;
    else if (id > next || id < 1) return -1;
    indices[i] = id - 1;
    totalBytes += offsets[id + 1] - offsets[id];
  }
  numbers.begin(count);
  for (let id = 1; id < next; id++) numbers.of(id);
  return totalBytes;
}

function numberAny(
  { offsets, count }: StringTable,
  ids: Int32Array,
  indices: Int32Array,
  numbers: IdNumbers,
): number {
  numbers.begin(count);
  let totalBytes = 0;
  let last = -1;
  let lastIndex = 0;
  let lastLength = 0;
  for (let i = 0; i < indices.length; i++) {
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
  return totalBytes;
}

/** Strings that were numbered: numbers are places in the numbers' `distinct`. */
export interface NumberedStrings {
  /** How many there are, and their bytes. */
  readonly count: number;
  readonly totalBytes: number;
  /** The number of each. */
  all(): Int32Array;
  /** Writes all numbers as an RLE / bit-packed hybrid. */
  pack(out: ByteSink, width: number): void;
}

/** Writes strings that were numbered. */
export function writeStrings(
  sinks: ValueSinks,
  table: StringTable,
  { count, totalBytes, all, pack }: NumberedStrings,
  numbers: IdNumbers,
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
    pack(sinks.data, width);
    return { encoding: ENCODING.RLE_DICTIONARY, dictionaryCount: numbers.count, ...bounds };
  }
  const ids = all().map((index) => numbers.distinct[index]);
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

/** Strings that hardly repeat: lengths and bytes, without bounds. */
export function encodeTexts(
  sinks: ValueSinks,
  { lengths, count, bytes }: Pick<Extract<ColumnData, { kind: 'texts' }>, 'lengths' | 'count' | 'bytes'>,
): EncodedValues {
  deltaLengths(sinks.data, lengths, count);
  sinks.data.set(bytes);
  return { encoding: ENCODING.DELTA_LENGTH_BYTE_ARRAY, dictionaryCount: 0 };
}

function lengthsAndBytes(
  out: ByteSink,
  table: StringTable,
  ids: Int32Array,
  count: number,
  total: number,
): void {
  const { offsets, arena } = table;
  const lengths = new Int32Array(count);
  for (let i = 0; i < count; i++) lengths[i] = offsets[ids[i] + 1] - offsets[ids[i]];
  deltaLengths(out, lengths, count);
  out.reserve(total);
  for (let i = 0; i < count; i++) copyShort(out, arena, offsets[ids[i]], offsets[ids[i] + 1]);
}

function deltaLengths(out: ByteSink, lengths: Int32Array, count: number): void {
  const deltas = new Float64Array(Math.max(0, count - 1));
  for (let i = 1; i < count; i++) deltas[i - 1] = lengths[i] - lengths[i - 1];
  deltaBinaryPacked(out, count, count === 0 ? 0 : lengths[0], deltas);
}

function stringBounds(table: StringTable, numbers: IdNumbers): { min?: Uint8Array; max?: Uint8Array } {
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
