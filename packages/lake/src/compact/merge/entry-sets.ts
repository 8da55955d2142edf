/** Sets after which it is known whether they repeat; when fewer than a quarter do, only neighbours are compared. */
const TRIED_SETS = 512;

/**
 * Where the entries of maps are that were there before: inputs share their resources, each of which is written
 * once then.
 */
export class EntrySets {
  #slots = new Int32Array(1024);
  #starts = new Int32Array(256);
  #lengths = new Int32Array(256);
  #hashes = new Int32Array(256);
  #count = 0;
  #asked = 0;
  #found = 0;

  /** Forgets everything. */
  begin(): void {
    this.#slots.fill(0);
    this.#count = 0;
    this.#asked = 0;
    this.#found = 0;
  }

  /** The place of entries equal to those of `start .. start + length`: theirs when they are the first. */
  placeOf(keys: Int32Array, values: Int32Array, start: number, length: number): number {
    const isEqual = (set: number): boolean => {
      if (this.#lengths[set] !== length) return false;
      const other = this.#starts[set];
      for (let i = 0; i < length; i++) {
        if (values[other + i] !== values[start + i] || keys[other + i] !== keys[start + i]) return false;
      }
      return true;
    };
    if (this.#asked >= TRIED_SETS && this.#found * 4 < this.#asked) {
      if (isEqual(0)) return this.#starts[0];
      this.#starts[0] = start;
      this.#lengths[0] = length;
      return start;
    }
    this.#asked++;
    let hash = length;
    for (let i = start; i < start + length; i++) {
      hash = Math.imul(hash ^ values[i], 0x9e3779b1);
      hash = Math.imul(hash ^ (hash >>> 15) ^ keys[i], 0x85ebca6b);
    }
    hash ^= hash >>> 13;
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const set = this.#slots[slot] - 1;
      if (this.#hashes[set] !== hash || !isEqual(set)) continue;
      this.#found++;
      return this.#starts[set];
    }
    this.#add(start, length, hash);
    return start;
  }

  #add(start: number, length: number, hash: number): void {
    if (this.#count === this.#starts.length) {
      this.#starts = doubled(this.#starts);
      this.#lengths = doubled(this.#lengths);
      this.#hashes = doubled(this.#hashes);
    }
    const set = this.#count++;
    this.#starts[set] = start;
    this.#lengths[set] = length;
    this.#hashes[set] = hash;
    if (this.#count * 2 <= this.#slots.length) {
      this.#put(set);
      return;
    }
    this.#slots = new Int32Array(this.#slots.length * 4);
    for (let other = 0; other < this.#count; other++) this.#put(other);
  }

  #put(set: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#hashes[set] & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = set + 1;
  }
}

function doubled(values: Int32Array): Int32Array<ArrayBuffer> {
  const to = new Int32Array(values.length * 2);
  to.set(values);
  return to;
}
