import type { ColumnData, StringTable } from '../parquet/index.ts';

/**
 * Makes a row group's column data out of decoded columns: `rows` says which decoded rows, in which order.
 */

/** String ids of a decoded column. */
export function strings(table: StringTable, ids: Int32Array, rows: Uint32Array): ColumnData {
  const picked = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = ids[rows[i]];
  return { kind: 'strings', ids: picked, table };
}

/** String ids of what a decoded column refers to: `ids[via[row]]`. */
export function stringsVia(
  table: StringTable,
  ids: readonly number[],
  via: Int32Array,
  rows: Uint32Array,
): ColumnData {
  const of = Int32Array.from(ids);
  const picked = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = of[via[rows[i]]];
  return { kind: 'strings', ids: picked, table };
}

/** 64-bit integers; where `zeroIsNull`, 0 says that the field was not sent. */
export function int64(words: Uint32Array, rows: Uint32Array, zeroIsNull = false): ColumnData {
  const picked = new Uint32Array(rows.length * 2);
  const nulls = zeroIsNull ? new Uint8Array(rows.length) : undefined;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const lo = words[row * 2];
    const hi = words[row * 2 + 1];
    picked[i * 2] = lo;
    picked[i * 2 + 1] = hi;
    if (nulls !== undefined && lo === 0 && hi === 0) nulls[i] = 1;
  }
  return { kind: 'int64', words: picked, nulls };
}

/** Nanoseconds as whole microseconds, rounded down; times are not negative. */
export function micros(words: Uint32Array, rows: Uint32Array): ColumnData {
  const picked = new Uint32Array(rows.length * 2);
  for (let i = 0; i < rows.length; i++) {
    const lo = words[rows[i] * 2];
    const hi = words[rows[i] * 2 + 1];
    // 2^32 = 4294967 * 1000 + 296, so that every product stays below 2^53 (hi is below 2^31, and for
    // hi above 2^53 / 4294967 the low half carries separately).
    const rest = Math.floor((hi * 296 + lo) / 1000);
    const low = (hi % 0x10000) * 4294967 + rest;
    const high = Math.floor(hi / 0x10000) * 4294967;
    const lowWords = (high % 0x10000) * 0x10000 + low;
    picked[i * 2] = lowWords >>> 0;
    picked[i * 2 + 1] = Math.floor(high / 0x10000) + Math.floor(lowWords / 0x1_0000_0000);
  }
  return { kind: 'int64', words: picked };
}

/** `to - from`, wrapping as 64-bit integers do. */
export function difference(from: Uint32Array, to: Uint32Array, rows: Uint32Array): ColumnData {
  const picked = new Uint32Array(rows.length * 2);
  for (let i = 0; i < rows.length; i++) {
    const at = rows[i] * 2;
    const borrow = to[at] < from[at] ? 1 : 0;
    picked[i * 2] = to[at] - from[at];
    picked[i * 2 + 1] = to[at + 1] - from[at + 1] - borrow;
  }
  return { kind: 'int64', words: picked };
}

/** Unsigned 32-bit integers as 64-bit ones. */
export function uint32(values: Uint32Array, rows: Uint32Array): ColumnData {
  const words = new Uint32Array(rows.length * 2);
  for (let i = 0; i < rows.length; i++) words[i * 2] = values[rows[i]];
  return { kind: 'int64', words };
}

/** As `uint32`, of what a decoded column refers to. */
export function uint32Via(values: readonly number[], via: Int32Array, rows: Uint32Array): ColumnData {
  const words = new Uint32Array(rows.length * 2);
  for (let i = 0; i < rows.length; i++) words[i * 2] = values[via[rows[i]]];
  return { kind: 'int64', words };
}

/** 64-bit identities held as two lanes, of what a decoded column refers to. */
export function lanesVia(
  lo: ArrayLike<number>,
  hi: ArrayLike<number>,
  via: Int32Array,
  rows: Uint32Array,
): ColumnData {
  const words = new Uint32Array(rows.length * 2);
  for (let i = 0; i < rows.length; i++) {
    words[i * 2] = lo[via[rows[i]]];
    words[i * 2 + 1] = hi[via[rows[i]]];
  }
  return { kind: 'int64', words };
}

export function int32(values: Int32Array, rows: Uint32Array): ColumnData {
  const picked = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]];
  return { kind: 'int32', values: picked };
}

export function int32Via(values: readonly number[], via: Int32Array, rows: Uint32Array): ColumnData {
  const picked = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = values[via[rows[i]]];
  return { kind: 'int32', values: picked };
}

export function booleanVia(values: readonly number[], via: Int32Array, rows: Uint32Array): ColumnData {
  const picked = new Uint8Array(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = values[via[rows[i]]];
  return { kind: 'boolean', values: picked };
}

/** Doubles; `present`, where given, says which rows have one. */
export function doubles(
  values: Float64Array,
  rows: Uint32Array,
  present?: (row: number) => boolean,
): ColumnData {
  const picked = new Float64Array(rows.length);
  const nulls = present === undefined ? undefined : new Uint8Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    picked[i] = values[rows[i]];
    if (nulls !== undefined && present !== undefined && !present(rows[i])) nulls[i] = 1;
  }
  return { kind: 'double', values: picked, nulls };
}

/** Where list items are, row by row. */
export function ranges(
  starts: Int32Array,
  lengths: Int32Array,
  rows: Uint32Array,
): { starts: Int32Array; lengths: Int32Array } {
  const pickedStarts = new Int32Array(rows.length);
  const pickedLengths = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    pickedStarts[i] = starts[rows[i]];
    pickedLengths[i] = lengths[rows[i]];
  }
  return { starts: pickedStarts, lengths: pickedLengths };
}

/** Every attribute list of a batch, laid out for map columns. */
export interface MapEntries {
  readonly keys: Int32Array;
  readonly values: Int32Array;
  readonly offsets: Int32Array;
  readonly types: Int32Array;
  readonly table: StringTable;
}

/** Looks up the batch's attribute pairs once for all its map columns. */
export function mapEntries(
  attributes: {
    readonly sets: { readonly items: Int32Array; readonly offsets: Int32Array; readonly count: number };
    readonly pairKey: Int32Array;
    readonly pairValue: Int32Array;
    readonly setTypes: Int32Array;
  },
  table: StringTable,
): MapEntries {
  const { items, offsets, count } = attributes.sets;
  const total = offsets[count];
  const keys = new Int32Array(total);
  const values = new Int32Array(total);
  for (let i = 0; i < total; i++) {
    keys[i] = attributes.pairKey[items[i]];
    values[i] = attributes.pairValue[items[i]];
  }
  return { keys, values, offsets, types: attributes.setTypes, table };
}

/** A map column; `sets` says which attribute list each decoded row has. */
export function mapColumn(entries: MapEntries, sets: Int32Array, rows: Uint32Array): ColumnData {
  const starts = new Int32Array(rows.length);
  const lengths = new Int32Array(rows.length);
  const { offsets } = entries;
  for (let i = 0; i < rows.length; i++) {
    const set = sets[rows[i]];
    starts[i] = offsets[set];
    lengths[i] = offsets[set + 1] - offsets[set];
  }
  return { kind: 'map', starts, lengths, keys: entries.keys, values: entries.values, table: entries.table };
}

/** The types column that goes with a map column. */
export function typesColumn(entries: MapEntries, sets: Int32Array, rows: Uint32Array): ColumnData {
  const ids = new Int32Array(rows.length);
  const { types } = entries;
  for (let i = 0; i < rows.length; i++) ids[i] = types[sets[rows[i]]];
  return { kind: 'strings', ids, table: entries.table };
}
