import { BitJoiner } from './bit-joiner.ts';
import type { ByteSink } from './byte-sink.ts';
import type { StringTable } from './data.ts';
import { type IdNumbers, writeStrings } from './strings.ts';
import type { EncodedValues, ValueSinks } from './values.ts';

/** Lists of rows of which many are equal: each of them once. */
export interface DistinctLists {
  /** Of each row, its list; -1 for an empty one. */
  readonly of: Int32Array;
  /** Where each list is among the entries, in the order in which rows have them. */
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
}

/** Rows after which it is known whether lists repeat, and of how many rows one in so many may have a new one. */
const TRIED_ROWS = 512;
const ROWS_A_LIST = 4;

/**
 * The different lists of `rows` rows, in `entries` entries; undefined when too few of them repeat for looking at
 * each only once to pay.
 */
export function distinctLists(
  { starts, lengths }: { readonly starts: Int32Array; readonly lengths: Int32Array },
  rows: number,
  entries: number,
  numbers: IdNumbers,
): DistinctLists | undefined {
  const of = new Int32Array(rows);
  numbers.begin(entries);
  const lists = new Int32Array(Math.ceil(Math.max(rows, TRIED_ROWS) / ROWS_A_LIST) + 1);
  for (let row = 0; row < rows; row++) {
    if (lengths[row] === 0) {
      of[row] = -1;
      continue;
    }
    const list = numbers.of(starts[row]);
    if (list * ROWS_A_LIST > Math.max(row, TRIED_ROWS)) return undefined;
    lists[list] = lengths[row];
    of[row] = list;
  }
  return { of, starts: numbers.distinct.slice(0, numbers.count), lengths: lists };
}

/**
 * As `encodeStrings`, of the `count` entries that are not NULL: each list is numbered and packed once, and its bits
 * are put together row by row. Undefined where eight equal values follow each other, which other bytes stand for.
 */
export function encodeDistinctLists(
  sinks: ValueSinks,
  table: StringTable,
  lists: DistinctLists,
  ids: Int32Array,
  count: number,
  numbers: IdNumbers,
): EncodedValues | undefined {
  const numbered = numberLists(table, lists, ids, numbers);
  if (!isOneLiteral(lists.of, numbered)) return undefined;
  let totalBytes = 0;
  for (const list of lists.of) if (list >= 0) totalBytes += numbered.bytes[list];
  return writeStrings(
    sinks,
    table,
    {
      count,
      totalBytes,
      all: () => expand(lists.of, numbered, count),
      pack: (out, width) => packLists(out, lists.of, numbered, count, width),
    },
    numbers,
  );
}

/** The numbers of each list's strings: those of list `i` are `ends[i - 1] .. ends[i]`. */
interface NumberedLists {
  readonly indices: Int32Array;
  readonly ends: Int32Array;
  /** Bytes of all strings of a list. */
  readonly bytes: Float64Array;
}

function numberLists(
  { offsets, count }: StringTable,
  { starts, lengths }: DistinctLists,
  ids: Int32Array,
  numbers: IdNumbers,
): NumberedLists {
  numbers.begin(count);
  let most = 0;
  for (let list = 0; list < starts.length; list++) most += lengths[list];
  const indices = new Int32Array(most);
  const ends = new Int32Array(starts.length);
  const bytes = new Float64Array(starts.length);
  let at = 0;
  for (let list = 0; list < starts.length; list++) {
    for (let i = starts[list]; i < starts[list] + lengths[list]; i++) {
      const id = ids[i];
      if (id < 0) continue;
      indices[at++] = numbers.of(id);
      bytes[list] += offsets[id + 1] - offsets[id];
    }
    ends[list] = at;
  }
  return { indices, ends, bytes };
}

/** Whether nowhere eight equal values follow each other, so that all of them are one bit-packed run. */
function isOneLiteral(of: Int32Array, { indices, ends }: NumberedLists): boolean {
  const prefixes = new Int32Array(ends.length);
  const suffixes = new Int32Array(ends.length);
  let mixed = true;
  let most = 0;
  for (let list = 0; list < ends.length; list++) {
    const from = list === 0 ? 0 : ends[list - 1];
    let run = 0;
    for (let i = from; i < ends[list]; i++) {
      run = i > from && indices[i] === indices[i - 1] ? run + 1 : 1;
      if (run >= 8) return false;
      if (run === i - from + 1) prefixes[list] = run;
    }
    suffixes[list] = run;
    mixed &&= run < ends[list] - from;
    most = Math.max(most, prefixes[list], run);
  }
  // What ends in one list and goes on in the next is too short.
  if (mixed && most < 4) return true;
  let value = -1;
  let run = 0;
  for (const list of of) {
    const from = list <= 0 ? 0 : ends[list - 1];
    if (list < 0 || ends[list] === from) continue;
    const before = indices[from] === value ? run : 0;
    if (before + prefixes[list] >= 8) return false;
    run = prefixes[list] === ends[list] - from ? before + prefixes[list] : suffixes[list];
    value = indices[ends[list] - 1];
  }
  return true;
}

