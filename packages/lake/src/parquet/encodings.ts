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
      packMini(out, deltas, from, to, least, width);
    }
  }
}

/** Packs `deltas[from..to) - least` and zeros up to a whole mini block, which takes whole bytes whatever the width. */
function packMini(
  out: ByteSink,
  deltas: Float64Array,
  from: number,
  to: number,
  least: number,
  width: number,
): void {
  const { bytes } = out;
  const end = out.length + (MINI_BLOCK * width) / 8;
  // Three bytes at once, so that they and the 7 bits that may be left over fit 31.
  const narrow = Math.min(width, 24);
  const middle = Math.min(width - narrow, 8);
  const rest = width - narrow - middle;
  let at = out.length;
  let bits = 0;
  let held = 0;
  for (let i = from; i < to; i++) {
    const value = deltas[i] - least;
    const low = value >>> 0;
    bits |= (low & 0xffffff) << held;
    for (held += narrow; held >= 8; held -= 8) {
      bytes[at++] = bits;
      bits >>>= 8;
    }
    if (middle === 0) continue;
    bits |= (low >>> 24) << held;
    for (held += middle; held >= 8; held -= 8) {
      bytes[at++] = bits;
      bits >>>= 8;
    }
    if (rest === 0) continue;
    bits |= ((value - low) / 0x1_0000_0000) << held;
    for (held += rest; held >= 8; held -= 8) {
      bytes[at++] = bits;
      bits >>>= 8;
    }
  }
  if (held > 0 && at < end) bytes[at++] = bits;
  bytes.fill(0, at, end);
  out.length = end;
}

function wideBitWidth(max: number): number {
  return max < 0x1_0000_0000 ? bitWidth(max >>> 0) : 32 + bitWidth(Math.floor(max / 0x1_0000_0000));
}
