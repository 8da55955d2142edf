import { ROW_GROUP_ROWS } from '../../cook/index.ts';
import { edgeRows, Overlaps } from './edges.ts';
import type { Runs } from './runs.ts';

/**
 * Rows of one stream, service or series from which on they have row groups of their own, and rows of a row group
 * that is worth copying: half of what a row group may have.
 */
export const OWN_GROUP_ROWS = ROW_GROUP_ROWS / 2;

/** A row group of the output. */
export interface OutputGroup {
  readonly rows: number;
  /** The row group of an input that it is, byte for byte. */
  readonly copy?: { readonly input: number; readonly group: number };
}

/**
 * Cuts the output into row groups. A run that takes a whole row group of an input is a copy of it when it is
 * big enough. What is in between is cut around each stream, service or series that has rows enough for row groups
 * of its own, small ones at its two edges, so that the next merge, of inputs that follow each other in time and
 * overlap a little, finds whole row groups to copy between the edges; and what is left of it where names begin (see
 * rowGroups). `inputGroups[i]` has the rows of each row group of input `i`.
 */
export function planGroups(runs: Runs, inputGroups: readonly (readonly number[])[]): OutputGroup[] {
  const groups: OutputGroup[] = [];
  const cursors = inputGroups.map(() => ({ group: 0, at: 0 }));
  const cuts = new Cuts(runs);
  let gathered = 0;
  let row = 0;
  const gather = (): void => {
    for (const rows of cuts.split(row - gathered, row)) groups.push({ rows });
    gathered = 0;
  };
  for (let run = 0; run < runs.count; run++) {
    const input = runs.inputs[run];
    const cursor = cursors[input];
    for (let left = runs.lengths[run]; left > 0; ) {
      const size = inputGroups[input][cursor.group];
      const rows = Math.min(left, size - cursor.at);
      if (rows === size && size >= OWN_GROUP_ROWS) {
        gather();
        groups.push({ rows, copy: { input, group: cursor.group } });
      } else gathered += rows;
      row += rows;
      left -= rows;
      cursor.at += rows;
      if (cursor.at === size) {
        cursor.group++;
        cursor.at = 0;
      }
    }
  }
  gather();
  return groups;
}

/** Where rows are cut, in order from front to back. */
class Cuts {
  readonly #keys: Starts;
  readonly #names: Starts;
  readonly #overlaps: Overlaps;

  constructor(runs: Runs) {
    const rows = runs.lengths.subarray(0, runs.count).reduce((sum, length) => sum + length, 0);
    this.#keys = new Starts(runs.keyStarts, rows);
    this.#names = new Starts(runs.nameStarts, rows);
    this.#overlaps = new Overlaps(runs);
  }

  /** The row groups of rows `from .. to`. */
  split(from: number, to: number): number[] {
    const groups: number[] = [];
    let mixedFrom = from;
    let at = from;
    while (at < to) {
      const end = this.#keys.endOf(at, to);
      if (end - at >= OWN_GROUP_ROWS) {
        const edge = edgeRows(this.#overlaps.of(at, end), end - at, OWN_GROUP_ROWS);
        const first = this.#keys.isLast(at) ? edge : 0;
        const last = this.#keys.isNext(end) ? edge : 0;
        groups.push(...this.#byName(mixedFrom, at + first), ...parts(end - at - first - last));
        mixedFrom = end - last;
      }
      at = end;
    }
    groups.push(...this.#byName(mixedFrom, to));
    return groups;
  }

  #byName(from: number, to: number): number[] {
    const counts: number[] = [];
    for (let at = from; at < to; ) {
      const end = this.#names.endOf(at, to);
      counts.push(end - at);
      at = end;
    }
    return rowGroups(counts);
  }
}

/** Rows at which something begins, asked about from front to back. */
class Starts {
  readonly #starts: Int32Array;
  readonly #rows: number;
  #next = 0;

  /** Of a file with `rows` rows. */
  constructor(starts: Int32Array, rows: number) {
    this.#starts = starts;
    this.#rows = rows;
  }

  /** The first start after row `at`, or `to` when none is in front of that. */
  endOf(at: number, to: number): number {
    while (this.#next < this.#starts.length && this.#starts[this.#next] <= at) this.#next++;
    return this.#next < this.#starts.length ? Math.min(to, this.#starts[this.#next]) : to;
  }

  /** Whether something begins at row `at`, of which `endOf` was just asked. */
  isLast(at: number): boolean {
    return this.#next > 0 && this.#starts[this.#next - 1] === at;
  }

  /** Whether something else begins at row `end`, which `endOf` just answered, or the file ends there. */
  isNext(end: number): boolean {
    return (this.#next < this.#starts.length ? this.#starts[this.#next] : this.#rows) === end;
  }
}

/** A row group that ends where a name ends has at least so many rows. */
export const MIN_GROUP_ROWS = 8192;

/**
 * How many rows each row group has, when `counts` are the rows of each name, in the order of the file. A name with
 * many rows has row groups of its own, as equal as can be; names with few share one. What asks for one name then
 * reads its rows and fewer than MIN_GROUP_ROWS * 2 others, in place of up to two times ROW_GROUP_ROWS.
 */
export function rowGroups(counts: Iterable<number>): number[] {
  const groups: number[] = [];
  let shared = 0;
  const share = () => {
    if (shared > 0) groups.push(shared);
    shared = 0;
  };
  for (const count of counts) {
    if (count >= MIN_GROUP_ROWS) {
      share();
      groups.push(...parts(count));
    } else {
      shared += count;
      if (shared >= MIN_GROUP_ROWS) share();
    }
  }
  share();
  return groups;
}

function parts(rows: number): number[] {
  const count = Math.ceil(rows / ROW_GROUP_ROWS);
  return Array.from({ length: count }, (_, i) => {
    return Math.floor((rows * (i + 1)) / count) - Math.floor((rows * i) / count);
  });
}
