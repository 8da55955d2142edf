/** The counterparts of encodings.ts. All throw RangeError for what the writer of this house never writes. */

/** Reads an unsigned LEB128 varint; `place.at` moves on. */
export function readVarint(bytes: Uint8Array, place: { at: number }): number {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[place.at++];
    if (byte === undefined) throw new RangeError('the page ends early');
    value += (byte & 127) * scale;
    if (byte < 128) return value;
    scale *= 128;
  }
  throw new RangeError('a number does not end');
}

/** A zigzag varint of any 64-bit integer. */
function readZigzag(bytes: Uint8Array, place: { at: number }): bigint {
  let raw = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = bytes[place.at++];
    if (byte === undefined) throw new RangeError('the page ends early');
    raw |= BigInt(byte & 127) << shift;
    if (byte < 128) return (raw >> 1n) ^ -(raw & 1n);
  }
  throw new RangeError('a number does not end');
}

/** RLE / bit-packed hybrid: fills `out[0..count)` from `bytes[at..)`. */
export function readRleHybrid(
  bytes: Uint8Array,
  at: number,
  width: number,
  out: Int32Array | Uint8Array,
  count: number,
): void {
  const place = { at };
  let filled = 0;
  while (filled < count) {
    const head = readVarint(bytes, place);
    const run = Math.floor(head / 2);
    if (head % 2 === 0) {
      let value = 0;
      for (let shift = 0; shift < width; shift += 8) value |= bytes[place.at++] << shift;
      const end = Math.min(count, filled + run);
      out.fill(value, filled, end);
      filled = end;
    } else {
      const values = Math.min(run * 8, count - filled);
      unpack(bytes, place.at, width, out, filled, values);
      filled += values;
      place.at += run * width;
    }
    if (run === 0 || place.at > bytes.length) throw new RangeError('a run ends early');
  }
}

/** Bit-packed values of up to 24 bits, least significant bit first. */
function unpack(
  bytes: Uint8Array,
  start: number,
  width: number,
  out: Int32Array | Uint8Array,
  from: number,
  count: number,
): void {
  if (width === 0) {
    out.fill(0, from, from + count);
    return;
  }
  if (width === 1) {
    unpackBits(bytes, start, out, from, count);
    return;
  }
  if (width > 24) {
    for (let i = 0; i < count; i++) out[from + i] = wideBits(bytes, start * 8 + i * width, width);
    return;
  }
  const mask = (1 << width) - 1;
  const end = from + count;
  let at = start;
  let bits = 0;
  let held = 0;
  for (let i = from; i < end; i++) {
    while (held < width) {
      bits |= bytes[at++] << held;
      held += 8;
    }
    out[i] = bits & mask;
    bits >>>= width;
    held -= width;
  }
}

/** Levels and flags: eight to the byte. */
function unpackBits(
  bytes: Uint8Array,
  start: number,
  out: Int32Array | Uint8Array,
  from: number,
  count: number,
): void {
  let at = start;
  let i = from;
  for (const end = from + count - 8; i <= end; i += 8) {
    const byte = bytes[at++];
    out[i] = byte & 1;
    out[i + 1] = (byte >> 1) & 1;
    out[i + 2] = (byte >> 2) & 1;
    out[i + 3] = (byte >> 3) & 1;
    out[i + 4] = (byte >> 4) & 1;
    out[i + 5] = (byte >> 5) & 1;
    out[i + 6] = (byte >> 6) & 1;
    out[i + 7] = byte >> 7;
  }
  for (let bit = 0; i < from + count; i++, bit++) out[i] = (bytes[at] >> bit) & 1;
}

