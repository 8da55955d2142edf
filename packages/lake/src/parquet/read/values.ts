import { bitWidth, ENCODING } from '../encodings.ts';
import {
  readDeltaLengths,
  readDeltaWords,
  readPlainStrings,
  readRleHybrid,
  type StringPlaces,
} from './decodings.ts';
import { PackedIndices } from './packed-indices.ts';
import type { ChunkPages } from './page.ts';

/** The strings of one leaf of one row group: value `i` is string `ids[i]`, or string `i` without `ids`. */
export interface LeafStrings extends StringPlaces {
  readonly bytes: Uint8Array;
  /** How many different places there are. */
  readonly count: number;
  /** Undefined where every value has a place of its own. */
  readonly ids: Int32Array | undefined;
}

const otherEncoding = (encoding: number) =>
  new RangeError(`encoding ${encoding} is not written for this type`);

function readIndices(pages: ChunkPages, most: number): Int32Array {
  const { values, valueCount } = pages;
  const indices = new Int32Array(valueCount);
  const width = values[0];
  if (width !== bitWidth(Math.max(0, most - 1))) throw new RangeError('a dictionary has another width');
  readRleHybrid(values, 1, width, indices, valueCount);
  if (most < 2 ** width) checkIndices(indices, most);
  return indices;
}

/** Throws RangeError for an index that is not below `most`. One comparison for all: the sign of what is left. */
export function checkIndices(indices: Int32Array, most: number): void {
  let left = 0;
  for (let i = 0; i < indices.length; i++) left |= most - 1 - indices[i];
  if (left < 0) throw new RangeError('an index is past its dictionary');
}

/** The present strings of a leaf. */
export function readStrings(pages: ChunkPages): LeafStrings {
  const { dictionary, valueCount, values } = pages;
  if (valueCount === 0) {
    return { bytes: values, starts: new Int32Array(0), ends: new Int32Array(0), count: 0, ids: undefined };
  }
  if (dictionary !== undefined) {
    const places = readPlainStrings(dictionary.bytes, dictionary.count);
    const ids = readIndices(pages, dictionary.count);
    return { bytes: dictionary.bytes, ...places, count: dictionary.count, ids };
  }
  if (pages.encoding !== ENCODING.DELTA_LENGTH_BYTE_ARRAY) throw otherEncoding(pages.encoding);
  return { bytes: values, ...readDeltaLengths(values, 0, valueCount), count: valueCount, ids: undefined };
}

/** Strings of a dictionary with their indices as they are packed; undefined unless every level has a string. */
export function packedStrings(
  pages: ChunkPages,
): { strings: LeafStrings; indices: PackedIndices } | undefined {
  const { dictionary, definition, levelCount, values } = pages;
  if (dictionary === undefined || definition !== undefined) return undefined;
  const width = bitWidth(Math.max(0, dictionary.count - 1));
  if (width > 24) return undefined;
  if (values[0] !== width) throw new RangeError('a dictionary has another width');
  const places = readPlainStrings(dictionary.bytes, dictionary.count);
  return {
    strings: { bytes: dictionary.bytes, ...places, count: dictionary.count, ids: undefined },
    indices: new PackedIndices(values, 1, width, levelCount),
  };
}

/** The present 8-byte values of a leaf as word pairs. */
export function readWords(pages: ChunkPages): Uint32Array<ArrayBuffer> {
  const { dictionary, valueCount, values, encoding } = pages;
  if (valueCount === 0) return new Uint32Array(0);
  if (dictionary !== undefined) return expandWords(pages, wordsOf(dictionary.bytes, dictionary.count));
  if (encoding === ENCODING.DELTA_BINARY_PACKED) return readDeltaWords(values, valueCount);
  if (encoding === ENCODING.PLAIN) return wordsOf(values, valueCount);
  throw otherEncoding(encoding);
}

function expandWords(pages: ChunkPages, entries: Uint32Array): Uint32Array<ArrayBuffer> {
  const indices = readIndices(pages, entries.length / 2);
  const words = new Uint32Array(indices.length * 2);
  for (let i = 0; i < indices.length; i++) {
    words[i * 2] = entries[indices[i] * 2];
    words[i * 2 + 1] = entries[indices[i] * 2 + 1];
  }
  return words;
}

function wordsOf(bytes: Uint8Array, count: number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(alignedCopy(bytes, count * 8));
}

/** Values begin anywhere in a page. A Buffer's own `slice` would not copy. */
function alignedCopy(bytes: Uint8Array, length: number): ArrayBuffer {
  if (bytes.length < length) throw new RangeError('the page ends early');
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(0, length));
  return copy.buffer;
}

/** The present 32-bit integers of a leaf. */
export function readInt32s(pages: ChunkPages): Int32Array {
  const { dictionary, valueCount, values, encoding } = pages;
  if (valueCount === 0) return new Int32Array(0);
  if (dictionary === undefined) {
    if (encoding !== ENCODING.PLAIN) throw otherEncoding(encoding);
    return int32sOf(values, valueCount);
  }
  const entries = int32sOf(dictionary.bytes, dictionary.count);
  const ints = readIndices(pages, dictionary.count);
  for (let i = 0; i < ints.length; i++) ints[i] = entries[ints[i]];
  return ints;
}

function int32sOf(bytes: Uint8Array, count: number): Int32Array {
  return new Int32Array(alignedCopy(bytes, count * 4));
}

/** The present booleans of a leaf, 0 or 1. */
export function readBooleans(pages: ChunkPages): Uint8Array {
  const { valueCount, values, encoding } = pages;
  if (valueCount > 0 && encoding !== ENCODING.PLAIN) throw otherEncoding(encoding);
  if (values.length * 8 < valueCount) throw new RangeError('the page ends early');
  const booleans = new Uint8Array(valueCount);
  for (let i = 0; i < valueCount; i++) booleans[i] = (values[i >> 3] >> (i & 7)) & 1;
  return booleans;
}
