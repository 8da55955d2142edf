import type { ByteSink } from './byte-sink.ts';

/**
 * Parquet's encodings (https://parquet.apache.org/docs/file-format/data-pages/encodings/), each appending to
 * a sink.
 */
export const ENCODING = {
  PLAIN: 0,
  RLE: 3,
  DELTA_BINARY_PACKED: 5,
  DELTA_LENGTH_BYTE_ARRAY: 6,
  RLE_DICTIONARY: 8,
} as const;

/** Bits that a value up to `max` takes. */
export function bitWidth(max: number): number {
  return max === 0 ? 0 : 32 - Math.clz32(max);
}

/** Packs values of up to 53 bits, least significant bit first. */
class BitPacker {
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

/** RLE / bit-packed hybrid of `values[0..count)`, each below 2^width, without a length in front. */
export function rleHybrid(
  out: ByteSink,
  values: Int32Array | Uint8Array,
  count: number,
  width: number,
): void {
  out.reserve((count * width) / 8 + (count >>> 2) + 64);
  const packer = new BitPacker(out);
  let literal = 0;
  let i = 0;
  while (i < count) {
    const value = values[i];
    let end = i + 1;
    while (end < count && values[end] === value) end++;
    // A run short of eight cannot be told from literals more cheaply, and literals come in eights.
    if (end - i < 8) {
      i += 8;
      continue;
    }
    packLiterals(out, packer, values, literal, Math.min(i, count), width);
    out.varint((end - i) * 2);
    for (let bits = 0; bits < width; bits += 8) out.byte(value >>> bits);
    i = end;
    literal = end;
  }
  packLiterals(out, packer, values, literal, count, width);
}

/** One bit-packed run of `values[from..to)`, filled up with zeros to a multiple of eight. */
function packLiterals(
  out: ByteSink,
  packer: BitPacker,
  values: Int32Array | Uint8Array,
  from: number,
  to: number,
  width: number,
): void {
  if (from >= to) return;
  const groups = Math.ceil((to - from) / 8);
  out.varint(groups * 2 + 1);
  out.reserve(groups * width + 8);
  if (width === 1) {
    packBits(out, values, from, to);
    return;
  }
  if (width <= 24) {
    packNarrow(out, values, from, to, groups * 8, width);
    return;
  }
  for (let i = from; i < to; i++) packer.putWide(values[i], width);
  for (let i = to - from; i < groups * 8; i++) packer.putWide(0, width);
  packer.flush();
}

/** Levels and flags: eight to the byte. */
function packBits(out: ByteSink, values: Int32Array | Uint8Array, from: number, to: number): void {
  const { bytes } = out;
  let at = out.length;
  let i = from;
  for (; i + 8 <= to; i += 8) {
    bytes[at++] =
      values[i] |
      (values[i + 1] << 1) |
      (values[i + 2] << 2) |
      (values[i + 3] << 3) |
      (values[i + 4] << 4) |
      (values[i + 5] << 5) |
      (values[i + 6] << 6) |
      (values[i + 7] << 7);
  }
  if (i < to) {
    let byte = 0;
    for (let bit = 0; i + bit < to; bit++) byte |= values[i + bit] << bit;
    bytes[at++] = byte;
  }
  out.length = at;
}

/** The hot case of packing, with its state in local variables; `total` values, zeros after the last. */
function packNarrow(
  out: ByteSink,
  values: Int32Array | Uint8Array,
  from: number,
  to: number,
  total: number,
  width: number,
): void {
  const { bytes } = out;
  let at = out.length;
  let bits = 0;
  let count = 0;
  for (let i = from; i < from + total; i++) {
    bits |= (i < to ? values[i] : 0) << count;
    count += width;
    while (count >= 8) {
      bytes[at++] = bits;
      bits >>>= 8;
      count -= 8;
    }
  }
  out.length = at;
}

const BLOCK = 128;
const MINI_BLOCKS = 4;
const MINI_BLOCK = BLOCK / MINI_BLOCKS;

/**
 * DELTA_BINARY_PACKED from the first value and the differences between neighbours, which must be integers
 * below 2^52 in magnitude. `deltas[i]` leads from value `i` to value `i + 1`.
 */
export function deltaBinaryPacked(
  out: ByteSink,
  count: number,
  first: number | bigint,
  deltas: Float64Array,
): void {
  out.varint(BLOCK);
  out.varint(MINI_BLOCKS);
  out.varint(count);
  out.zigzag(first);
  const packer = new BitPacker(out);
  for (let block = 0; block < count - 1; block += BLOCK) {
    const end = Math.min(block + BLOCK, count - 1);
    let least = deltas[block];
    for (let i = block + 1; i < end; i++) if (deltas[i] < least) least = deltas[i];
    out.zigzag(least);
    out.reserve(MINI_BLOCKS + BLOCK * 8);
    const widthsAt = out.length;
    out.length += MINI_BLOCKS;
    for (let mini = 0; mini < MINI_BLOCKS; mini++) {
      const from = block + mini * MINI_BLOCK;
      const to = Math.min(from + MINI_BLOCK, end);
      let most = 0;
      for (let i = from; i < to; i++) if (deltas[i] - least > most) most = deltas[i] - least;
      const width = wideBitWidth(most);
      out.bytes[widthsAt + mini] = width;
      if (width === 0) continue;
      for (let i = from; i < to; i++) packer.putWide(deltas[i] - least, width);
      for (let i = Math.max(to, from); i < from + MINI_BLOCK; i++) packer.putWide(0, width);
      packer.flush();
    }
  }
}

function wideBitWidth(max: number): number {
  return max < 0x1_0000_0000 ? bitWidth(max >>> 0) : 32 + bitWidth(Math.floor(max / 0x1_0000_0000));
}