/** `width` bits (53 at most) from bit `bit` on. */
function wideBits(bytes: Uint8Array, bit: number, width: number): number {
  const at = Math.floor(bit / 8);
  const shift = bit % 8;
  const first = wordAt(bytes, at);
  const second = wordAt(bytes, at + 4);
  // A shift by 32 would be none.
  const low = shift === 0 ? first : (first >>> shift) | (second << (32 - shift));
  if (width <= 32) return (width === 32 ? low : low & ((1 << width) - 1)) >>> 0;
  const high = (second >>> shift) | ((bytes[at + 8] << (31 - shift)) << 1);
  return (high & ((1 << (width - 32)) - 1)) * TWO_32 + (low >>> 0);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

const TWO_32 = 0x1_0000_0000;

/** The differences of DELTA_BINARY_PACKED into `deltas`. Answers the first value and where the bytes end. */
function readDeltas(
  bytes: Uint8Array,
  from: number,
  count: number,
  deltas: Float64Array,
): { first: bigint; end: number } {
  const place = { at: from };
  const block = readVarint(bytes, place);
  const minis = readVarint(bytes, place);
  const total = readVarint(bytes, place);
  const mini = block / minis;
  if (total !== count || !Number.isInteger(mini) || mini % 8 !== 0 || mini === 0) {
    throw new RangeError('a page of differences has another shape');
  }
  const first = readZigzag(bytes, place);
  let left = count - 1;
  let at = 0;
  while (left > 0) {
    const least = Number(readZigzag(bytes, place));
    const widths = place.at;
    place.at += minis;
    for (let m = 0; m < minis && left > 0; m++) {
      const width = bytes[widths + m];
      if (width === undefined || width > 53) throw new RangeError('a difference is too wide');
      const values = Math.min(mini, left);
      const bit = place.at * 8;
      if (width === 0) deltas.fill(least, at, at + values);
      else if (width <= 24) {
        const mask = (1 << width) - 1;
        let byte = place.at;
        let bits = 0;
        let held = 0;
        for (let i = 0; i < values; i++) {
          while (held < width) {
            bits |= bytes[byte++] << held;
            held += 8;
          }
          deltas[at + i] = least + (bits & mask);
          bits >>>= width;
          held -= width;
        }
      } else {
        for (let i = 0; i < values; i++) deltas[at + i] = least + wideBits(bytes, bit + i * width, width);
      }
      at += values;
      left -= values;
      place.at += (mini * width) / 8;
    }
    if (place.at > bytes.length) throw new RangeError('the page ends early');
  }
  return { first, end: place.at };
}

/** DELTA_BINARY_PACKED 64-bit integers as word pairs. */
export function readDeltaWords(bytes: Uint8Array, count: number): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(count * 2);
  const deltas = new Float64Array(Math.max(0, count - 1));
  const { first } = readDeltas(bytes, 0, count, deltas);
  let lo = Number(BigInt.asUintN(32, first));
  let hi = Number(BigInt.asIntN(32, first >> 32n));
  for (let i = 0; i < count; i++) {
    words[i * 2] = lo;
    words[i * 2 + 1] = hi;
    const sum = lo + deltas[i];
    if (sum >= 0 && sum < TWO_32) lo = sum;
    else {
      const carry = Math.floor(sum / TWO_32);
      lo = sum - carry * TWO_32;
      hi = (hi + carry) | 0;
    }
  }
  return words;
}

/** Where strings are in a page's bytes: string `i` is `starts[i] .. ends[i]`. */
export interface StringPlaces {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** DELTA_LENGTH_BYTE_ARRAY: all lengths, then all bytes. */
export function readDeltaLengths(bytes: Uint8Array, from: number, count: number): StringPlaces {
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  const deltas = new Float64Array(Math.max(0, count - 1));
  const { first, end } = readDeltas(bytes, from, count, deltas);
  let at = end;
  let length = Number(first);
  for (let i = 0; i < count; i++) {
    starts[i] = at;
    at += length;
    ends[i] = at;
    if (length < 0 || at > bytes.length) throw new RangeError('a string ends after its page');
    length += deltas[i];
  }
  return { starts, ends };
}

/** PLAIN strings: each with its length in front. */
export function readPlainStrings(bytes: Uint8Array, count: number): StringPlaces {
  if (count * 4 > bytes.length) throw new RangeError('a dictionary is shorter than it says');
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const length = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    at += 4;
    starts[i] = at;
    at += length;
    ends[i] = at;
    if (length < 0 || !(at <= bytes.length)) throw new RangeError('a string ends after its page');
  }
  return { starts, ends };
}
