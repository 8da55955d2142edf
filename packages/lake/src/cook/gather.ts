import type { BatchMemory, NumberRows } from '@lakewright/otlp';
import type { ColumnData, StringTable } from '../parquet/index.ts';

/** Every attribute list of a batch, laid out for map columns. */
export interface MapEntries {
  readonly keys: Int32Array;
  readonly values: Int32Array;
  readonly offsets: Int32Array;
  readonly types: Int32Array;
  readonly table: StringTable;
}

/**
 * Makes a row group's column data out of decoded columns: `rows` says which decoded rows, in which order. The
 * data is in `memory` and lasts as long as that is not released.
 */
export class Gather {
  readonly #memory: BatchMemory;

  constructor(memory: BatchMemory) {
    this.#memory = memory;
  }

  /** String ids of a decoded column. */
  strings(table: StringTable, ids: Int32Array, rows: Uint32Array): ColumnData {
    const picked = this.#memory.int32(rows.length);
    for (let i = 0; i < rows.length; i++) picked[i] = ids[rows[i]];
    return { kind: 'strings', ids: picked, table };
  }

  /** String ids of what a decoded column refers to: `ids[via[row]]`. */
  stringsVia(table: StringTable, ids: readonly number[], via: Int32Array, rows: Uint32Array): ColumnData {
    const of = Int32Array.from(ids);
    const picked = this.#memory.int32(rows.length);
    for (let i = 0; i < rows.length; i++) picked[i] = of[via[rows[i]]];
    return { kind: 'strings', ids: picked, table };
  }

