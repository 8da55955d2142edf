import type { BatchMemory } from './batch-memory.ts';
import type { WireReader } from './reader.ts';

/** 64-bit integers one after the other, as pairs of 32-bit words (low, high). */
export class Uint64Items {
  words: Uint32Array;
  length = 0;
  readonly #memory: BatchMemory;

  constructor(memory: BatchMemory) {
    this.words = memory.uint32(1 << 10);
    this.#memory = memory;
  }

  push(lo: number, hi: number): void {
    if (this.length * 2 === this.words.length) {
      const grown = this.#memory.uint32(this.words.length * 2);
      grown.set(this.words);
      this.words = grown;
    }
    this.words[this.length * 2] = lo;
    this.words[this.length * 2 + 1] = hi;
    this.length++;
  }

  /** A `repeated fixed64` or `repeated uint64` field, packed or one element; true when all fit an int64. */
  read(r: WireReader, tag: number, end: number, fixed: boolean): boolean {
    const last = (tag & 7) === 2 ? r.lengthEnd(end) : -1;
    let fits = true;
    do {
      if (last >= 0 && r.pos >= last) break;
      if (fixed) r.fixed64(last < 0 ? end : last);
      else r.varint64();
      if (last >= 0) r.check(last);
      if (r.hi >= 0x80000000) fits = false;
      this.push(r.lo, r.hi);
    } while (last >= 0);
    return fits;
  }
}

/** Doubles one after the other. */
export class DoubleItems {
  values: Float64Array;
  length = 0;
  readonly #memory: BatchMemory;

  constructor(memory: BatchMemory) {
    this.values = memory.float64(1 << 10);
    this.#memory = memory;
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = this.#memory.float64(this.values.length * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }

  /** A `repeated double` field, packed or one element. */
  read(r: WireReader, tag: number, end: number): void {
    if ((tag & 7) === 1) {
      this.push(r.double(end));
      return;
    }
    const last = r.lengthEnd(end);
    while (r.pos < last) this.push(r.double(last));
  }
}
