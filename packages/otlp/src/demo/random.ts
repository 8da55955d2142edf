/** A small seeded generator (sfc32): the same seed gives the same numbers on every machine. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `stream` keeps generators of one seed apart. */
  constructor(seed: number, stream: number) {
    this.#a = Math.trunc(seed) | 0;
    this.#b = Math.trunc(seed / 2 ** 32) | 0;
    this.#c = stream | 0;
    for (let i = 0; i < 15; i++) this.u32();
  }

  /** 0 to 2^32 - 1. */
  u32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** 0 to below 1. */
  float(): number {
    return this.u32() / 2 ** 32;
  }

  /** An integer from 0 to below `count`. */
  below(count: number): number {
    return Math.trunc(this.float() * count);
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }

  /** An integer from 0 to below `count` of which small ones come far more often, as popular things do. */
  popular(count: number): number {
    const x = this.float();
    return Math.trunc(x * x * x * count);
  }

  /** A positive number around `typical` with a long right tail, as latencies have. */
  skewed(typical: number): number {
    const spread = this.float() + this.float() + this.float() - 1.5;
    return typical * Math.exp(spread * 0.9);
  }

  /** Fills `target` with random bytes that are not all zero. */
  fill(target: Uint8Array): void {
    for (let at = 0; at < target.length; at += 4) {
      const word = this.u32();
      target[at] = word & 255;
      target[at + 1] = (word >>> 8) & 255;
      target[at + 2] = (word >>> 16) & 255;
      target[at + 3] = word >>> 24;
    }
    target[0] |= 1;
  }
}
