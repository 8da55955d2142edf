import type { EncodedValues } from './values.ts';

/** Levels and values of one leaf before they are made into pages. */
export interface LeafInput {
  /** Levels, rows or entries: how many; the arrays may be longer. */
  readonly levelCount: number;
  /** Levels, or the one that all have; all are at the maximum where none are given. */
  readonly definition?: Uint8Array | number;
  /** Encoded, without a length in front. */
  readonly repetition?: Uint8Array;
  readonly nullCount: number;
  encode(): EncodedValues;
}

/** A leaf of which every row has a value. */
export function allPresent(rows: number, encode: () => EncodedValues): LeafInput {
  return { levelCount: rows, nullCount: 0, encode };
}

/** Definition levels out of NULL marks, and which rows have a value; neither when all have. */
export function presence(
  nulls: Uint8Array | undefined,
  rows: number,
): { definition?: Uint8Array; present?: Int32Array; nullCount: number } {
  let nullCount = 0;
  if (nulls !== undefined) for (let i = 0; i < rows; i++) nullCount += nulls[i];
  if (nulls === undefined || nullCount === 0) return { nullCount: 0 };
  const definition = new Uint8Array(rows);
  const present = new Int32Array(rows - nullCount);
  let at = 0;
  for (let i = 0; i < rows; i++) {
    if (nulls[i] === 1) continue;
    definition[i] = 1;
    present[at++] = i;
  }
  return { definition, present, nullCount };
}

/** The words of some rows. */
export function pickWords(words: Uint32Array, rows: Int32Array): Uint32Array {
  const picked = new Uint32Array(rows.length * 2);
  for (let i = 0; i < rows.length; i++) {
    picked[i * 2] = words[rows[i] * 2];
    picked[i * 2 + 1] = words[rows[i] * 2 + 1];
  }
  return picked;
}

/** The doubles of some rows. */
export function pickDoubles(values: Float64Array, rows: Int32Array): Float64Array {
  const picked = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]];
  return picked;
}

/** The 32-bit integers of some rows. */
export function pickInt32s(values: Int32Array, rows: Int32Array): Int32Array {
  return rows.map((row) => values[row]);
}

/** The booleans of some rows. */
export function pickBooleans(values: Uint8Array, rows: Int32Array): Uint8Array {
  return Uint8Array.from(rows, (row) => values[row]);
}
