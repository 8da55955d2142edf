import { constants, zstdCompressSync } from 'node:zlib';
import type { Column } from '../tables.ts';
import { ByteSink } from './byte-sink.ts';
import { encodeConstant, encodeConstantString, NO_VALUES, noValues } from './constants.ts';
import type { ColumnData } from './data.ts';
import { distinctLists } from './distinct-lists.ts';
import { bitWidth, ENCODING } from './encodings.ts';
import {
  allPresent,
  type LeafInput,
  pickBooleans,
  pickDoubles,
  pickInt32s,
  pickWords,
  presence,
} from './levels.ts';
import { mapStates } from './map-states.ts';
import { encodeBooleans, encodeDoubles, encodeInt32, encodeInt64 } from './numbers.ts';
import { listLevels } from './repetition.ts';
import { rleHybrid } from './rle-hybrid.ts';
import { isNeverNull, type Leaf, leavesOf } from './schema.ts';
import { encodeStringLists } from './string-lists.ts';
import { encodeStrings, encodeTexts, IdNumbers } from './strings.ts';
import { ThriftWriter } from './thrift.ts';

/** Compression codecs of Parquet. */
const UNCOMPRESSED = 0;
const ZSTD = 6;
const ZSTD_LEVEL = 1;
/** Pages of a chunk smaller than this together gain nothing from compression. */
const SMALL_CHUNK_BYTES = 512;

/** What the footer says of one column chunk. */
export interface ChunkMeta {
  readonly leaf: Leaf;
  readonly codec: number;
  readonly encodings: readonly number[];
  readonly valueCount: number;
  readonly nullCount: number;
  readonly uncompressedBytes: number;
  readonly compressedBytes: number;
  readonly dictionaryOffset: number | undefined;
  readonly dataOffset: number;
  readonly min?: Uint8Array;
  readonly max?: Uint8Array;
}

/** The same chunk `by` bytes further on. */
export function movedChunk(chunk: ChunkMeta, by: number): ChunkMeta {
  const { dictionaryOffset, dataOffset } = chunk;
  return {
    ...chunk,
    dataOffset: dataOffset + by,
    dictionaryOffset: dictionaryOffset === undefined ? undefined : dictionaryOffset + by,
  };
}

/** Writes column chunks: one dictionary page where it pays, one data page. */
export class ChunkWriter {
  readonly #out: ByteSink;
  readonly #dictionary = new ByteSink(1 << 16);
  readonly #values = new ByteSink(1 << 16);
  readonly #page = new ByteSink(1 << 16);
  readonly #numbers = new IdNumbers();
  readonly #lists = new IdNumbers();
  readonly #sinks = { dictionary: this.#dictionary, data: this.#values };

  constructor(out: ByteSink) {
    this.#out = out;
  }

  /** Writes the chunks of one column of `rows` rows. */
  write(column: Column, data: ColumnData, rows: number): ChunkMeta[] {
    const leaves = leavesOf(column);
    return this.#inputs(column, data, rows).map((input, i) => this.#chunk(leaves[i], input));
  }

