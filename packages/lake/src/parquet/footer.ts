import type { Column } from '../tables.ts';
import { ByteSink } from './byte-sink.ts';
import type { ChunkMeta } from './chunk.ts';
import { writeSchema } from './schema.ts';
import { ThriftWriter } from './thrift.ts';

const encoder = new TextEncoder();
/** The first and the last four bytes of a file. */
export const MAGIC = encoder.encode('PAR1');
/** Readers use this to work around known faults of writers; ours follows the common form. */
const CREATED_BY = 'lakewright version 0.1.0';

export interface RowGroup {
  readonly rows: number;
  readonly chunks: readonly ChunkMeta[];
}

/** The end of a file: footer, its length, and the magic bytes. */
export function fileEnd(columns: readonly Column[], groups: readonly RowGroup[]): Uint8Array<ArrayBuffer> {
  const out = new ByteSink();
  const footer = footerOf(columns, groups);
  out.set(footer);
  out.uint32(footer.length);
  out.set(MAGIC);
  return out.view();
}

function footerOf(columns: readonly Column[], groups: readonly RowGroup[]): Uint8Array {
  const thrift = new ThriftWriter();
  thrift.i32(1, 2);
  writeSchema(thrift, 2, columns);
  thrift.i64(
    3,
    groups.reduce((sum, group) => sum + group.rows, 0),
  );
  thrift.structs(4, groups.length, (i) => writeRowGroup(thrift, groups[i]));
  thrift.string(6, CREATED_BY);
  // Every leaf is ordered as its type defines.
  const leaves = groups[0]?.chunks.length ?? 0;
  thrift.structs(7, leaves, () => thrift.struct(1, () => {}));
  thrift.end();
  return thrift.out.view();
}

function writeRowGroup(thrift: ThriftWriter, group: RowGroup): void {
  const sum = (of: (chunk: ChunkMeta) => number) =>
    group.chunks.reduce((total, chunk) => total + of(chunk), 0);
  thrift.structs(1, group.chunks.length, (i) => writeChunk(thrift, group.chunks[i]));
  thrift.i64(
    2,
    sum((chunk) => chunk.uncompressedBytes),
  );
  thrift.i64(3, group.rows);
  thrift.i64(
    6,
    sum((chunk) => chunk.compressedBytes),
  );
}

function writeChunk(thrift: ThriftWriter, chunk: ChunkMeta): void {
  thrift.i64(2, 0);
  thrift.struct(3, () => {
    thrift.i32(1, chunk.leaf.physical);
    thrift.i32s(2, chunk.encodings);
    thrift.strings(3, chunk.leaf.path);
    thrift.i32(4, chunk.codec);
    thrift.i64(5, chunk.valueCount);
    thrift.i64(6, chunk.uncompressedBytes);
    thrift.i64(7, chunk.compressedBytes);
    thrift.i64(9, chunk.dataOffset);
    if (chunk.dictionaryOffset !== undefined) thrift.i64(11, chunk.dictionaryOffset);
    thrift.struct(12, () => {
      thrift.i64(3, chunk.nullCount);
      if (chunk.max !== undefined) thrift.binary(5, chunk.max);
      if (chunk.min !== undefined) thrift.binary(6, chunk.min);
    });
  });
}
