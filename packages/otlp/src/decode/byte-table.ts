import { isUtf8 } from 'node:buffer';
import { BatchMemory } from './batch-memory.ts';
import { mixed, settled } from './mix.ts';

/** Hashes differ from process to process so that nobody can prepare input that collides. */
const SEED = (Math.random() * 0x1_0000_0000) | 0;

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const NO_BYTES = new Uint8Array(0);

/**
 * Byte strings, each stored once and known by a dense number. String 0 is the empty one. Ids follow the
 * order of first sight, so equal input gives equal ids.
 */
export class ByteTable {
  /** All strings one after the other; string `i` is `arena[offsets[i]] .. arena[offsets[i + 1]]`. */
  arena: Uint8Array;
  offsets: Int32Array;
  count = 0;
  /** How many strings were not valid UTF-8 and were stored with U+FFFD. */
  repaired = 0;
  readonly #memory: BatchMemory;
  #hashes: Int32Array;
  #slots: Int32Array;
  #mask = (1 << 12) - 1;
  /** How many strings `intern` finds. */
  #found = 0;

  constructor(memory = new BatchMemory()) {
    this.#memory = memory;
    this.arena = memory.uint8(1 << 16);
    this.offsets = memory.int32(1 << 10);
    this.offsets[0] = 0;
    this.#hashes = memory.int32(1 << 10);
    this.#slots = memory.int32(1 << 12).fill(0);
    this.intern(NO_BYTES, 0, 0);
  }

  /** Forgets all strings and keeps the memory. */
  clear(): void {
    this.#slots.fill(0);
    this.#found = 0;
    this.count = 0;
    this.repaired = 0;
    this.intern(NO_BYTES, 0, 0);
  }

  /** The id of `bytes[start..end)`, which is stored when it is new. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    const hash = hashBytes(bytes, start, end);
    let slot = hash & this.#mask;
    for (;;) {
      const id = this.#slots[slot] - 1;
      if (id < 0) return this.#add(bytes, start, length, hash, slot);
      if (this.#hashes[id] === hash && this.#same(id, bytes, start, length)) return id;
      slot = (slot + 1) & this.#mask;
    }
  }

  /**
   * Stores the first `length` bytes as a string of their own, whether there is an equal one or not, and which
   * `intern` does not find: for those who know that it is new where it matters.
   */
  append(bytes: Uint8Array, length: number): number {
    return this.#store(bytes, 0, length);
  }

  /** As `intern`, for text: what is not valid UTF-8 is stored with U+FFFD in place of the bad bytes. */
  internText(bytes: Uint8Array, start: number, end: number): number {
    const before = this.count;
    const id = this.intern(bytes, start, end);
    // Only a string that is new can be one whose bytes nobody has looked at yet.
    if (id < before || isAscii(bytes, start, end)) return id;
    const text = bytes.subarray(start, end);
    if (isUtf8(text)) return id;
    this.repaired++;
    this.#forgetLast(id);
    const fixed = encoder.encode(decoder.decode(text));
    return this.intern(fixed, 0, fixed.length);
  }

  /** As `intern`, from a JavaScript string. */
  internString(text: string): number {
    const bytes = encoder.encode(text);
    return this.intern(bytes, 0, bytes.length);
  }

  /** String `id` as a JavaScript string. */
  text(id: number): string {
    return decoder.decode(this.arena.subarray(this.offsets[id], this.offsets[id + 1]));
  }

  /** Orders two strings by their bytes. */
  compare(a: number, b: number): number {
    if (a === b) return 0;
    const { arena, offsets } = this;
    const lengthA = offsets[a + 1] - offsets[a];
    const lengthB = offsets[b + 1] - offsets[b];
    const shared = Math.min(lengthA, lengthB);
    for (let i = 0; i < shared; i++) {
      const difference = arena[offsets[a] + i] - arena[offsets[b] + i];
      if (difference !== 0) return difference;
    }
    return lengthA - lengthB;
  }

  #same(id: number, bytes: Uint8Array, start: number, length: number): boolean {
    const from = this.offsets[id];
    if (this.offsets[id + 1] - from !== length) return false;
    const arena = this.arena;
    for (let i = 0; i < length; i++) if (arena[from + i] !== bytes[start + i]) return false;
    return true;
  }

  #add(bytes: Uint8Array, start: number, length: number, hash: number, slot: number): number {
    const id = this.#store(bytes, start, length);
    this.#hashes[id] = hash;
    this.#slots[slot] = id + 1;
    this.#found++;
    if (this.#found * 2 > this.#slots.length) this.#rehash();
    return id;
  }

  #store(bytes: Uint8Array, start: number, length: number): number {
    const id = this.count++;
    const from = this.offsets[id];
    if (from + length > this.arena.length) {
      const grown = this.#memory.uint8(Math.max(this.arena.length * 2, from + length));
      grown.set(this.arena.subarray(0, from));
      this.arena = grown;
    }
    if (length < 48) {
      const arena = this.arena;
      for (let i = 0; i < length; i++) arena[from + i] = bytes[start + i];
    } else {
      this.arena.set(bytes.subarray(start, start + length), from);
    }
    if (id + 2 > this.offsets.length) this.#growIds();
    this.offsets[id + 1] = from + length;
    return id;
  }

  #growIds(): void {
    const offsets = this.#memory.int32(this.offsets.length * 2);
    offsets.set(this.offsets);
    this.offsets = offsets;
    const hashes = this.#memory.int32(offsets.length);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
  }

  #rehash(): void {
    const slots = this.#memory.int32(this.#slots.length * 2).fill(0);
    const mask = slots.length - 1;
    for (const entry of this.#slots) {
      if (entry === 0) continue;
      let slot = this.#hashes[entry - 1] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    this.#slots = slots;
    this.#mask = mask;
  }

  /** Takes back the string that was added last. */
  #forgetLast(id: number): void {
    this.count = id;
    this.#found--;
    let slot = this.#hashes[id] & this.#mask;
    while (this.#slots[slot] !== id + 1) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = 0;
  }
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0;
  for (let i = start; i < end; i++) all |= bytes[i];
  return all < 128;
}

function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = SEED ^ (end - start);
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    hash = mixed(hash, word);
  }
  for (; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x85ebca6b);
  return settled(hash);
}
