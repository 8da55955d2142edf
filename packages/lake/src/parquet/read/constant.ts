import type { Column } from '../../tables.ts';
import { type ColumnRows, readColumn } from './column.ts';
import type { ChunkPages } from './page.ts';

/** A column of a row group that has the same value in all rows. */
export interface ConstantRows {
  /** A row with that value; undefined when it is NULL, or an empty map. */
  readonly row: ColumnRows | undefined;
  /** The value as a dictionary holds it. */
  readonly bytes: Uint8Array;
}

/**
 * The one value of all rows, or undefined when they have several, or may have. Of a map, whose keys' pages these
 * are, it is known only when all rows are empty. Throws RangeError.
 */
export function constantOf(column: Column, pages: ChunkPages, rows: number): ConstantRows | undefined {
  // Maps have a level for each entry, or for a row without one.
  const isMap = pages.repetition !== undefined;
  if (!isMap && pages.levelCount !== rows) throw new RangeError('a column has another number of rows');
  if (pages.valueCount === 0) return pages.levelCount === rows ? NULL_ROWS : undefined;
  const { dictionary } = pages;
  if (isMap) return undefined;
  if (dictionary?.count !== 1 || pages.definition !== undefined) return undefined;
  const one = { ...pages, levelCount: 1, valueCount: 1, values: FIRST_ENTRY };
  return { row: readColumn(column, () => one, 1), bytes: dictionary.bytes };
}

/** Whether two columns have the same value, or are both NULL. */
export function isSameConstant(a: ConstantRows, b: ConstantRows): boolean {
  return (a.row === undefined) === (b.row === undefined) && Buffer.compare(a.bytes, b.bytes) === 0;
}

/** Of a column that is NULL in all rows. */
export const NULL_ROWS: ConstantRows = { row: undefined, bytes: new Uint8Array(0) };

/** Indices of no bits, of which there is a run of one. */
const FIRST_ENTRY = Uint8Array.of(0, 2);
