import { BitPacker } from './bit-packer.ts';
import { ByteSink } from './byte-sink.ts';

/**
 * Values that are left out because they repeat: behind the first `at` values, the `period` values that follow
 * come `times` times more. The period is a multiple of eight; `period` values in front of `at` and `2 * period`
 * behind it repeat in the same way, and eight equal ones in a row are nowhere among them. So what is left out
 * is literals, and its packed bytes repeat.
 */
export interface Repeat {
  readonly at: number;
  readonly period: number;
  readonly times: number;
}

const NO_REPEATS: readonly Repeat[] = [];

/**
 * RLE / bit-packed hybrid of `values[0..count)`, each below 2^width, without a length in front. With `repeats`
 * it gives the very bytes of the values with what was left out of them, in a fraction of the time.
 */
export function rleHybrid(
  out: ByteSink,
  values: Int32Array | Uint8Array,
  count: number,
  width: number,
  repeats = NO_REPEATS,
): void {
  out.reserve((count * width) / 8 + (count >>> 2) + 64);
  const literals = new Literals(out, values, width, repeats);
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
    literals.pack(literal, Math.min(i, count));
    out.varint((end - i) * 2);
    for (let bits = 0; bits < width; bits += 8) out.byte(value >>> bits);
    i = end;
    literal = end;
  }
  literals.pack(literal, count);
}

/** Bit-packed runs, in order. */
class Literals {
  readonly #out: ByteSink;
  readonly #values: Int32Array | Uint8Array;
  readonly #width: number;
  readonly #repeats: readonly Repeat[];
  #next = 0;

  constructor(out: ByteSink, values: Int32Array | Uint8Array, width: number, repeats: readonly Repeat[]) {
    this.#out = out;
    this.#values = values;
    this.#width = width;
    this.#repeats = repeats;
  }

  /** One run of `values[from..to)`, filled up with zeros to a multiple of eight. */
  pack(from: number, to: number): void {
    if (from >= to) return;
    const first = this.#next;
    let left = 0;
    while (this.#next < this.#repeats.length && this.#repeats[this.#next].at < to) {
      const { period, times } = this.#repeats[this.#next++];
      left += period * times;
    }
    this.#out.varint((Math.ceil((to - from) / 8) + left / 8) * 2 + 1);
    if (first === this.#next) packGroups(this.#out, this.#values, from, to, this.#width);
    else this.#packRepeated(from, to, first);
  }

  #packRepeated(from: number, to: number, first: number): void {
    const out = this.#out;
    const packed = new ByteSink(((to - from) * this.#width) / 8 + 64);
    packGroups(packed, this.#values, from, to, this.#width);
    let done = 0;
    for (const { at, period, times } of this.#repeats.slice(first, this.#next)) {
      const place = Math.floor(((at - from) * this.#width) / 8);
      out.set(packed.bytes.subarray(done, place));
      out.repeat(packed.bytes.subarray(place, place + (period * this.#width) / 8), times);
      done = place;
    }
    out.set(packed.bytes.subarray(done, packed.length));
  }
}

/** The packed bytes of one run, without its head. */
function packGroups(
  out: ByteSink,
  values: Int32Array | Uint8Array,
  from: number,
  to: number,
  width: number,
): void {
  const groups = Math.ceil((to - from) / 8);
  out.reserve(groups * width + 8);
  if (width === 1) {
    packBits(out, values, from, to);
    return;
  }
  if (width <= 24) {
    packNarrow(out, values, from, to, groups * 8, width);
    return;
  }
  const packer = new BitPacker(out);
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