  /** 64-bit integers; where `zeroIsNull`, 0 says that the field was not sent. */
  int64(words: Uint32Array, rows: Uint32Array, zeroIsNull = false): Extract<ColumnData, { kind: 'int64' }> {
    const picked = this.#memory.uint32(rows.length * 2);
    const nulls = zeroIsNull ? this.#memory.uint8(rows.length) : undefined;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      const lo = words[row * 2];
      const hi = words[row * 2 + 1];
      picked[i * 2] = lo;
      picked[i * 2 + 1] = hi;
      if (nulls !== undefined) nulls[i] = lo === 0 && hi === 0 ? 1 : 0;
    }
    return { kind: 'int64', words: picked, nulls };
  }

  /** Nanoseconds as whole microseconds, rounded down; times are not negative. */
  micros(words: Uint32Array, rows: Uint32Array): ColumnData {
    const picked = this.#memory.uint32(rows.length * 2);
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
  difference(from: Uint32Array, to: Uint32Array, rows: Uint32Array): ColumnData {
    const picked = this.#memory.uint32(rows.length * 2);
    for (let i = 0; i < rows.length; i++) {
      const at = rows[i] * 2;
      const borrow = to[at] < from[at] ? 1 : 0;
      picked[i * 2] = to[at] - from[at];
      picked[i * 2 + 1] = to[at + 1] - from[at + 1] - borrow;
    }
    return { kind: 'int64', words: picked };
  }

  /** Unsigned 32-bit integers as 64-bit ones. */
  uint32(values: Uint32Array, rows: Uint32Array): ColumnData {
    const words = this.#memory.uint32(rows.length * 2);
    for (let i = 0; i < rows.length; i++) {
      words[i * 2] = values[rows[i]];
      words[i * 2 + 1] = 0;
    }
    return { kind: 'int64', words };
  }

  /** As `uint32`, of what a decoded column refers to. */
  uint32Via(values: readonly number[], via: Int32Array, rows: Uint32Array): ColumnData {
    const words = this.#memory.uint32(rows.length * 2);
    for (let i = 0; i < rows.length; i++) {
      words[i * 2] = values[via[rows[i]]];
      words[i * 2 + 1] = 0;
    }
    return { kind: 'int64', words };
  }

  /** 64-bit identities held as two lanes, of what a decoded column refers to. */
  lanesVia(lo: ArrayLike<number>, hi: ArrayLike<number>, via: Int32Array, rows: Uint32Array): ColumnData {
    const words = this.#memory.uint32(rows.length * 2);
    for (let i = 0; i < rows.length; i++) {
      words[i * 2] = lo[via[rows[i]]];
      words[i * 2 + 1] = hi[via[rows[i]]];
    }
    return { kind: 'int64', words };
  }

  int32(values: Int32Array, rows: Uint32Array): ColumnData {
    const picked = this.#memory.int32(rows.length);
    for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]];
    return { kind: 'int32', values: picked };
  }

  int32Via(values: readonly number[], via: Int32Array, rows: Uint32Array): ColumnData {
    const picked = this.#memory.int32(rows.length);
    for (let i = 0; i < rows.length; i++) picked[i] = values[via[rows[i]]];
    return { kind: 'int32', values: picked };
  }

  booleanVia(values: readonly number[], via: Int32Array, rows: Uint32Array): ColumnData {
    const picked = this.#memory.uint8(rows.length);
    for (let i = 0; i < rows.length; i++) picked[i] = values[via[rows[i]]];
    return { kind: 'boolean', values: picked };
  }

  /** Integers where a point holds one, NULL where it holds a double or nothing. */
  integersHeld(c: Pick<NumberRows, 'int' | 'held'>, rows: Uint32Array): ColumnData {
    const { words } = this.int64(c.int, rows);
    const nulls = this.#memory.uint8(rows.length);
    for (let i = 0; i < rows.length; i++) nulls[i] = c.held[rows[i]] === 2 ? 0 : 1;
    return { kind: 'int64', words, nulls };
  }

  /** Doubles; `present`, where given, says which rows have one. */
  doubles(values: Float64Array, rows: Uint32Array, present?: (row: number) => boolean): ColumnData {
    const picked = this.#memory.float64(rows.length);
    const nulls = present === undefined ? undefined : this.#memory.uint8(rows.length);
    for (let i = 0; i < rows.length; i++) {
      picked[i] = values[rows[i]];
      if (nulls !== undefined && present !== undefined) nulls[i] = present(rows[i]) ? 0 : 1;
    }
    return { kind: 'double', values: picked, nulls };
  }

  /** Where list items are, row by row. */
  ranges(
    starts: Int32Array,
    lengths: Int32Array,
    rows: Uint32Array,
  ): { starts: Int32Array; lengths: Int32Array } {
    const pickedStarts = this.#memory.int32(rows.length);
    const pickedLengths = this.#memory.int32(rows.length);
    for (let i = 0; i < rows.length; i++) {
      pickedStarts[i] = starts[rows[i]];
      pickedLengths[i] = lengths[rows[i]];
    }
    return { starts: pickedStarts, lengths: pickedLengths };
  }

  /** Looks up the batch's attribute pairs once for all its map columns. */
  mapEntries(
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
    const keys = this.#memory.int32(total);
    const values = this.#memory.int32(total);
    for (let i = 0; i < total; i++) {
      keys[i] = attributes.pairKey[items[i]];
      values[i] = attributes.pairValue[items[i]];
    }
    return { keys, values, offsets, types: attributes.setTypes, table };
  }

  /** A map column; `sets` says which attribute list each decoded row has. */
  mapColumn(entries: MapEntries, sets: Int32Array, rows: Uint32Array): ColumnData {
    const starts = this.#memory.int32(rows.length);
    const lengths = this.#memory.int32(rows.length);
    const { offsets } = entries;
    for (let i = 0; i < rows.length; i++) {
      const set = sets[rows[i]];
      starts[i] = offsets[set];
      lengths[i] = offsets[set + 1] - offsets[set];
    }
    return { kind: 'map', starts, lengths, keys: entries.keys, values: entries.values, table: entries.table };
  }

  /** The types column that goes with a map column. */
  typesColumn(entries: MapEntries, sets: Int32Array, rows: Uint32Array): ColumnData {
    const ids = this.#memory.int32(rows.length);
    const { types } = entries;
    for (let i = 0; i < rows.length; i++) ids[i] = types[sets[rows[i]]];
    return { kind: 'strings', ids, table: entries.table };
  }
}
