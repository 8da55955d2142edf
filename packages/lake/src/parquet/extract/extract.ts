import { MAGIC } from '../footer.ts';
import type { ThriftField } from '../read/thrift-reader.ts';
import { ThriftWriter } from '../thrift.ts';
import { type ChunkLayout, type FileLayout, type GroupLayout, intOf, metaOf } from './layout.ts';

/** Which row groups, by number in ascending order, and which columns of a file. */
export interface Selection {
  readonly groups: readonly number[];
  readonly columns: ReadonlySet<string>;
}

/** A column chunk that goes from a file into an extract of it. */
export interface ChunkCopy {
  /** Where it is in the file. */
  readonly start: number;
  readonly end: number;
  /** Where it comes to be in the extract. */
  readonly at: number;
}

/**
 * A Parquet file with some row groups and columns of another one: `head`, then the chunks, then `end` at `endAt`.
 * Its footer names no other row groups. Columns that were not selected are in its schema, since a reader would
 * take a missing one for NULL; whoever reads them is led to bytes that are no page.
 */
export interface Extract {
  readonly head: Uint8Array;
  readonly copies: readonly ChunkCopy[];
  readonly end: Uint8Array;
  readonly endAt: number;
  /** Of the whole extract. */
  readonly bytes: number;
}

/** What is in place of all chunks that were left out: no header of a page begins with it. */
const NO_PAGE = new Uint8Array(16).fill(0xff);
const HEAD = Uint8Array.from([...MAGIC, ...NO_PAGE]);

/** Plans the extract of a file that `layout` describes. */
export function planExtract(layout: FileLayout, { groups, columns }: Selection): Extract {
  const copies: ChunkCopy[] = [];
  const places = new Map<ChunkLayout, number>();
  let at = HEAD.length;
  const kept = groups.map((number) => layout.groups[number]);
  for (const chunk of kept.flatMap((group) => group.chunks)) {
    if (!columns.has(chunk.column)) continue;
    copies.push({ start: chunk.start, end: chunk.start + chunk.bytes, at });
    places.set(chunk, at);
    at += chunk.bytes;
  }
  const end = endOf(layout, kept, places);
  return { head: HEAD, copies, end, endAt: at, bytes: at + end.length };
}

function endOf(
  layout: FileLayout,
  groups: readonly GroupLayout[],
  places: ReadonlyMap<ChunkLayout, number>,
): Uint8Array {
  const thrift = new ThriftWriter();
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  for (const field of layout.fields.filter(({ id }) => id < 3)) thrift.raw(field);
  thrift.i64(3, rows);
  thrift.structs(4, groups.length, (i) => writeGroup(thrift, layout, groups[i], places));
  for (const field of layout.fields.filter(({ id }) => id > 4)) thrift.raw(field);
  thrift.end();
  const footer = thrift.out.length;
  thrift.out.uint32(footer);
  thrift.out.set(MAGIC);
  return thrift.out.view().slice();
}

function writeGroup(
  thrift: ThriftWriter,
  layout: FileLayout,
  { rows, chunks }: GroupLayout,
  places: ReadonlyMap<ChunkLayout, number>,
): void {
  let plainBytes = 0;
  thrift.structs(1, chunks.length, (i) => {
    const meta = metaOf(layout, chunks[i]);
    plainBytes += intOf(meta.find(({ id }) => id === 6));
    thrift.i64(2, 0);
    thrift.struct(3, () => writeMeta(thrift, meta, chunks[i].start, places.get(chunks[i])));
  });
  thrift.i64(2, plainBytes);
  thrift.i64(3, rows);
}

/** ColumnMetaData of a chunk at its new place, without indexes and filters, which stayed behind. */
function writeMeta(
  thrift: ThriftWriter,
  meta: readonly ThriftField[],
  start: number,
  at: number | undefined,
): void {
  for (const field of meta) {
    const { id } = field;
    if (id === 10 || id === 14 || id === 15) continue;
    if (at === undefined && id === 7) thrift.i64(7, NO_PAGE.length);
    else if (at === undefined && id === 9) thrift.i64(9, MAGIC.length);
    else if (id === 9 || id === 11) {
      if (at !== undefined && intOf(field) >= start) thrift.i64(id, intOf(field) - start + at);
    } else thrift.raw(field);
  }
}
