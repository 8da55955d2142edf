import { readVarint } from './decodings.ts';

/** A run of an RLE / bit-packed hybrid. */
interface Run {
  /** Its first value and the one behind its last, counted in the whole. */
  readonly first: number;
  readonly end: number;
  /** Where its packed values are; of a repeated value, -1. */
  readonly at: number;
  readonly value: number;
}

/**
 * RLE / bit-packed hybrid of `count` values of up to 24 bits that is read from front to back, part by part, and
 * in which rows that repeat are found without unpacking them. Throws RangeError when it ends early.
 */
export class PackedIndices {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #width: number;
  readonly #runs: Run[] = [];
  #current = 0;

  constructor(bytes: Uint8Array, at: number, width: number, count: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#width = width;
    const place = { at };
    for (let first = 0; first < count; ) {
      const head = readVarint(bytes, place);
      const run = Math.floor(head / 2);
      let end: number;
      if (head % 2 === 0) {
        let value = 0;
        for (let shift = 0; shift < width; shift += 8) value |= bytes[place.at++] << shift;
        end = Math.min(count, first + run);
        this.#runs.push({ first, end, at: -1, value });
      } else {
        end = Math.min(count, first + run * 8);
        this.#runs.push({ first, end, at: place.at, value: 0 });
        place.at += run * width;
      }
      if (run === 0 || place.at > bytes.length) throw new RangeError('a run ends early');
      first = end;
    }
  }

  /** Values `from .. from + count` into `out` from `at` on. */
  unpack(from: number, count: number, out: Int32Array, at: number): void {
    const stop = from + count;
    while (from < stop) {
      const run = this.#runAt(from);
      const end = Math.min(stop, run.end);
      if (run.at < 0) for (let i = from; i < end; i++) out[at++] = run.value;
      else {
        this.#unpackRun(run, from, end, out, at);
        at += end - from;
      }
      from = end;
    }
  }

  /**
   * Puts the packed bits of values `from .. from + count` into `out` from `at` on, behind a word that says how
   * they are to be read: equal words are equal values. Answers where they end, or -1 when they are of two runs.
   * They take a word more than `count` at most.
   */
  bits(from: number, count: number, out: Int32Array, at: number): number {
    const run = this.#runAt(from);
    if (from + count > run.end) return -1;
    const width = this.#width;
    if (run.at < 0 || width === 0) {
      out[at] = -count;
      out[at + 1] = run.value;
      return at + 2;
    }
    out[at++] = count;
    const bytes = this.#bytes;
    const bit = (from - run.first) * width;
    const shift = bit & 7;
    let byte = run.at + (bit >>> 3);
    let left = count * width;
    for (; left > 0; left -= 32, byte += 4) {
      let word = this.#wordAt(byte);
      if (shift > 0) word = (word >>> shift) | (bytes[byte + 4] << (32 - shift));
      out[at++] = left < 32 ? word & ((1 << left) - 1) : word;
    }
    return at;
  }

  /**
   * How many of the next `most` rows of `length` values each, from value `from` on, are known to be as the eight
   * rows in front of them, which are equal to each other: a multiple of eight, and fewer when in doubt. A
   * comparison of the packed bytes with those of eight rows earlier says it.
   */
  repeatedRows(from: number, length: number, most: number): number {
    if (most < 8) return 0;
    const run = this.#runAt(from);
    const before = from - 8 * length - run.first;
    if (before < 0) return 0;
    const blocks = Math.floor(Math.min(most, (run.end - from) / length) / 8);
    if (run.at < 0 || this.#width === 0) return blocks * 8;
    const period = length * this.#width;
    // From the first byte that is theirs alone: the bits in front of it are equal as it is.
    let at = run.at + Math.ceil((before * this.#width) / 8) + period;
    let known = 0;
    for (let step = 1; known < blocks; step *= 2) {
      const size = Math.min(step, blocks - known);
      const bytes = size * period;
      if (this.#bytes.compare(this.#bytes, at - period, at - period + bytes, at, at + bytes) !== 0) {
        if (size === 1) break;
        step = 0.5;
      } else {
        known += size;
        at += bytes;
      }
    }
    return known * 8;
  }

  /** Whether all of `rows` rows of `length` values each are equal: the keys of a resource, which all rows have. */
  areRowsEqual(length: number, rows: number): boolean {
    const run = this.#runs[0];
    if (run === undefined || run.end < rows * length) return false;
    if (run.at < 0 || this.#width === 0) return true;
    const first = new Int32Array(Math.min(8, rows) * length);
    this.#unpackRun(run, 0, first.length, first, 0);
    for (let i = length; i < first.length; i++) if (first[i] !== first[i - length]) return false;
    // Eight rows take whole bytes, which come again then.
    const period = length * this.#width;
    const bits = rows * length * this.#width;
    const end = run.at + (bits >>> 3);
    if (end - run.at <= period) return rows <= 8;
    if (this.#bytes.compare(this.#bytes, run.at, end - period, run.at + period, end) !== 0) return false;
    return ((this.#bytes[end] ^ this.#bytes[end - period]) & ((1 << (bits & 7)) - 1)) === 0;
  }

  /** The four bytes from `byte` on; those behind the last one are zero. */
  #wordAt(byte: number): number {
    const bytes = this.#bytes;
    if (byte + 4 <= bytes.length) return this.#view.getInt32(byte, true);
    return bytes[byte] | (bytes[byte + 1] << 8) | (bytes[byte + 2] << 16);
  }

  #runAt(value: number): Run {
    while (value >= this.#runs[this.#current].end) this.#current++;
    return this.#runs[this.#current];
  }

  #unpackRun(run: Run, from: number, end: number, out: Int32Array, to: number): void {
    const width = this.#width;
    const bytes = this.#bytes;
    const bit = (from - run.first) * width;
    const mask = (1 << width) - 1;
    let at = run.at + (bit >>> 3);
    let held = 8 - (bit & 7);
    let bits = bytes[at++] >>> (bit & 7);
    for (let i = from; i < end; i++) {
      while (held < width) {
        bits |= bytes[at++] << held;
        held += 8;
      }
      out[to++] = bits & mask;
      bits >>>= width;
      held -= width;
    }
  }
}
