import type { BatchMemory } from './batch-memory.ts';
import type { ByteTable } from './byte-table.ts';
import { JsonBytes } from './json-bytes.ts';
import { mixed, settled } from './mix.ts';
import type { WireReader } from './reader.ts';

/** Hashes differ from process to process so that nobody can prepare ids that collide. */
const SEED = (Math.random() * 0x1_0000_0000) | 0;

/**
 * Trace or span ids, which are most of the distinct strings of a batch. They are looked up by the bytes as sent;
 * the lower-case hex text that stands for one in a string table is made once.
 */
export class IdTable {
  /** Length of an id as sent, bytes. */
  readonly idBytes: number;
  readonly #strings: ByteTable;
  readonly #memory: BatchMemory;
  readonly #hex = new JsonBytes();
  readonly #words: number;
  /** Of each id: its bytes as 32-bit words, and its string. */
  #keys: Int32Array;
  #stringOf: Int32Array;
  #count = 0;
  #slots: Int32Array;
  #mask = (1 << 12) - 1;

  /** `idBytes` is a multiple of 4. */
  constructor(strings: ByteTable, idBytes: number, memory: BatchMemory) {
    this.idBytes = idBytes;
    this.#strings = strings;
    this.#memory = memory;
    this.#words = idBytes / 4;
    this.#keys = memory.int32(this.#words << 11);
    this.#stringOf = memory.int32(1 << 11);
    this.#slots = memory.int32(1 << 12).fill(0);
  }

  /** The string of the id at the reader's position. */
  intern({ bytes, view, pos: start }: WireReader): number {
    const words = this.#words;
    const keys = this.#keys;
    const slots = this.#slots;
    let hash = SEED;
    for (let i = 0; i < words; i++) hash = mixed(hash, view.getInt32(start + i * 4, true));
    let slot = settled(hash) & this.#mask;
    for (;;) {
      const id = slots[slot] - 1;
      if (id < 0) return this.#add(bytes, view, start, slot);
      let same = 0;
      while (same < words && keys[id * words + same] === view.getInt32(start + same * 4, true)) same++;
      if (same === words) return this.#stringOf[id];
      slot = (slot + 1) & this.#mask;
    }
  }

  #add(bytes: Uint8Array, view: DataView, start: number, slot: number): number {
    const id = this.#count++;
    const words = this.#words;
    for (let i = 0; i < words; i++) this.#keys[id * words + i] = view.getInt32(start + i * 4, true);
    this.#hex.reset();
    this.#hex.hex(bytes, start, start + this.idBytes);
    const string = this.#strings.append(this.#hex.bytes, this.#hex.length);
    this.#stringOf[id] = string;
    this.#slots[slot] = id + 1;
    if (this.#count * 2 === this.#slots.length) this.#grow();
    return string;
  }

  /** Makes room for twice as many: ids take half of the slots at most. */
  #grow(): void {
    const slots = this.#memory.int32(this.#slots.length * 2).fill(0);
    const mask = slots.length - 1;
    const words = this.#words;
    const keys = this.#memory.int32(this.#keys.length * 2);
    keys.set(this.#keys);
    const stringOf = this.#memory.int32(this.#stringOf.length * 2);
    stringOf.set(this.#stringOf);
    for (let id = 0; id < this.#count; id++) {
      let hash = SEED;
      for (let i = 0; i < words; i++) hash = mixed(hash, keys[id * words + i]);
      let slot = settled(hash) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.#keys = keys;
    this.#stringOf = stringOf;
    this.#slots = slots;
    this.#mask = mask;
  }
}
