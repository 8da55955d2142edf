import { zstdDecompressSync } from 'node:zlib';
import { messageOf } from '@lakewright/core';
import { bitWidth, ENCODING } from '../encodings.ts';
import type { Leaf } from '../schema.ts';
import { readRleHybrid, readVarint } from './decodings.ts';
import type { ChunkPlace } from './footer.ts';
import { ThriftReader } from './thrift-reader.ts';

/** The codec of pages that are stored as they are. */
export const UNCOMPRESSED = 0;
const ZSTD = 6;
const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;

/** Memory that is set aside before a page is decompressed: its header may be wrong. */
const MAX_CHUNK_BYTES = 64 * 1024 * 1024;

/** The pages of one column chunk, decompressed: levels decoded, values not. */
export interface ChunkPages {
  readonly levelCount: number;
  /** Levels; undefined where all are at their maximum. */
  readonly definition: Uint8Array | undefined;
  /** Levels as they are encoded; undefined where there are none. */
  readonly repetition: Uint8Array | undefined;
  /** Values that are present. */
  readonly valueCount: number;
  readonly encoding: number;
  /** The encoded values. */
  readonly values: Uint8Array;
  readonly dictionary: { readonly bytes: Uint8Array; readonly count: number } | undefined;
}

interface PageHeader {
  type: number;
  plainBytes: number;
  storedBytes: number;
  count: number;
  encoding: number;
}

/**
 * Reads a column chunk's bytes as the writer of this house lays them out: one dictionary page or none, then
 * one data page of version 1. Throws RangeError for anything else.
 */
export function readPages(leaf: Leaf, place: ChunkPlace, bytes: Uint8Array): ChunkPages {
  if (place.codec !== UNCOMPRESSED && place.codec !== ZSTD) {
    throw new RangeError(`compression codec ${place.codec} is not read`);
  }
  const thrift = new ThriftReader(bytes);
  let page = readPage(thrift, bytes, place.codec);
  let dictionary: ChunkPages['dictionary'];
  if (page.header.type === DICTIONARY_PAGE) {
    dictionary = { bytes: page.body, count: page.header.count };
    page = readPage(thrift, bytes, place.codec);
  }
  const { header, body } = page;
  if (header.type !== DATA_PAGE || header.count !== place.levelCount || thrift.at !== bytes.length) {
    throw new RangeError('a column chunk has other pages than one dictionary and one data page');
  }
  const isEncoded = header.encoding === ENCODING.RLE_DICTIONARY;
  if (isEncoded !== (dictionary !== undefined) || isEncoded !== place.hasDictionary) {
    throw new RangeError('a dictionary is missing or not used');
  }
  const repetition = leaf.maxRepetition === 0 ? undefined : levelBytes(body, 0);
  const definitionAt = repetition === undefined ? 0 : 4 + repetition.length;
  const definition = readDefinition(body, definitionAt, header.count, leaf.maxDefinition);
  return {
    levelCount: header.count,
    repetition,
    definition: definition.levels,
    valueCount: definition.atMost,
    encoding: header.encoding,
    values: body.subarray(definition.end),
    dictionary,
  };
}

function readPage(
  thrift: ThriftReader,
  bytes: Uint8Array,
  codec: number,
): { header: PageHeader; body: Uint8Array } {
  const header: PageHeader = { type: -1, plainBytes: 0, storedBytes: 0, count: 0, encoding: -1 };
  const counted = (id: number): boolean => {
    if (id === 1) header.count = thrift.int();
    else if (id === 2) header.encoding = thrift.int();
    else return false;
    return true;
  };
  thrift.struct((id) => {
    if (id === 1) header.type = thrift.int();
    else if (id === 2) header.plainBytes = thrift.int();
    else if (id === 3) header.storedBytes = thrift.int();
    else if (id === 5 || id === 7) thrift.struct(counted);
    else return false;
    return true;
  });
  const stored = bytes.subarray(thrift.at, thrift.at + header.storedBytes);
  thrift.at += header.storedBytes;
  const body = codec === ZSTD ? decompress(stored, header.plainBytes) : stored;
  if (body.length !== header.plainBytes) throw new RangeError('a page has another length than it says');
  return { header, body };
}

/** With the length known, zlib need not grow its output: twice as fast on big pages. */
function decompress(bytes: Uint8Array, length: number): Uint8Array {
  if (length === 0) return new Uint8Array(0);
  try {
    // A byte more, or zlib makes room for a second piece and asks for it.
    const chunkSize = Math.min(Math.max(64, length + 1), MAX_CHUNK_BYTES);
    return zstdDecompressSync(bytes, { chunkSize, maxOutputLength: length });
  } catch (error) {
    throw new RangeError(`a page cannot be decompressed: ${messageOf(error)}`, { cause: error });
  }
}

/** Encoded levels, which have their length in front. */
function levelBytes(body: Uint8Array, at: number): Uint8Array {
  const length = body[at] | (body[at + 1] << 8) | (body[at + 2] << 16) | (body[at + 3] << 24);
  const end = at + 4 + length;
  if (!(length >= 0 && end <= body.length)) throw new RangeError('levels end after their page');
  return body.subarray(at + 4, end);
}

interface DefinitionLevels {
  /** Undefined where all are at the maximum. */
  readonly levels: Uint8Array | undefined;
  /** Where they end in the page. */
  readonly end: number;
  /** How many are at the maximum. */
  readonly atMost: number;
}

function readDefinition(body: Uint8Array, at: number, count: number, max: number): DefinitionLevels {
  if (max === 0) return { levels: undefined, end: at, atMost: count };
  const bytes = levelBytes(body, at);
  const end = at + 4 + bytes.length;
  const only = onlyLevel(bytes, count);
  if (only > max) throw new RangeError('a level is above its maximum');
  if (only === max) return { levels: undefined, end, atMost: count };
  if (only >= 0) return { levels: new Uint8Array(count).fill(only), end, atMost: 0 };
  const levels = new Uint8Array(count);
  readRleHybrid(bytes, 0, bitWidth(max), levels, count);
  const atMost = max === 1 ? countOnes(levels) : countAtMost(levels, max);
  return { levels: atMost === count ? undefined : levels, end, atMost };
}

/** The level of all values when they are one run, as they are in most columns; -1 when they are several. */
function onlyLevel(bytes: Uint8Array, count: number): number {
  const place = { at: 0 };
  return readVarint(bytes, place) === count * 2 && place.at === bytes.length - 1 ? bytes[place.at] : -1;
}

function countAtMost(levels: Uint8Array, max: number): number {
  let atMost = 0;
  for (let i = 0; i < levels.length; i++) {
    if (levels[i] === max) atMost++;
    else if (levels[i] > max) throw new RangeError('a level is above its maximum');
  }
  return atMost;
}

/** Of levels up to 1, whose sum it is. */
function countOnes(levels: Uint8Array): number {
  let ones = 0;
  let all = 0;
  for (let i = 0; i < levels.length; i++) {
    ones += levels[i];
    all |= levels[i];
  }
  if (all > 1) throw new RangeError('a level is above its maximum');
  return ones;
}
