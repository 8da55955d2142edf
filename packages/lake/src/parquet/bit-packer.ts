import type { ByteSink } from './byte-sink.ts';

/** Packs values of up to 53 bits, least significant bit first. */
export class BitPacker {
  readonly #out: ByteSink;
  #bits = 0;
  #count = 0;

  constructor(out: ByteSink) {
    this.#out = out;
  }

  /** At most 24 bits at once, so that the buffer's 7 left-over bits and they fit 31. */
  put(value: number, width: number): void {
    this.#bits |= value << this.#count;
    this.#count += width;
    const { bytes } = this.#out;
    while (this.#count >= 8) {
      bytes[this.#out.length++] = this.#bits & 255;
      this.#bits >>>= 8;
      this.#count -= 8;
    }
  }

  putWide(value: number, width: number): void {
    if (width <= 24) {
      this.put(value, width);
      return;
    }
    const low = value >>> 0;
    this.put(low & 0xffffff, 24);
    if (width <= 32) {
      this.put(low >>> 24, width - 24);
      return;
    }
    this.put(low >>> 24, 8);
    this.put((value - low) / 0x1_0000_0000, width - 32);
  }

  flush(): void {
    if (this.#count > 0) this.#out.bytes[this.#out.length++] = this.#bits & 255;
    this.#bits = 0;
    this.#count = 0;
  }
}
