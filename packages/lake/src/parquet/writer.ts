import type { Column } from '../tables.ts';
import { ByteSink } from './byte-sink.ts';
import { ChunkWriter } from './chunk.ts';
import type { ColumnData } from './data.ts';
import { fileEnd, MAGIC, type RowGroup } from './footer.ts';

/**
 * Writes one Parquet file in memory (https://parquet.apache.org/docs/file-format/): format version 2, ZSTD,
 * one data page for each column chunk, data page version 1. Equal input gives equal bytes.
 */
export class ParquetWriter {
  readonly #columns: readonly Column[];
  readonly #out = new ByteSink(1 << 20);
  readonly #chunks = new ChunkWriter(this.#out);
  readonly #groups: RowGroup[] = [];

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#out.set(MAGIC);
  }

  /** Adds a row group of `rows` rows; `dataOf` gives each column's values. */
  rowGroup(rows: number, dataOf: (column: Column) => ColumnData): void {
    const chunks = this.#columns.flatMap((column) => this.#chunks.write(column, dataOf(column), rows));
    this.#groups.push({ rows, chunks });
  }

  /** Writes the footer and returns the file. */
  finish(): Uint8Array<ArrayBuffer> {
    this.#out.set(fileEnd(this.#columns, this.#groups));
    return this.#out.bytes.slice(0, this.#out.length);
  }
}
