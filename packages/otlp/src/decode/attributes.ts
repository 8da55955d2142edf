import { AnyValueReader, TooDeep, VALUE_KINDS } from './any-value.ts';
import type { BatchMemory } from './batch-memory.ts';
import { ByteTable } from './byte-table.ts';
import { type Hash64, hashString } from './hash.ts';
import { JsonBytes } from './json-bytes.ts';
import type { WireReader } from './reader.ts';
import { SequenceTable } from './sequence-table.ts';

/** The id that stands for "no such string". */
export const NONE = -1;
/** The attribute list that could not be taken because a value nests too deep. */
export const INVALID_SET = -2;

const TOO_DEEP_PAIR = -2;

/**
 * Attribute lists. Every distinct KeyValue message is decoded once and known by a number; a list is the
 * sequence of those numbers, stored once. Of several entries with one key the last counts, as in the SDKs.
 */
export class Attributes {
  readonly strings: ByteTable;
  readonly sets: SequenceTable;
  /** Of each pair: key, value (NONE when empty) and kind letter (a char code). */
  pairKey: Int32Array;
  pairValue: Int32Array;
  pairKind: Uint8Array;
  /** Of each set: its types string, NONE when all its values are strings. */
  setTypes: Int32Array;
  /** Of each set: the order-independent hash of its pairs. */
  setHashLo: Uint32Array;
  setHashHi: Uint32Array;

  readonly #memory: BatchMemory;
  readonly #raw: ByteTable;
  readonly #value = new AnyValueReader();
  readonly #scratch = new JsonBytes();
  #list = new Int32Array(64);
  #listLength = 0;
  #listInvalid = false;
  /** For each string id, the serial of the set in which it was last seen as a key, and where. */
  #keySerial: Int32Array;
  #serial = 0;
  /** Of each list with repeated keys, by its number as sent: the list that is stored for it. */
  readonly #shortened = new Map<number, number>();
  #knownSets = 1;
  readonly #hash: Hash64 = { lo: 0, hi: 0 };

  constructor(strings: ByteTable, memory: BatchMemory) {
    this.strings = strings;
    this.#memory = memory;
    this.sets = new SequenceTable(memory);
    this.pairKey = memory.int32(1 << 10);
    this.pairValue = memory.int32(1 << 10);
    this.pairKind = memory.uint8(1 << 10);
    this.setTypes = memory.int32(1 << 10);
    this.setHashLo = memory.uint32(1 << 10);
    this.setHashHi = memory.uint32(1 << 10);
    this.#raw = new ByteTable(memory);
    this.#keySerial = memory.int32(1 << 10).fill(0);
    // Pair 0 is not decoded yet; set 0, the empty one, is never learnt.
    this.pairKind[0] = 0;
    this.setTypes[0] = NONE;
    this.setHashLo[0] = 0;
    this.setHashHi[0] = 0;
  }

  /** How many nested strings were not valid UTF-8. */
  get repaired(): number {
    return this.#value.repaired;
  }

  /** Starts a list; `add` its entries, then `finish`. Lists do not nest. */
  begin(): void {
    this.#listLength = 0;
    this.#listInvalid = false;
  }

