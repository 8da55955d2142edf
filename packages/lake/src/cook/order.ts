import type { BatchMemory } from '@lakewright/otlp';

/** Nanoseconds of a day. */
const DAY_NS = 86_400_000_000_000;
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

/** Days of one batch that are kept apart at most: every one becomes a file, whatever clocks the senders have. */
export const MAX_DAYS = 100;

/** The rows of one UTC day, sorted; or of many days that have few rows each. */
export interface DayRows {
  /** Days since 1970-01-01; of several, the first. */
  readonly day: number;
  /** Row numbers in output order. */
  readonly rows: Uint32Array;
}

/**
 * Splits rows by UTC day and sorts each day's by (rank, time), keeping the order of equal rows. When there
 * are more than MAX_DAYS, the days with the fewest rows are put together.
 * `times` are word pairs (low, high) of ns since the epoch, below 2^63; ranks are dense from 0. The rows are in
 * `memory`.
 */
export function sortByDay(
  memory: BatchMemory,
  count: number,
  ranks: Int32Array,
  times: Uint32Array,
): DayRows[] {
  const days = memory.int32(count);
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    days[i] = dayOf(times[i * 2], times[i * 2 + 1]);
    if (days[i] < first) first = days[i];
    if (days[i] > last) last = days[i];
  }
  if (count === 0) return [];
  const groups = first === last ? new Map([[first, allRows(memory, count)]]) : rowsByDay(count, days);
  const { apart, together } = separate([...groups].map(([day, rows]) => ({ day, rows })));
  const sorted = apart.map(({ day, rows }) => ({ day, rows: sortRows(memory, rows, day, ranks, times) }));
  if (together.length > 0) sorted.push(merge(together, ranks, times));
  return sorted.sort((a, b) => a.day - b.day);
}

/** The days that are kept apart, and those that are not. */
function separate(days: readonly DayRows[]): { apart: readonly DayRows[]; together: readonly DayRows[] } {
  if (days.length <= MAX_DAYS) return { apart: days, together: [] };
  const biggest = days.toSorted((a, b) => b.rows.length - a.rows.length || a.day - b.day);
  return { apart: biggest.slice(0, MAX_DAYS - 1), together: biggest.slice(MAX_DAYS - 1) };
}

/** The rows of several days in one order; it is rare, and so a plain sort. */
function merge(days: readonly DayRows[], ranks: Int32Array, times: Uint32Array): DayRows {
  const rows = Uint32Array.from(days.flatMap((day) => [...day.rows]));
  rows.sort(
    (a, b) =>
      ranks[a] - ranks[b] || times[a * 2 + 1] - times[b * 2 + 1] || times[a * 2] - times[b * 2] || a - b,
  );
  return { day: Math.min(...days.map(({ day }) => day)), rows };
}

/** Exact although the sum is not: a double's error of some hundred ns is put right below. */
function dayOf(lo: number, hi: number): number {
  const day = Math.floor((hi * 0x1_0000_0000 + lo) / DAY_NS);
  const offset = offsetInDay(lo, hi, day);
  return offset < 0 ? day - 1 : offset >= DAY_NS ? day + 1 : day;
}

/** Nanoseconds since the start of `day`, exact for times within some weeks of it. */
function offsetInDay(lo: number, hi: number, day: number): number {
  // day * DAY_NS as two words, each product below 2^53.
  const dayHigh = Math.floor((day * (DAY_NS / 0x10000)) / 0x10000);
  const dayLow = (day * (DAY_NS / 0x10000)) % 0x10000;
  return (hi - dayHigh) * 0x1_0000_0000 + (lo - dayLow * 0x10000);
}

function allRows(memory: BatchMemory, count: number): Uint32Array {
  const rows = memory.uint32(count);
  for (let i = 0; i < count; i++) rows[i] = i;
  return rows;
}

function rowsByDay(count: number, days: Int32Array): Map<number, Uint32Array> {
  const lists = new Map<number, number[]>();
  for (let i = 0; i < count; i++) {
    const list = lists.get(days[i]);
    if (list === undefined) lists.set(days[i], [i]);
    else list.push(i);
  }
  return new Map([...lists].map(([day, rows]) => [day, Uint32Array.from(rows)]));
}

/** Least significant digit radix sort: by time within the day, then by rank. */
function sortRows(
  memory: BatchMemory,
  rows: Uint32Array,
  day: number,
  ranks: Int32Array,
  times: Uint32Array,
): Uint32Array {
  const count = rows.length;
  const offsets = memory.float64(count);
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  let mostRank = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    const offset = offsetInDay(times[row * 2], times[row * 2 + 1], day);
    offsets[i] = offset;
    if (offset < least) least = offset;
    if (offset > most) most = offset;
    if (ranks[row] > mostRank) mostRank = ranks[row];
  }
  let order = allRows(memory, count);
  let spare = memory.uint32(count);
  const digit = memory.int32(count);
  const pass = (digitOf: (i: number) => number) => {
    for (let i = 0; i < count; i++) digit[i] = digitOf(i);
    if (countingSort(order, spare, digit)) [order, spare] = [spare, order];
  };
  for (let scale = 1; scale <= most - least; scale *= DIGITS) {
    pass((i) => Math.floor((offsets[i] - least) / scale) % DIGITS);
  }
  for (let shift = 0; mostRank >>> shift > 0; shift += DIGIT_BITS) {
    pass((i) => (ranks[rows[i]] >>> shift) & (DIGITS - 1));
  }
  for (let i = 0; i < count; i++) spare[i] = rows[order[i]];
  return spare;
}

/** One stable pass from `order` to `to`; false when all digits are equal and nothing was moved. */
function countingSort(order: Uint32Array, to: Uint32Array, digit: Int32Array): boolean {
  const starts = new Uint32Array(DIGITS + 1);
  for (let i = 0; i < digit.length; i++) starts[digit[i] + 1]++;
  if (digit.length > 0 && starts[digit[0] + 1] === digit.length) return false;
  for (let i = 1; i <= DIGITS; i++) starts[i] += starts[i - 1];
  for (let i = 0; i < order.length; i++) to[starts[digit[order[i]]]++] = order[i];
  return true;
}
