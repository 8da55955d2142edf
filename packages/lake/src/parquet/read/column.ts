import type { Column } from '../../tables.ts';
import { type Leaf, leavesOf, PHYSICAL } from '../schema.ts';
import { readMap } from './map.ts';
import type { ChunkPages } from './page.ts';
import { readRowStarts } from './row-starts.ts';
import { type LeafStrings, readBooleans, readInt32s, readStrings, readWords } from './values.ts';

/** One column of one row group, row by row; where `nulls` is there, 1 marks a NULL. */
export type ColumnRows = StringRows | WordRows | Int32Rows | BooleanRows | MapRows | ListRows;

export interface StringRows {
  readonly kind: 'strings';
  /** Of each row, its place in `strings`; -1 is NULL. */
  readonly ids: Int32Array;
  readonly strings: LeafStrings;
}

/** 64-bit integers, instants and doubles: their bits as word pairs (low, high). */
export interface WordRows {
  readonly kind: 'words';
  readonly words: Uint32Array<ArrayBuffer>;
  readonly nulls: Uint8Array | undefined;
}

export interface Int32Rows {
  readonly kind: 'int32';
  readonly values: Int32Array;
  readonly nulls: Uint8Array | undefined;
}

export interface BooleanRows {
  readonly kind: 'boolean';
  readonly values: Uint8Array;
  readonly nulls: Uint8Array | undefined;
}

/** Entries of row `i` are `starts[i] .. starts[i] + lengths[i]`; neighbours with equal entries share them, others may. */
export interface MapRows {
  readonly kind: 'map';
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  /** Places in the two string lists; a value of -1 is NULL. */
  readonly keys: Int32Array;
  readonly values: Int32Array;
  readonly keyStrings: LeafStrings;
  readonly valueStrings: LeafStrings;
}

export interface ListRows {
  readonly kind: 'list';
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  readonly words: Uint32Array<ArrayBuffer>;
}

/** Makes a column's rows of its leaves' pages, one leaf or, for a map, two. Throws RangeError. */
export function readColumn(column: Column, pagesOf: (leaf: Leaf) => ChunkPages, rows: number): ColumnRows {
  const leaves = leavesOf(column);
  if (leaves.length === 2) return readMap(pagesOf(leaves[0]), pagesOf(leaves[1]), rows);
  const pages = pagesOf(leaves[0]);
  if (leaves[0].maxRepetition > 0) return readList(pages, rows);
  if (pages.levelCount !== rows) throw new RangeError('a column has another number of rows');
  switch (leaves[0].physical) {
    case PHYSICAL.BYTE_ARRAY: {
      const strings = readStrings(pages);
      return { kind: 'strings', ids: spreadIds(strings.ids, pages.definition, rows), strings };
    }
    case PHYSICAL.INT32: {
      const values = readInt32s(pages);
      return { kind: 'int32', values: spread(values, new Int32Array(rows), pages), nulls: nullsOf(pages) };
    }
    case PHYSICAL.BOOLEAN: {
      const values = readBooleans(pages);
      return { kind: 'boolean', values: spread(values, new Uint8Array(rows), pages), nulls: nullsOf(pages) };
    }
    default:
      return { kind: 'words', words: spreadWords(readWords(pages), pages, rows), nulls: nullsOf(pages) };
  }
}

/** A column that the file lacks. */
export function nullColumn(column: Column, rows: number): ColumnRows {
  const nothing: ChunkPages = {
    levelCount: rows,
    definition: new Uint8Array(rows),
    repetition: undefined,
    valueCount: 0,
    encoding: -1,
    values: new Uint8Array(0),
    dictionary: undefined,
  };
  return readColumn(column, () => nothing, rows);
}

function nullsOf({ definition }: ChunkPages): Uint8Array | undefined {
  if (definition === undefined) return undefined;
  const nulls = new Uint8Array(definition.length);
  for (let i = 0; i < nulls.length; i++) nulls[i] = 1 - definition[i];
  return nulls;
}

function spreadIds(
  ids: Int32Array | undefined,
  definition: Uint8Array | undefined,
  rows: number,
): Int32Array {
  if (definition === undefined && ids !== undefined) return ids;
  const to = new Int32Array(rows);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    if (definition !== undefined && definition[row] === 0) to[row] = -1;
    else {
      to[row] = ids === undefined ? at : ids[at];
      at++;
    }
  }
  return to;
}

function spread<Values extends Int32Array | Uint8Array>(
  present: Values,
  to: Values,
  pages: ChunkPages,
): Values {
  if (pages.definition === undefined) return present;
  const { definition } = pages;
  let at = 0;
  for (let row = 0; row < definition.length; row++) if (definition[row] === 1) to[row] = present[at++];
  return to;
}

function spreadWords(
  present: Uint32Array<ArrayBuffer>,
  { definition }: ChunkPages,
  rows: number,
): Uint32Array<ArrayBuffer> {
  if (definition === undefined) return present;
  const words = new Uint32Array(rows * 2);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    if (definition[row] === 0) continue;
    words[row * 2] = present[at++];
    words[row * 2 + 1] = present[at++];
  }
  return words;
}

function readList(pages: ChunkPages, rows: number): ListRows {
  const levels = readRowStarts(pages, rows);
  const { definition } = pages;
  const starts = new Int32Array(rows);
  const lengths = new Int32Array(rows);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const isEmpty = definition !== undefined && definition[levels[row]] === 0;
    starts[row] = at;
    lengths[row] = isEmpty ? 0 : levels[row + 1] - levels[row];
    at += lengths[row];
  }
  const words = readWords(pages);
  if (words.length !== at * 2) throw new RangeError('a list column has another number of items');
  return { kind: 'list', starts, lengths, words };
}
