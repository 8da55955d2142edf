import { zstdDecompressSync } from 'node:zlib';
import { messageOf } from '@lakewright/core';
import { bitWidth, ENCODING } from '../encodings.ts';
import type { Leaf } from '../schema.ts';
import { readRleHybrid, readVarint } from './decodings.ts';
import type { ChunkPlace } from './footer.ts';
import { ThriftReader } from './thrift-reader.ts';

const UNCOMPRESSED = 0;
const ZSTD = 6;
const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;

/** Memory that is set aside before a page is decompressed: its header may be wrong. */
const MAX_CHUNK_BYTES = 64 * 1024 * 1024;

/** The pages of one column chunk, decompressed: levels decoded, values not. */
export interface ChunkPages {
  readonly levelCount: number;
  /** Levels; undefined where all are at their maximum (definition) or there are none (repetition). */
  readonly definition: Uint8Array | undefined;
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
  if ((header.encoding === ENCODING.RLE_DICTIONARY) !== (dictionary !== undefined)) {
    throw new RangeError('a dictionary is missing or not used');
  }
  const repetition = readLevels(body, 0, header.count, leaf.maxRepetition, false);
  const definition = readLevels(body, repetition.end, header.count, leaf.maxDefinition, true);
  return {
    levelCount: header.count,
    repetition: repetition.levels,
    definition: definition.allMost ? undefined : definition.levels,
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
    const chunkSize = Math.min(Math.max(64, length), MAX_CHUNK_BYTES);
    return zstdDecompressSync(bytes, { chunkSize, maxOutputLength: length });
  } catch (error) {
    throw new RangeError(`a page cannot be decompressed: ${messageOf(error)}`, { cause: error });
  }
}

interface Levels {
  readonly levels: Uint8Array | undefined;
  readonly end: number;
  /** How many are at the maximum, and whether all are. */
  readonly atMost: number;
  readonly allMost: boolean;
}

/** With `mayBeNone`, levels that are all at the maximum are not made into an array. */
function readLevels(body: Uint8Array, at: number, count: number, max: number, mayBeNone: boolean): Levels {
  if (max === 0) return { levels: undefined, end: at, atMost: count, allMost: true };
  const bytes = body[at] | (body[at + 1] << 8) | (body[at + 2] << 16) | (body[at + 3] << 24);
  const end = at + 4 + bytes;
  if (!(bytes >= 0 && end <= body.length)) throw new RangeError('levels end after their page');
  if (mayBeNone && isOneRun(body, at + 4, bytes, count, max))
    return { levels: undefined, end, atMost: count, allMost: true };
  const levels = new Uint8Array(count);
  readRleHybrid(body.subarray(0, end), at + 4, bitWidth(max), levels, count);
  let atMost = 0;
  for (let i = 0; i < count; i++) {
    if (levels[i] === max) atMost++;
    else if (levels[i] > max) throw new RangeError('a level is above its maximum');
  }
  return { levels, end, atMost, allMost: atMost === count };
}

/** Whether the levels are one run of the maximum: most columns have a value in every row. */
function isOneRun(body: Uint8Array, at: number, bytes: number, count: number, max: number): boolean {
  const place = { at };
  return readVarint(body, place) === count * 2 && place.at === at + bytes - 1 && body[place.at] === max;
}
