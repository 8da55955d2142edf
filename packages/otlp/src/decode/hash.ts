import type { ByteTable } from './byte-table.ts';

/**
 * Identities of streams and series: 64 bits in two lanes. Each label's bytes are hashed with MurmurHash3's
 * 32-bit function (Austin Appleby, public domain) under two seeds, and the labels' hashes are added lane by
 * lane, so that a set of labels has one identity whatever their order.
 */
export interface Hash64 {
  lo: number;
  hi: number;
}

const SEED_LO = 0x2f0b4c47;
const SEED_HI = 0x7a1d3e95;

/** Adds another identity's two lanes to `into`. */
export function addHash(into: Hash64, lo: number, hi: number): void {
  into.lo = (into.lo + lo) >>> 0;
  into.hi = (into.hi + hi) >>> 0;
}

/** Adds the hash of one label (`key`, `value`, `kind`) to `into`; value -1 is the empty value. */
export function hashString(strings: ByteTable, key: number, value: number, kind: number, into: Hash64): void {
  const { arena, offsets } = strings;
  let lo = murmur3(arena, offsets[key], offsets[key + 1], SEED_LO ^ kind);
  let hi = murmur3(arena, offsets[key], offsets[key + 1], SEED_HI ^ kind);
  if (value >= 0) {
    lo = murmur3(arena, offsets[value], offsets[value + 1], lo);
    hi = murmur3(arena, offsets[value], offsets[value + 1], hi);
  }
  addHash(into, lo, hi);
}

function murmur3(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed | 0;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    let word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    word = Math.imul(word, 0xcc9e2d51);
    word = (word << 15) | (word >>> 17);
    hash ^= Math.imul(word, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let shift = 0; i < end; i++, shift += 8) tail |= bytes[i] << shift;
  tail = Math.imul(tail, 0xcc9e2d51);
  tail = (tail << 15) | (tail >>> 17);
  hash ^= Math.imul(tail, 0x1b873593);
  hash ^= end - start;
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
