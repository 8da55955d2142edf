import type { MapRows } from './column.ts';
import { KnownRows } from './known-rows.ts';
import type { PackedIndices } from './packed-indices.ts';
import type { ChunkPages } from './page.ts';
import { readRowStarts } from './row-starts.ts';
import { checkIndices, type LeafStrings, packedStrings, readStrings } from './values.ts';

/** Makes the rows of a map column out of the pages of its keys and of its values. Throws RangeError. */
export function readMap(keyPages: ChunkPages, valuePages: ChunkPages, rows: number): MapRows {
  const levels = readRowStarts(keyPages, rows);
  if (valuePages.levelCount !== keyPages.levelCount) throw new RangeError('a map has more keys than values');
  const keys = packedStrings(keyPages);
  const values = packedStrings(valuePages);
  if (keys !== undefined && values !== undefined) return readFullMap(keys, values, levels, rows);
  return readAnyMap(keyPages, valuePages, levels, rows);
}

interface PackedStrings {
  readonly strings: LeafStrings;
  readonly indices: PackedIndices;
}

/** Rows in a row that are equal until the packed ones behind them are compared. */
const EQUAL_ROWS = 8;

/** Maps without an empty row or a NULL: of rows that repeat, only the first one is unpacked. */
function readFullMap(keys: PackedStrings, values: PackedStrings, levels: Int32Array, rows: number): MapRows {
  const entries = new Entries();
  const isOneLength = levels[rows] === rows * levels[1] && hasOneLength(levels, rows);
  const areKeysEqual = isOneLength && keys.indices.areRowsEqual(levels[1], rows);
  const known = new KnownRows(areKeysEqual ? undefined : keys.indices, values.indices);
  const starts = new Int32Array(rows);
  const lengths = new Int32Array(rows);
  let equal = 0;
  let sameLengthEnd = 0;
  for (let row = 0; row < rows; ) {
    const from = levels[row];
    const length = levels[row + 1] - from;
    lengths[row] = length;
    const before = row > 0 && lengths[row - 1] === length ? starts[row - 1] : -1;
    starts[row] = known.find(from, length);
    if (starts[row] < 0) {
      const at = entries.reserve(length);
      keys.indices.unpack(from, length, entries.keys, at);
      values.indices.unpack(from, length, entries.values, at);
      starts[row] = before >= 0 && entries.same(before, at, length) ? before : at;
      if (starts[row] === at) entries.count += length;
      known.add(starts[row]);
    }
    equal = starts[row] === before ? equal + 1 : 1;
    row++;
    if (equal % EQUAL_ROWS !== 0) continue;
    while (
      sameLengthEnd < rows &&
      (sameLengthEnd < row || levels[sameLengthEnd + 1] - levels[sameLengthEnd] === length)
    )
      sameLengthEnd++;
    // Values first: the keys may be the same to the end, which would be seen anew from each place.
    let repeated = values.indices.repeatedRows(levels[row], length, sameLengthEnd - row);
    if (!areKeysEqual) repeated = keys.indices.repeatedRows(levels[row], length, repeated);
    starts.fill(starts[row - 1], row, row + repeated);
    lengths.fill(length, row, row + repeated);
    row += repeated;
  }
  checkIndices(entries.keys.subarray(0, entries.count), keys.strings.count);
  checkIndices(entries.values.subarray(0, entries.count), values.strings.count);
  return {
    kind: 'map',
    starts,
    lengths,
    keys: entries.keys.slice(0, entries.count),
    values: entries.values.slice(0, entries.count),
    keyStrings: keys.strings,
    valueStrings: values.strings,
  };
}

function hasOneLength(levels: Int32Array, rows: number): boolean {
  for (let row = 1; row < rows; row++) if (levels[row] !== row * levels[1]) return false;
  return true;
}

/** Different entries, one row's behind the other. */
class Entries {
  keys = new Int32Array(1024);
  values = new Int32Array(1024);
  count = 0;

  /** Makes room for `length` more and answers where. */
  reserve(length: number): number {
    if (this.count + length > this.keys.length) {
      this.keys = grown(this.keys, this.count + length);
      this.values = grown(this.values, this.count + length);
    }
    return this.count;
  }

  same(a: number, b: number, length: number): boolean {
    return sameEntries(this.keys, this.values, a, b, length);
  }
}

function grown(values: Int32Array, least: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(Math.max(least, values.length * 2));
  to.set(values);
  return to;
}

function readAnyMap(keyPages: ChunkPages, valuePages: ChunkPages, levels: Int32Array, rows: number): MapRows {
  const keyStrings = readStrings(keyPages);
  const valueStrings = readStrings(valuePages);
  const keys = new Int32Array(keyPages.valueCount);
  const values = new Int32Array(keyPages.valueCount);
  const starts = new Int32Array(rows);
  const lengths = new Int32Array(rows);
  const keyLevels = keyPages.definition;
  const valueLevels = valuePages.definition;
  let key = 0;
  let value = 0;
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const first = levels[row];
    const length = keyLevels !== undefined && keyLevels[first] === 0 ? 0 : levels[row + 1] - first;
    for (let i = 0; i < length; i++) {
      keys[at + i] = keyStrings.ids === undefined ? key : keyStrings.ids[key];
      key++;
      if (valueLevels !== undefined && valueLevels[first + i] !== 2) values[at + i] = -1;
      else {
        values[at + i] = valueStrings.ids === undefined ? value : valueStrings.ids[value];
        value++;
      }
    }
    lengths[row] = length;
    const before = row === 0 ? -1 : starts[row - 1];
    if (before >= 0 && lengths[row - 1] === length && sameEntries(keys, values, before, at, length)) {
      starts[row] = before;
    } else {
      starts[row] = at;
      at += length;
    }
  }
  if (key !== keyPages.valueCount || value !== valuePages.valueCount) {
    throw new RangeError('a map column has another number of entries');
  }
  return {
    kind: 'map',
    starts,
    lengths,
    keys: keys.slice(0, at),
    values: values.slice(0, at),
    keyStrings,
    valueStrings,
  };
}

function sameEntries(keys: Int32Array, values: Int32Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) {
    if (values[a + i] !== values[b + i] || keys[a + i] !== keys[b + i]) return false;
  }
  return true;
}
