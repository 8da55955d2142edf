import { ByteSink } from './byte-sink.ts';

/** The levels of a list column: an empty list takes one level and no item. */
export interface ListLevels {
  readonly levels: number;
  /** Items of all lists. */
  readonly filled: number;
  /** Repetition levels, encoded. */
  readonly repetition: Uint8Array;
}

/** Counts the levels of lists with these lengths and encodes their repetition levels. */
export function listLevels(lengths: Int32Array, rows: number): ListLevels {
  let filled = 0;
  let levels = 0;
  for (let row = 0; row < rows; row++) {
    filled += lengths[row];
    levels += lengths[row] > 0 ? lengths[row] : 1;
  }
  return { levels, filled, repetition: encodeRepetition(lengths, rows) };
}

/**
 * Repetition levels as `rleHybrid` would encode them, had they been written out: 0 where a row begins and 1 for
 * its other items. It takes a step for each row and not for each item.
 */
function encodeRepetition(lengths: Int32Array, rows: number): Uint8Array {
  const out = new ByteSink(rows * 4 + 64);
  const sizeOf = (row: number) => (lengths[row] > 1 ? lengths[row] : 1);
  const literals = new RowStarts(out, sizeOf, rows);
  let literal = 0;
  let i = 0;
  let row = 0;
  let start = 0;
  let next = rows > 0 ? sizeOf(0) : 0;
  while (row < rows) {
    const size = next - start;
    if (i === start && literal === start && size >= LONG_ROW) {
      let last = row + 1;
      while (last < rows && lengths[last] === size) last++;
      longRows(out, size, last - row);
      start += (last - row) * size;
      row = last;
      i = start;
      literal = start;
      next = row < rows ? start + sizeOf(row) : start;
      literals.moveTo(row, start);
      continue;
    }
    let end = next;
    if (i === start) {
      // Zeros go on as long as rows have one level.
      end = start + 1;
      for (let at = row; at + 1 < rows && sizeOf(at) === 1; at++) end++;
    }
    if (end - i < 8) i += 8;
    else {
      literals.pack(literal, i);
      out.varint((end - i) * 2);
      out.byte(i === start ? 0 : 1);
      i = end;
      literal = end;
    }
    while (row < rows && i >= next) {
      start = next;
      if (++row < rows) next += sizeOf(row);
    }
  }
  literals.pack(literal, next);
  return out.view();
}

/** Levels of a row from which on it is eight packed ones and a run, whatever is in front of it. */
const LONG_ROW = 16;

/** `rows` rows of `size` levels each, all of which are the same bytes. */
function longRows(out: ByteSink, size: number, rows: number): void {
  const at = out.length;
  out.varint(3);
  out.byte(0b1111_1110);
  out.varint((size - 8) * 2);
  out.byte(1);
  out.repeat(out.bytes.slice(at, out.length), rows - 1);
}

/** Bit-packed runs of levels, in order. */
class RowStarts {
  readonly #out: ByteSink;
  readonly #sizeOf: (row: number) => number;
  readonly #rows: number;
  #row = 0;
  #start = 0;

  constructor(out: ByteSink, sizeOf: (row: number) => number, rows: number) {
    this.#out = out;
    this.#sizeOf = sizeOf;
    this.#rows = rows;
  }

  /** Goes on at a row, which begins at level `start`. */
  moveTo(row: number, start: number): void {
    this.#row = row;
    this.#start = start;
  }

  /** One run of the levels `from .. to`, filled up with zeros to a multiple of eight. */
  pack(from: number, to: number): void {
    if (from >= to) return;
    const out = this.#out;
    const groups = Math.ceil((to - from) / 8);
    out.varint(groups * 2 + 1);
    out.reserve(groups);
    const at = out.length;
    out.bytes.fill(255, at, at + groups);
    out.length += groups;
    if ((to - from) % 8 > 0) out.bytes[at + groups - 1] = (1 << ((to - from) % 8)) - 1;
    for (; this.#row < this.#rows && this.#start < to; this.#start += this.#sizeOf(this.#row++)) {
      const bit = this.#start - from;
      if (bit >= 0) out.bytes[at + (bit >>> 3)] &= ~(1 << (bit & 7));
    }
  }
}
