import type { PackedIndices } from './packed-indices.ts';

/** Rows after which it is known whether rows repeat; when fewer than half of them do, they are not looked for. */
const TRIED_ROWS = 512;

/**
 * Rows of a map column by their packed bits, so that a row which was there before is known without being
 * unpacked. It may fail to know a row, and never takes one for another.
 */
export class KnownRows {
  readonly #keys: PackedIndices | undefined;
  readonly #values: PackedIndices;
  /** The bits of rows, each preceded by its kind and length. */
  #words = new Int32Array(1024);
  #used = 0;
  /** Of each known row: where its bits begin, their hash, and what was said of it. */
  #starts = new Int32Array(256);
  #hashes = new Int32Array(256);
  #places = new Int32Array(256);
  #count = 0;
  #slots = new Int32Array(1024);
  #asked = 0;
  #found = 0;
  /** Words and hash of the row that was asked about last; no words when it cannot be known. */
  #pending = 0;
  #hash = 0;

  /** Without `keys`, all rows have the same ones. */
  constructor(keys: PackedIndices | undefined, values: PackedIndices) {
    this.#keys = keys;
    this.#values = values;
  }

  /** What was said of an equal row, that of `length` values from value `from` on; -1 when none is known. */
  find(from: number, length: number): number {
    this.#pending = 0;
    if (this.#asked >= TRIED_ROWS && this.#found * 2 < this.#asked) return -1;
    this.#asked++;
    this.#reserve(2 * length + 4);
    const words = this.#words;
    const first = this.#used;
    const middle = this.#keys === undefined ? first : this.#keys.bits(from, length, words, first);
    if (middle < 0) return -1;
    const end = this.#values.bits(from, length, words, middle);
    if (end < 0) return -1;
    let hash = length;
    for (let at = first; at < end; at++) {
      hash = Math.imul(hash ^ words[at], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const row = this.#slots[slot] - 1;
      if (this.#hashes[row] === hash && this.#isEqual(this.#starts[row], this.#starts[row + 1], first, end)) {
        this.#found++;
        return this.#places[row];
      }
    }
    this.#pending = end - first;
    this.#hash = hash;
    return -1;
  }

  /** Says something of the row that was not found. */
  add(place: number): void {
    if (this.#pending === 0) return;
    if (this.#count + 2 > this.#starts.length) this.#growRows();
    const row = this.#count++;
    this.#starts[row] = this.#used;
    this.#used += this.#pending;
    this.#starts[row + 1] = this.#used;
    this.#hashes[row] = this.#hash;
    this.#places[row] = place;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    else this.#put(row);
  }

  #isEqual(a: number, aEnd: number, b: number, bEnd: number): boolean {
    if (aEnd - a !== bEnd - b) return false;
    const words = this.#words;
    for (let at = a, other = b; at < aEnd; at++, other++) if (words[at] !== words[other]) return false;
    return true;
  }

  #put(row: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#hashes[row] & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = row + 1;
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 4);
    for (let row = 0; row < this.#count; row++) this.#put(row);
  }

  #growRows(): void {
    this.#starts = grown(this.#starts, this.#starts.length * 2);
    this.#hashes = grown(this.#hashes, this.#hashes.length * 2);
    this.#places = grown(this.#places, this.#places.length * 2);
  }

  #reserve(words: number): void {
    if (this.#used + words <= this.#words.length) return;
    this.#words = grown(this.#words, Math.max(this.#words.length * 2, this.#used + words));
  }
}

function grown(values: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(length);
  to.set(values);
  return to;
}
