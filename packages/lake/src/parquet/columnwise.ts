import type { Column } from '../tables.ts';
import { ByteSink } from './byte-sink.ts';
import { type ChunkMeta, ChunkWriter, movedChunk } from './chunk.ts';
import type { ColumnData } from './data.ts';
import { fileEnd, MAGIC } from './footer.ts';
import type { StoredColumn } from './read/index.ts';

interface WrittenColumn {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** With offsets from the start of `bytes`. */
  readonly chunks: readonly ChunkMeta[];
}

/**
 * Writes the same file as ParquetWriter, but takes it column after column, each with all its row groups, so
 * that only one column of the input need be in memory. What is written is kept compressed until the end.
 */
export class ColumnwiseWriter {
  readonly #columns: readonly Column[];
  readonly #groupRows: readonly number[];
  readonly #out = new ByteSink(1 << 20);
  readonly #chunks = new ChunkWriter(this.#out);
  readonly #written = new Map<Column, WrittenColumn[]>();

  /** `groupRows` says how many rows each row group has. */
  constructor(columns: readonly Column[], groupRows: readonly number[]) {
    this.#columns = columns;
    this.#groupRows = groupRows;
  }

  /** Adds a column; `data` has one item for each row group: its values, or a column that is copied as it is. */
  column(column: Column, data: Iterable<ColumnData | StoredColumn>): void {
    const written: WrittenColumn[] = [];
    for (const values of data) {
      if (values.kind === 'stored') {
        written.push({ bytes: new Uint8Array(values.bytes), chunks: values.chunks });
        continue;
      }
      this.#out.reset();
      const chunks = this.#chunks.write(column, values, this.#groupRows[written.length]);
      written.push({ bytes: this.#out.view().slice(), chunks });
    }
    if (written.length !== this.#groupRows.length) {
      throw new RangeError(`the column ${column.name} has ${written.length} row groups`);
    }
    this.#written.set(column, written);
  }

  /** The parts of the file, in order. Throws RangeError when a column is missing. */
  finish(): Uint8Array<ArrayBuffer>[] {
    const parts: Uint8Array<ArrayBuffer>[] = [MAGIC.slice()];
    let at = MAGIC.length;
    const groups = this.#groupRows.map((rows, group) => {
      const chunks = this.#columns.flatMap((column) => {
        const written = this.#written.get(column)?.[group];
        if (written === undefined) throw new RangeError(`the column ${column.name} was not written`);
        const placed = written.chunks.map((chunk) => movedChunk(chunk, at));
        parts.push(written.bytes);
        at += written.bytes.length;
        return placed;
      });
      return { rows, chunks };
    });
    parts.push(fileEnd(this.#columns, groups));
    return parts;
  }
}
