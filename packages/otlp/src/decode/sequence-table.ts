import { BatchMemory } from './batch-memory.ts';
import { mixed } from './mix.ts';

/**
 * Sequences of small integers, each stored once and known by a dense number: attribute lists (of key-value
 * ids), metrics and series (of the ids that make them up). Sequence 0 is the empty one.
 */
export class SequenceTable {
  /** All sequences one after the other; sequence `i` is `items[offsets[i]] .. items[offsets[i + 1]]`. */
  items: Int32Array;
  offsets: Int32Array;
  count = 0;
  readonly #memory: BatchMemory;
  #hashes: Int32Array;
  #slots: Int32Array;
  #mask = (1 << 12) - 1;

  constructor(memory = new BatchMemory()) {
    this.#memory = memory;
    this.items = memory.int32(1 << 12);
    this.offsets = memory.int32(1 << 10);
    this.offsets[0] = 0;
    this.#hashes = memory.int32(1 << 10);
    this.#slots = memory.int32(1 << 12).fill(0);
    this.intern(new Int32Array(0), 0);
  }

  /** The id of the first `length` items of `sequence`, which are stored when they are new. */
  intern(sequence: Int32Array, length: number): number {
    let hash = length;
    for (let i = 0; i < length; i++) hash = mixed(hash, sequence[i]);
    let slot = hash & this.#mask;
    for (;;) {
      const id = this.#slots[slot] - 1;
      if (id < 0) return this.#add(sequence, length, hash, slot);
      if (this.#hashes[id] === hash && this.#same(id, sequence, length)) return id;
      slot = (slot + 1) & this.#mask;
    }
  }

  #same(id: number, sequence: Int32Array, length: number): boolean {
    const from = this.offsets[id];
    if (this.offsets[id + 1] - from !== length) return false;
    for (let i = 0; i < length; i++) if (this.items[from + i] !== sequence[i]) return false;
    return true;
  }

  #add(sequence: Int32Array, length: number, hash: number, slot: number): number {
    const id = this.count++;
    const from = this.offsets[id];
    if (from + length > this.items.length) {
      this.items = this.#grown(this.items, Math.max(this.items.length * 2, from + length));
    }
    for (let i = 0; i < length; i++) this.items[from + i] = sequence[i];
    if (id + 2 > this.offsets.length) {
      this.offsets = this.#grown(this.offsets, this.offsets.length * 2);
      this.#hashes = this.#grown(this.#hashes, this.offsets.length);
    }
    this.offsets[id + 1] = from + length;
    this.#hashes[id] = hash;
    this.#slots[slot] = id + 1;
    if (this.count * 2 > this.#slots.length) this.#rehash();
    return id;
  }

  #rehash(): void {
    const slots = this.#memory.int32(this.#slots.length * 2).fill(0);
    const mask = slots.length - 1;
    for (let id = 0; id < this.count; id++) {
      let slot = this.#hashes[id] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.#slots = slots;
    this.#mask = mask;
  }

  #grown(from: Int32Array, length: number): Int32Array {
    const to = this.#memory.int32(length);
    to.set(from);
    return to;
  }
}
