/** Joins bits, least significant first, in words. */
export class BitJoiner {
  readonly words: Int32Array<ArrayBuffer>;
  /** Whole words. */
  at = 0;
  #word = 0;
  #filled = 0;

  constructor(words: number) {
    this.words = new Int32Array(words);
  }

  /** Adds `bits` bits from the word `from` on; what is above them in the last word is zero. */
  add(words: Int32Array, from: number, bits: number): void {
    let word = this.#word;
    let filled = this.#filled;
    let at = this.at;
    for (let left = bits; left > 0; left -= 32) {
      const next = words[from++];
      word |= next << filled;
      filled += left < 32 ? left : 32;
      if (filled < 32) continue;
      this.words[at++] = word;
      filled -= 32;
      // A shift by 32 would be none.
      const taken = (left < 32 ? left : 32) - filled;
      word = taken === 32 ? 0 : next >>> taken;
    }
    this.#word = word;
    this.#filled = filled;
    this.at = at;
  }

  /** Adds the words from `from` on `times` times more. */
  repeat(from: number, times: number): void {
    const period = this.at - from;
    const end = this.at + period * times;
    for (let done = this.at; done < end; ) {
      const size = Math.min(done - from, end - done);
      this.words.copyWithin(done, from, from + size);
      done += size;
    }
    this.at = end;
  }

  /** Begins the next word. */
  align(): void {
    if (this.#filled > 0) this.words[this.at++] = this.#word;
    this.#word = 0;
    this.#filled = 0;
  }

  /** All bytes, filled up with zeros. */
  finish(): Uint8Array {
    this.align();
    return new Uint8Array(this.words.buffer);
  }
}