  /** Adds the KeyValue message at `pos..end`. */
  add(r: WireReader, end: number): void {
    const before = this.#raw.count;
    const pair = this.#raw.intern(r.bytes, r.pos, end);
    if (pair >= before) this.#decodePair(r, end, pair);
    // The empty message is string 0 of every table and so is never "new".
    else if (pair === 0 && this.pairKind[0] === 0) this.#decodePair(r, end, pair);
    r.pos = end;
    if (this.pairKey[pair] === TOO_DEEP_PAIR) {
      this.#listInvalid = true;
      return;
    }
    if (this.#listLength === this.#list.length) {
      const grown = new Int32Array(this.#list.length * 2);
      grown.set(this.#list);
      this.#list = grown;
    }
    this.#list[this.#listLength++] = pair;
  }

  /** The set id of the list, or INVALID_SET. */
  finish(): number {
    if (this.#listInvalid) return INVALID_SET;
    if (this.#listLength === 0) return 0;
    const sent = this.sets.intern(this.#list, this.#listLength);
    if (sent < this.#knownSets) return this.#shortened.get(sent) ?? sent;
    let stored = sent;
    if (this.#hasRepeatedKey()) {
      this.#dropRepeatedKeys();
      stored = this.sets.intern(this.#list, this.#listLength);
      this.#shortened.set(sent, stored);
    }
    this.#learnSets();
    return stored;
  }

  #learnSets(): void {
    for (; this.#knownSets < this.sets.count; this.#knownSets++) this.#learnSet(this.#knownSets);
  }

  /** The value of `key` in a set, NONE when it is not there. */
  valueOf(set: number, key: number): number {
    const { items, offsets } = this.sets;
    for (let i = offsets[set]; i < offsets[set + 1]; i++) {
      if (this.pairKey[items[i]] === key) return this.pairValue[items[i]];
    }
    return NONE;
  }

  #decodePair(r: WireReader, end: number, pair: number): void {
    if (pair >= this.pairKey.length) this.#growPairs();
    const { bytes } = r;
    const value = this.#value;
    const scratch = this.#scratch;
    let key = 0;
    scratch.reset();
    value.kind = 'empty';
    try {
      while (r.pos < end) {
        const tag = r.tag();
        if (tag === 10) {
          const keyEnd = r.lengthEnd(end);
          key = this.strings.internText(bytes, r.pos, keyEnd);
          r.pos = keyEnd;
        } else if (tag === 18) {
          const valueEnd = r.lengthEnd(end);
          value.read(r, valueEnd, scratch);
        } else if (tag >>> 3 === 1 || tag >>> 3 === 2) r.wrongType('KeyValue', tag);
        else r.skip(tag, end);
        r.check(end);
      }
    } catch (error) {
      if (!(error instanceof TooDeep)) throw error;
      this.pairKey[pair] = TOO_DEEP_PAIR;
      this.pairKind[pair] = 1;
      return;
    }
    this.pairKey[pair] = key;
    if (value.kind === 'empty') this.pairValue[pair] = NONE;
    else if (value.kind === 'string')
      this.pairValue[pair] = this.strings.internText(bytes, value.start, value.end);
    else this.pairValue[pair] = this.strings.intern(scratch.bytes, 0, scratch.length);
    this.pairKind[pair] = VALUE_KINDS[value.kind].charCodeAt(0);
  }

  #hasRepeatedKey(): boolean {
    this.#ensureKeySerial();
    this.#serial++;
    for (let i = 0; i < this.#listLength; i++) {
      const key = this.pairKey[this.#list[i]];
      if (this.#keySerial[key] === this.#serial) return true;
      this.#keySerial[key] = this.#serial;
    }
    return false;
  }

  #dropRepeatedKeys(): void {
    const last = new Map<number, number>();
    for (let i = 0; i < this.#listLength; i++) last.set(this.pairKey[this.#list[i]], this.#list[i]);
    this.#listLength = 0;
    for (const pair of last.values()) this.#list[this.#listLength++] = pair;
  }

  #ensureKeySerial(): void {
    if (this.#keySerial.length >= this.strings.count) return;
    const known = this.#keySerial.length;
    const grown = this.#memory.int32(Math.max(known * 2, this.strings.count));
    grown.set(this.#keySerial);
    grown.fill(0, known);
    this.#keySerial = grown;
  }

  #learnSet(set: number): void {
    if (set >= this.setTypes.length) this.#growSets();
    const { items, offsets } = this.sets;
    let allStrings = true;
    const hash = this.#hash;
    hash.lo = 0;
    hash.hi = 0;
    const scratch = this.#scratch;
    scratch.reset();
    for (let i = offsets[set]; i < offsets[set + 1]; i++) {
      const pair = items[i];
      const kind = this.pairKind[pair];
      if (kind !== 115) allStrings = false;
      scratch.byte(kind);
      // Pairs are added up, so that the order in which they were sent does not matter.
      hashString(this.strings, this.pairKey[pair], this.pairValue[pair], kind, hash);
    }
    this.setHashLo[set] = hash.lo;
    this.setHashHi[set] = hash.hi;
    this.setTypes[set] = allStrings ? NONE : this.strings.intern(scratch.bytes, 0, scratch.length);
  }

  #growPairs(): void {
    const length = this.pairKey.length * 2;
    this.pairKey = copied(this.pairKey, this.#memory.int32(length));
    this.pairValue = copied(this.pairValue, this.#memory.int32(length));
    this.pairKind = copied(this.pairKind, this.#memory.uint8(length));
  }

  #growSets(): void {
    const length = this.setTypes.length * 2;
    this.setTypes = copied(this.setTypes, this.#memory.int32(length));
    this.setHashLo = copied(this.setHashLo, this.#memory.uint32(length));
    this.setHashHi = copied(this.setHashHi, this.#memory.uint32(length));
  }
}

function copied<T extends Int32Array | Uint8Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
