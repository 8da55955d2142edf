import type { ColumnData } from '../../parquet/index.ts';

/** What a column read is expected to be; a table's definition says so. */
export function expectKind<Kind extends ColumnData['kind']>(
  data: ColumnData,
  kind: Kind,
): Extract<ColumnData, { kind: Kind }> {
  if (data.kind !== kind) throw new RangeError(`a column is ${data.kind} and not ${kind}`);
  return data as Extract<ColumnData, { kind: Kind }>;
}

/** Integers as doubles: exact up to 2^53. */
export function wordsToDoubles(words: Uint32Array, count: number): Float64Array {
  const to = new Float64Array(count);
  for (let i = 0; i < count; i++) to[i] = words[i * 2 + 1] * 0x1_0000_0000 + words[i * 2];
  return to;
}

const NO_VALUE = 1;

/** The points whose flags say that no value was recorded. */
export function isUnrecorded(data: ColumnData, count: number): Uint8Array {
  const { words, nulls } = expectKind(data, 'int64');
  const marks = new Uint8Array(count);
  for (let i = 0; i < count; i++) marks[i] = nulls?.[i] === 1 ? 0 : words[i * 2] & NO_VALUE;
  return marks;
}