function expand(of: Int32Array, { indices, ends }: NumberedLists, count: number): Int32Array {
  const all = new Int32Array(count);
  let at = 0;
  for (const list of of) {
    if (list < 0) continue;
    for (let i = list === 0 ? 0 : ends[list - 1]; i < ends[list]; i++) all[at++] = indices[i];
  }
  return all;
}

/** Rows after which packed bits are at the same place of a word again, whatever a row's width. */
const PERIOD_ROWS = 32;

/** One bit-packed run of all rows' lists, filled up with zeros to a multiple of eight values. */
function packLists(out: ByteSink, of: Int32Array, lists: NumberedLists, count: number, width: number): void {
  const groups = Math.ceil(count / 8);
  out.varint(groups * 2 + 1);
  const bits = new BitJoiner(Math.ceil((groups * width) / 4) + 1);
  const patterns = patternsOf(lists, width);
  const { first } = patterns;
  for (let row = 0; row < of.length; ) {
    if (of[row] < 0) {
      row++;
      continue;
    }
    const list = first[of[row]];
    let end = row + 1;
    // A list of -1 has no place in `first`: it ends what is equal.
    while (end < of.length && first[of[end]] === list) end++;
    joinRows(bits, patterns, list, end - row);
    row = end;
  }
  out.set(bits.finish().subarray(0, groups * width));
}

function joinRows(bits: BitJoiner, patterns: Patterns, list: number, rows: number): void {
  const { words, starts, bits: lengths } = patterns;
  let left = rows;
  if (rows >= 3 * PERIOD_ROWS) {
    for (let i = 0; i < PERIOD_ROWS; i++) bits.add(words, starts[list], lengths[list]);
    const from = bits.at;
    for (let i = 0; i < PERIOD_ROWS; i++) bits.add(words, starts[list], lengths[list]);
    const times = Math.floor(rows / PERIOD_ROWS) - 2;
    bits.repeat(from, times);
    left -= (times + 2) * PERIOD_ROWS;
  }
  for (; left > 0; left--) bits.add(words, starts[list], lengths[list]);
}

/** The packed bits of each list, from a word of its own on. */
interface Patterns {
  readonly words: Int32Array;
  readonly starts: Int32Array;
  /** How many bits each has. */
  readonly bits: Int32Array;
  /** The first list that has the same bits: lists of other values mostly have the same keys. */
  readonly first: Int32Array;
}

function patternsOf({ indices, ends }: NumberedLists, width: number): Patterns {
  const starts = new Int32Array(ends.length);
  const bits = new Int32Array(ends.length);
  let words = 0;
  for (let list = 0; list < ends.length; list++) {
    starts[list] = words;
    bits[list] = (ends[list] - (list === 0 ? 0 : ends[list - 1])) * width;
    words += Math.ceil(bits[list] / 32);
  }
  const joiner = new BitJoiner(words + 1);
  const value = new Int32Array(1);
  let i = 0;
  for (let list = 0; list < ends.length; list++) {
    for (; i < ends[list]; i++) {
      value[0] = indices[i];
      joiner.add(value, 0, width);
    }
    joiner.align();
  }
  return { words: joiner.words, starts, bits, first: firstEqual(joiner.words, starts, bits) };
}

function firstEqual(words: Int32Array, starts: Int32Array, bits: Int32Array): Int32Array {
  const first = new Int32Array(starts.length);
  let size = 16;
  while (size < starts.length * 2) size *= 2;
  const slots = new Int32Array(size);
  for (let list = 0; list < starts.length; list++) {
    const start = starts[list];
    const count = Math.ceil(bits[list] / 32);
    let hash = bits[list];
    for (let at = start; at < start + count; at++) {
      hash = Math.imul(hash ^ words[at], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    let slot = hash & (size - 1);
    while (slots[slot] !== 0 && !isSame(slots[slot] - 1, list)) slot = (slot + 1) & (size - 1);
    if (slots[slot] === 0) slots[slot] = list + 1;
    first[list] = slots[slot] - 1;
  }
  return first;

  function isSame(a: number, b: number): boolean {
    if (bits[a] !== bits[b]) return false;
    const count = Math.ceil(bits[a] / 32);
    for (let i = 0; i < count; i++) if (words[starts[a] + i] !== words[starts[b] + i]) return false;
    return true;
  }
}