  #inputs(column: Column, data: ColumnData, rows: number): LeafInput[] {
    switch (data.kind) {
      case 'constant':
        return data.one === undefined ? noValues(column, rows) : [this.#constant(column, data.one, rows)];
      case 'strings':
        return [this.#strings(data.ids, rows, data.table)];
      case 'texts': {
        const nullCount = rows - data.count;
        const definition = nullCount === 0 ? undefined : data.present;
        return [{ levelCount: rows, definition, nullCount, encode: () => encodeTexts(this.#sinks, data) }];
      }
      case 'int64': {
        const { definition, present, nullCount } = presence(data.nulls, rows);
        const words = present === undefined ? data.words : pickWords(data.words, present);
        const encode = () => encodeInt64(this.#sinks, words, rows - nullCount);
        return [
          { levelCount: rows, nullCount, encode, definition: isNeverNull(column) ? undefined : definition },
        ];
      }
      case 'double': {
        const { definition, present, nullCount } = presence(data.nulls, rows);
        const values = present === undefined ? data.values : pickDoubles(data.values, present);
        return [
          {
            levelCount: rows,
            definition,
            nullCount,
            encode: () => encodeDoubles(this.#sinks, values, rows - nullCount),
          },
        ];
      }
      case 'int32': {
        const { definition, present, nullCount } = presence(data.nulls, rows);
        const values = present === undefined ? data.values : pickInt32s(data.values, present);
        const encode = () => encodeInt32(this.#sinks, values, rows - nullCount);
        return [{ levelCount: rows, definition, nullCount, encode }];
      }
      case 'boolean': {
        const { definition, present, nullCount } = presence(data.nulls, rows);
        const values = present === undefined ? data.values : pickBooleans(data.values, present);
        const encode = () => encodeBooleans(this.#sinks, values, rows - nullCount);
        return [{ levelCount: rows, definition, nullCount, encode }];
      }
      case 'map':
        return this.#map(data, rows);
      case 'int64-list':
      case 'double-list':
        return [this.#list(data, rows)];
    }
  }

  #constant(column: Column, one: ColumnData, rows: number): LeafInput {
    const sinks = this.#sinks;
    if (one.kind === 'strings') {
      return allPresent(rows, () => encodeConstantString(sinks, one.table, one.ids[0], rows, this.#numbers));
    }
    const [{ encode, definition }] = this.#inputs(column, one, 1);
    return { levelCount: rows, definition, nullCount: 0, encode: () => encodeConstant(sinks, encode, rows) };
  }

  #strings(ids: Int32Array, rows: number, table: Parameters<typeof encodeStrings>[1]): LeafInput {
    let nullCount = 0;
    for (let i = 0; i < rows; i++) if (ids[i] < 0) nullCount++;
    if (nullCount === 0) {
      return allPresent(rows, () => encodeStrings(this.#sinks, table, ids, rows, this.#numbers));
    }
    const definition = new Uint8Array(rows);
    const present = new Int32Array(rows - nullCount);
    let at = 0;
    for (let i = 0; i < rows; i++) {
      if (ids[i] < 0) continue;
      definition[i] = 1;
      present[at++] = ids[i];
    }
    const encode = () => encodeStrings(this.#sinks, table, present, at, this.#numbers);
    return { levelCount: rows, definition, nullCount, encode };
  }

  #map(data: Extract<ColumnData, { kind: 'map' }>, rows: number): LeafInput[] {
    const { starts, lengths, table } = data;
    const { levels, repetition, filled } = listLevels(lengths, rows);
    const distinct = distinctLists(data, rows, data.keys.length, this.#lists);
    const states = mapStates(data, rows, levels, distinct);
    const leaf = (ids: Int32Array, definition: Uint8Array | undefined, count: number): LeafInput => ({
      levelCount: levels,
      // Where all are present, the levels are one run and need no array.
      definition: count === levels ? undefined : definition,
      repetition,
      nullCount: levels - count,
      encode: () =>
        encodeStringLists(this.#sinks, table, { starts, lengths, ids, distinct }, rows, count, this.#numbers),
    });
    const keyDefinition = filled === levels ? undefined : states?.map((state) => (state === 0 ? 0 : 1));
    let valueCount = 0;
    if (states === undefined) valueCount = levels;
    else for (const state of states) if (state === 2) valueCount++;
    return [leaf(data.keys, keyDefinition, filled), leaf(data.values, states, valueCount)];
  }

  #list(data: Extract<ColumnData, { kind: 'int64-list' | 'double-list' }>, rows: number): LeafInput {
    const { levels, repetition, filled } = listLevels(data.lengths, rows);
    const definition = new Uint8Array(levels);
    const items = data.kind === 'int64-list' ? new Uint32Array(filled * 2) : new Float64Array(filled);
    let level = 0;
    let at = 0;
    for (let row = 0; row < rows; row++) {
      const length = data.lengths[row];
      if (length === 0) {
        level++;
        continue;
      }
      definition.fill(1, level, level + length);
      level += length;
      const start = data.starts[row];
      if (data.kind === 'int64-list') items.set(data.words.subarray(start * 2, (start + length) * 2), at * 2);
      else items.set(data.values.subarray(start, start + length), at);
      at += length;
    }
    const encode = () =>
      items instanceof Uint32Array
        ? encodeInt64(this.#sinks, items, filled)
        : encodeDoubles(this.#sinks, items, filled);
    return { levelCount: levels, definition, repetition, nullCount: levels - filled, encode };
  }

  #chunk(leaf: Leaf, input: LeafInput): ChunkMeta {
    const out = this.#out;
    this.#dictionary.reset();
    this.#values.reset();
    const encoded = input.levelCount === input.nullCount ? NO_VALUES : input.encode();
    this.#page.reset();
    if (input.repetition !== undefined) {
      this.#page.uint32(input.repetition.length);
      this.#page.set(input.repetition);
    }
    if (leaf.maxDefinition > 0) {
      this.#levels(input, input.definition ?? leaf.maxDefinition, leaf.maxDefinition);
    }
    this.#page.set(this.#values.view());
    const plainBytes = this.#page.length + this.#dictionary.length;
    const codec = plainBytes < SMALL_CHUNK_BYTES ? UNCOMPRESSED : ZSTD;
    const start = out.length;
    let uncompressed = 0;
    let dictionaryOffset: number | undefined;
    if (encoded.encoding === ENCODING.RLE_DICTIONARY) {
      dictionaryOffset = start;
      uncompressed += this.#writePage(this.#dictionary, codec, (thrift) =>
        thrift.struct(7, () => {
          thrift.i32(1, encoded.dictionaryCount);
          thrift.i32(2, ENCODING.PLAIN);
        }),
      );
    }
    const dataOffset = out.length;
    uncompressed += this.#writePage(this.#page, codec, (thrift) =>
      thrift.struct(5, () => {
        thrift.i32(1, input.levelCount);
        thrift.i32(2, encoded.encoding);
        thrift.i32(3, ENCODING.RLE);
        thrift.i32(4, ENCODING.RLE);
      }),
    );
    const dictionaryEncodings = dictionaryOffset === undefined ? [] : [ENCODING.PLAIN];
    return {
      leaf,
      codec,
      encodings: [encoded.encoding, ENCODING.RLE, ...dictionaryEncodings],
      valueCount: input.levelCount,
      nullCount: input.nullCount,
      uncompressedBytes: uncompressed,
      compressedBytes: out.length - start,
      dictionaryOffset,
      dataOffset,
      // Bounds of the entries of maps and lists serve no reader.
      ...(leaf.maxRepetition === 0 ? { min: encoded.min, max: encoded.max } : {}),
    };
  }

  /** Levels, or the one that all have, with their length in front. */
  #levels(input: LeafInput, levels: Uint8Array | number, max: number): void {
    const page = this.#page;
    const at = page.length;
    page.uint32(0);
    if (typeof levels === 'number') {
      page.varint(input.levelCount * 2);
      page.byte(levels);
    } else rleHybrid(page, levels, input.levelCount, bitWidth(max));
    new DataView(page.bytes.buffer).setUint32(at, page.length - at - 4, true);
  }

  /** Header and body of one page; returns the bytes it would take uncompressed. */
  #writePage(body: ByteSink, codec: number, pageHeader: (thrift: ThriftWriter) => void): number {
    const stored = codec === ZSTD ? compress(body.view()) : body.view();
    const thrift = new ThriftWriter();
    thrift.i32(1, body === this.#dictionary ? 2 : 0);
    thrift.i32(2, body.length);
    thrift.i32(3, stored.length);
    pageHeader(thrift);
    thrift.end();
    this.#out.set(thrift.out.view());
    this.#out.set(stored);
    return thrift.out.length + body.length;
  }
}

function compress(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, {
    // Room for what does not shrink: an output that zlib need not grow is half as dear again.
    chunkSize: bytes.length + (bytes.length >>> 8) + 128,
    params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL },
  });
}
