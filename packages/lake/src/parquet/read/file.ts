import type { Column } from '../../tables.ts';
import { type ChunkMeta, movedChunk } from '../chunk.ts';
import { leavesOf } from '../schema.ts';
import { readChunkMeta } from './chunk-meta.ts';
import { type ColumnRows, nullColumn, readColumn } from './column.ts';
import { type ConstantRows, constantOf, NULL_ROWS } from './constant.ts';
import { type Footer, pathOf, readFooter, schemaFault } from './footer.ts';
import { readPages, UNCOMPRESSED } from './page.ts';

/** Bytes that can be read at any place. */
export interface ByteSource {
  readonly size: number;
  /** `length` bytes from `offset` on. Throws RangeError when they are not there. */
  read(offset: number, length: number): Uint8Array;
}

const MAGIC = 0x31524150;
const TAIL_BYTES = 8;
/** Footers of the biggest segments take about a MiB; one this long is no footer. */
const MAX_FOOTER_BYTES = 64 * 1024 * 1024;

/** One column of one row group as it is in a file: the bytes of its chunks, and what the footer says of them. */
export interface StoredColumn {
  readonly kind: 'stored';
  readonly bytes: Uint8Array;
  /** With offsets from the start of `bytes`. */
  readonly chunks: readonly ChunkMeta[];
}

/**
 * A Parquet file that this house wrote, column by column of row group by row group. It reads what ParquetWriter
 * writes and nothing else: a general reader would be four times as long.
 */
export class ParquetFile {
  readonly #source: ByteSource;
  readonly #footer: Footer;

  readonly #footerBytes: Uint8Array;

  private constructor(source: ByteSource, footerBytes: Uint8Array) {
    this.#source = source;
    this.#footerBytes = footerBytes;
    this.#footer = readFooter(footerBytes);
  }

  /**
   * Reads the footer. Throws RangeError when `source` is no Parquet file, or has columns that are not among
   * `columns`, or lacks some that cannot be NULL.
   */
  static open(source: ByteSource, columns: readonly Column[]): ParquetFile {
    if (source.size < TAIL_BYTES + 4) throw new RangeError('it is too short for a Parquet file');
    const tail = source.read(source.size - TAIL_BYTES, TAIL_BYTES);
    const view = new DataView(tail.buffer, tail.byteOffset);
    const length = view.getUint32(0, true);
    if (view.getUint32(4, true) !== MAGIC) throw new RangeError('it does not end as a Parquet file');
    if (length > Math.min(MAX_FOOTER_BYTES, source.size - TAIL_BYTES)) {
      throw new RangeError('its footer is longer than the file');
    }
    const file = new ParquetFile(source, source.read(source.size - TAIL_BYTES - length, length));
    const fault = schemaFault(columns, file.#footer);
    if (fault !== undefined) throw new RangeError(fault);
    return file;
  }

  get rows(): number {
    return this.#footer.rows;
  }

  get groups(): number {
    return this.#footer.groups.length;
  }

  rowsOf(group: number): number {
    return this.#footer.groups[group].rows;
  }

  /** One column of one row group, decoded. Throws RangeError when its bytes are not what the footer says. */
  column(column: Column, group: number): ColumnRows {
    const { rows, chunks } = this.#footer.groups[group];
    if (!chunks.has(pathOf(leavesOf(column)[0]))) return nullColumn(column, rows);
    return readColumn(
      column,
      (leaf) => {
        const place = chunks.get(pathOf(leaf));
        if (place === undefined) throw new RangeError(`a row group lacks the column ${pathOf(leaf)}`);
        return readPages(leaf, place, this.#source.read(place.offset, place.bytes));
      },
      rows,
    );
  }

  /**
   * The one value of a column in all rows of a row group; undefined where they have several, or where it would take
   * more than a look to know. Throws RangeError when its bytes are not what the footer says.
   */
  constant(column: Column, group: number): ConstantRows | undefined {
    const { rows, chunks } = this.#footer.groups[group];
    const [leaf, second] = leavesOf(column);
    if (second === undefined && leaf.maxRepetition > 0) return undefined;
    const place = chunks.get(pathOf(leaf));
    if (place === undefined) return NULL_ROWS;
    if (place.codec !== UNCOMPRESSED) return undefined;
    return constantOf(column, readPages(leaf, place, this.#source.read(place.offset, place.bytes)), rows);
  }

  /**
   * How many texts a column of a row group has, or none at all, when they hardly repeat: the writer found no dictionary
   * worth its bytes, and too many of them for bounds.
   */
  plainTexts(column: Column, group: number): number | undefined {
    const [leaf] = leavesOf(column);
    const place = this.#footer.groups[group].chunks.get(pathOf(leaf));
    if (place === undefined) return 0;
    const { min, nullCount } = readChunkMeta(this.#footerBytes, place.describedAt, leaf);
    return place.hasDictionary || min !== undefined ? undefined : place.levelCount - nullCount;
  }

  /**
   * The least and the greatest value of a BIGINT column in a row group, word pairs (low, high), as the footer says;
   * undefined when it does not, as of a column of NULLs.
   */
  bounds(
    column: Column,
    group: number,
  ): { readonly min: Uint32Array; readonly max: Uint32Array } | undefined {
    const [leaf] = leavesOf(column);
    const place = this.#footer.groups[group].chunks.get(pathOf(leaf));
    if (place === undefined) return undefined;
    const { min, max } = readChunkMeta(this.#footerBytes, place.describedAt, leaf);
    return min?.length === 8 && max?.length === 8 ? { min: wordsOf(min), max: wordsOf(max) } : undefined;
  }

  /**
   * One column of one row group as it is stored, which is how a row group is copied; undefined when the file
   * lacks the column. Throws RangeError when the footer points past the file.
   */
  stored(column: Column, group: number): StoredColumn | undefined {
    const { chunks } = this.#footer.groups[group];
    const parts: Uint8Array[] = [];
    const described: ChunkMeta[] = [];
    let at = 0;
    for (const leaf of leavesOf(column)) {
      const place = chunks.get(pathOf(leaf));
      if (place === undefined) return undefined;
      const meta = readChunkMeta(this.#footerBytes, place.describedAt, leaf);
      parts.push(this.#source.read(place.offset, place.bytes));
      described.push(movedChunk(meta, at - place.offset));
      at += place.bytes;
    }
    return { kind: 'stored', bytes: parts.length === 1 ? parts[0] : Buffer.concat(parts), chunks: described };
  }
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Uint32Array.of(view.getUint32(0, true), view.getUint32(4, true));
}
