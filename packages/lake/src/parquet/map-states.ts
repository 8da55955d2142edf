import type { ColumnData } from './data.ts';
import type { DistinctLists } from './distinct-lists.ts';

type MapData = Extract<ColumnData, { kind: 'map' }>;

/**
 * Of each level of a map: 0 an empty map, 1 an entry whose value is NULL, 2 an entry. Undefined when all are
 * entries.
 */
export function mapStates(
  { starts, lengths, values }: Pick<MapData, 'starts' | 'lengths' | 'values'>,
  rows: number,
  levels: number,
  distinct?: DistinctLists,
): Uint8Array | undefined {
  // Where lists repeat, each is looked at once, and an empty one is the -1 that none of them is.
  const areEntries =
    distinct === undefined
      ? areAllEntries({ starts, lengths, values }, rows)
      : !distinct.of.includes(-1) && areAllEntries({ ...distinct, values }, distinct.starts.length);
  if (areEntries) return undefined;
  const states = new Uint8Array(levels);
  let level = 0;
  let start = -1;
  let first = 0;
  for (let row = 0; row < rows; row++) {
    const length = lengths[row];
    if (length === 0) {
      level++;
    } else if (starts[row] === start) {
      for (let i = 0; i < length; i++) states[level + i] = states[first + i];
      first = level;
      level += length;
    } else {
      start = starts[row];
      first = level;
      for (let i = start; i < start + length; i++) {
        const isNull = values[i] < 0;
        states[level++] = isNull ? 1 : 2;
      }
    }
  }
  return states;
}

/** Whether no row is empty and no value NULL; a row that shares its entries with the one before is known. */
function areAllEntries(
  { starts, lengths, values }: Pick<MapData, 'starts' | 'lengths' | 'values'>,
  rows: number,
): boolean {
  let start = -1;
  for (let row = 0; row < rows; row++) {
    if (lengths[row] === 0) return false;
    if (starts[row] === start) continue;
    start = starts[row];
    for (let i = start; i < start + lengths[row]; i++) if (values[i] < 0) return false;
  }
  return true;
}
