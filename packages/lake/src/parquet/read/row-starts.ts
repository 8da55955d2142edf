import { readVarint } from './decodings.ts';
import type { ChunkPages } from './page.ts';

/**
 * Where each row's items are among all levels, out of repetition levels of 0 and 1; one more place than rows, the
 * last of which is the end. Throws RangeError when there are not `rows` rows.
 */
export function readRowStarts({ repetition, levelCount }: ChunkPages, rows: number): Int32Array {
  if (repetition === undefined) return Int32Array.from({ length: rows + 1 }, (_, row) => row);
  const starts = new Starts(rows);
  const place = { at: 0 };
  let level = 0;
  // The bit-packed run that was read last.
  const packed = { at: 0, level: 0, row: -1 };
  while (level < levelCount) {
    const headAt = place.at;
    const head = readVarint(repetition, place);
    const run = Math.floor(head / 2);
    if (head % 2 === 0) {
      const end = Math.min(levelCount, level + run);
      const value = repetition[place.at++];
      if (value === 0) starts.addAll(level, end);
      else if (value !== 1) throw new RangeError('a level is above its maximum');
      level = end;
      if (value === 1 && starts.count === packed.row + 1) {
        // That was a long row, and most often the next ones are as long.
        const length = level - packed.level;
        const period = place.at - packed.at;
        const most = Math.floor((levelCount - level) / length);
        const rows = Math.min(most, repeats(repetition, place.at, period));
        starts.addEvery(level, length, rows);
        level += rows * length;
        place.at += rows * period;
      }
    } else {
      if (place.at + run > repetition.length) throw new RangeError('a run ends early');
      const beginsRow = (repetition[place.at] & 1) === 0;
      packed.at = headAt;
      packed.level = level;
      packed.row = beginsRow ? starts.count : -1;
      for (let group = 0; group < run && level < levelCount; group++, level += 8) {
        const bits = Math.min(8, levelCount - level);
        starts.addZeros(repetition[place.at + group], level, bits);
      }
      place.at += run;
      level = Math.min(level, levelCount);
    }
    if (run === 0) throw new RangeError('a run ends early');
  }
  return starts.finish(levelCount);
}

/** How many times the `period` bytes in front of `at` come again. */
function repeats(bytes: Uint8Array, at: number, period: number): number {
  let end = at;
  while (end < bytes.length && bytes[end] === bytes[end - period]) end++;
  return Math.floor((end - at) / period);
}

class Starts {
  readonly #starts: Int32Array;
  readonly #rows: number;
  #row = 0;

  constructor(rows: number) {
    this.#rows = rows;
    this.#starts = new Int32Array(rows + 1);
  }

  /** Rows that were added. */
  get count(): number {
    return this.#row;
  }

  /** A row begins at every level of `from .. to`. */
  addAll(from: number, to: number): void {
    const end = Math.min(to, from + this.#rows - this.#row);
    for (let level = from; level < end; level++) this.#starts[this.#row + level - from] = level;
    this.#row += to - from;
  }

  /** `rows` rows of `length` levels each. */
  addEvery(from: number, length: number, rows: number): void {
    const end = Math.min(this.#rows, this.#row + rows);
    for (let row = this.#row, level = from; row < end; row++, level += length) this.#starts[row] = level;
    this.#row += rows;
  }

  /** A row begins where a bit of `byte`, the lowest first, is 0. */
  addZeros(byte: number, from: number, bits: number): void {
    for (let zeros = ~byte & ((1 << bits) - 1); zeros !== 0; zeros &= zeros - 1) {
      if (this.#row < this.#rows) this.#starts[this.#row] = from + 31 - Math.clz32(zeros & -zeros);
      this.#row++;
    }
  }

  finish(levels: number): Int32Array {
    if (this.#row !== this.#rows || this.#starts[0] !== 0) {
      throw new RangeError('a column has another number of rows');
    }
    this.#starts[this.#rows] = levels;
    return this.#starts;
  }
}
