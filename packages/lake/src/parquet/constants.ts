import type { Column } from '../tables.ts';
import type { StringTable } from './data.ts';
import { ENCODING } from './encodings.ts';
import type { LeafInput } from './levels.ts';
import { listLevels } from './repetition.ts';
import { leavesOf } from './schema.ts';
import { type IdNumbers, writeStrings } from './strings.ts';
import type { EncodedValues, ValueSinks } from './values.ts';

/** A chunk of nothing but NULLs: some readers stumble over a dictionary without entries. */
export const NO_VALUES: EncodedValues = { encoding: ENCODING.PLAIN, dictionaryCount: 0 };

/** Rows from which on a column of one value has a dictionary and one run of it, whatever the value. */
export const MIN_CONSTANT_ROWS = 8;

/** As `encodeStrings` of `rows` times the string `id`. */
export function encodeConstantString(
  sinks: ValueSinks,
  table: StringTable,
  id: number,
  rows: number,
  numbers: IdNumbers,
): EncodedValues {
  numbers.begin(table.count);
  numbers.of(id);
  const totalBytes = (table.offsets[id + 1] - table.offsets[id]) * rows;
  return writeStrings(
    sinks,
    table,
    {
      count: rows,
      totalBytes,
      all: () => new Int32Array(rows),
      pack: (out) => out.varint(rows * 2),
    },
    numbers,
  );
}

/** As encoding a number `rows` times, when `encodeOne` encodes it once: a dictionary of one entry. */
export function encodeConstant(
  sinks: ValueSinks,
  encodeOne: () => EncodedValues,
  rows: number,
): EncodedValues {
  const encoded = encodeOne();
  sinks.data.reset();
  // No bits for an index, and one run of all rows.
  sinks.data.byte(0);
  sinks.data.varint(rows * 2);
  return encoded;
}

/** A column of NULLs or of empty maps. */
export function noValues(column: Column, rows: number): LeafInput[] {
  return leavesOf(column).map(({ maxRepetition }) => ({
    levelCount: rows,
    definition: 0,
    repetition: maxRepetition === 0 ? undefined : listLevels(new Int32Array(rows), rows).repetition,
    nullCount: rows,
    encode: () => NO_VALUES,
  }));
}
