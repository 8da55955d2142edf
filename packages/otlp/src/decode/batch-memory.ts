/** Memory is kept in blocks of this many bytes; longer arrays are never kept. */
const BLOCK_BYTES = 8 * 1024 * 1024;

/**
 * Where the typed arrays of a batch come from. Batches that are cooked one after the other want the same arrays
 * again and again: made anew each time, they are cleared by the allocator first and set off a major garbage
 * collection for every few dozen megabytes. So up to `maxKeptBytes` are kept from one batch to the next; what does not fit
 * comes from the heap.
 *
 * The numbers in an array are whatever was there before: whoever needs zeros fills them in. After `clear` or
 * `release`, arrays made before must not be used any more.
 */
export class BatchMemory {
  readonly #maxBlocks: number;
  /**
   * Nobody shares them, but only shared memory is none of V8's: it collects garbage when what it counts has grown by
   * a bound, towards which memory that is kept would count in full.
   */
  readonly #blocks: SharedArrayBuffer[] = [];
  /** Bytes in use, counted from the start of the first block; none when there is no block. */
  #used = 0;

  /** Without `maxKeptBytes` nothing is kept. */
  constructor(maxKeptBytes = 0) {
    this.#maxBlocks = Math.floor(maxKeptBytes / BLOCK_BYTES);
  }

  uint8(length: number): Uint8Array {
    const at = this.#place(length);
    return at < 0 ? new Uint8Array(length) : new Uint8Array(this.#blockAt(at), at % BLOCK_BYTES, length);
  }

  int32(length: number): Int32Array {
    const at = this.#place(length * 4);
    return at < 0 ? new Int32Array(length) : new Int32Array(this.#blockAt(at), at % BLOCK_BYTES, length);
  }

  uint32(length: number): Uint32Array {
    const at = this.#place(length * 4);
    return at < 0 ? new Uint32Array(length) : new Uint32Array(this.#blockAt(at), at % BLOCK_BYTES, length);
  }

  float64(length: number): Float64Array {
    const at = this.#place(length * 8);
    return at < 0 ? new Float64Array(length) : new Float64Array(this.#blockAt(at), at % BLOCK_BYTES, length);
  }

  /** How far memory is in use, for `release`. */
  mark(): number {
    return this.#used;
  }

  /** Takes back all arrays that were made since `mark` gave this answer. */
  release(mark: number): void {
    this.#used = mark;
  }

  /** Takes back all arrays. */
  clear(): void {
    this.#used = 0;
  }

  /** Where `bytes` bytes are free, counted as `#used` is; -1 when nowhere. */
  #place(bytes: number): number {
    if (bytes > BLOCK_BYTES) return -1;
    const left = BLOCK_BYTES - (this.#used % BLOCK_BYTES);
    const at = bytes <= left ? this.#used : this.#used + left;
    if (at >= this.#maxBlocks * BLOCK_BYTES) return -1;
    this.#used = at + Math.ceil(bytes / 8) * 8;
    return at;
  }

  #blockAt(at: number): SharedArrayBuffer {
    const block = Math.floor(at / BLOCK_BYTES);
    while (this.#blocks.length <= block) this.#blocks.push(new SharedArrayBuffer(BLOCK_BYTES));
    return this.#blocks[block];
  }
}
