import { type ThriftField, ThriftReader } from '../read/thrift-reader.ts';

/** One column chunk of a file: where it is, and what its footer says of it. */
export interface ChunkLayout {
  /** The column of the table that it is a leaf of. */
  readonly column: string;
  readonly start: number;
  readonly bytes: number;
  /** Where in the footer its ColumnMetaData (of parquet.thrift) is. */
  readonly metaAt: number;
}

/** Bounds of the values that are not NULL, in Parquet's plain encoding, where the footer has them. */
export interface ChunkBounds {
  readonly min: Uint8Array | undefined;
  readonly max: Uint8Array | undefined;
}

export interface GroupLayout {
  readonly rows: number;
  readonly chunks: readonly ChunkLayout[];
}

/**
 * A Parquet file as its footer tells it, whoever wrote it. In memory it takes some twice the footer: what is said
 * of a chunk is read again when it is asked for.
 */
export interface FileLayout {
  /** FileMetaData of parquet.thrift without the number of rows and the row groups. */
  readonly fields: readonly ThriftField[];
  readonly groups: readonly GroupLayout[];
  /** The footer with its length and the magic bytes. */
  readonly footer: Uint8Array;
}

/** Bytes at the end of a file that say how long its footer is. */
export const TAIL_BYTES = 8;
/** Footers of the biggest segments take about a MiB; one this long is no footer. */
const MAX_FOOTER_BYTES = 64 * 1024 * 1024;
const MAGIC = 0x31524150;
const MAGIC_BYTES = 4;

const INT_TYPE_MIN = 4;
const INT_TYPE_MAX = 6;

/**
 * How many bytes at the end of a file of `fileBytes` are its footer, by its last TAIL_BYTES. Throws RangeError
 * when it is no Parquet file.
 */
export function footerLength(tail: Uint8Array, fileBytes: number): number {
  const view = new DataView(tail.buffer, tail.byteOffset + tail.length - TAIL_BYTES, TAIL_BYTES);
  if (view.getUint32(4, true) !== MAGIC) throw new RangeError('it does not end as a Parquet file');
  const length = view.getUint32(0, true) + TAIL_BYTES;
  if (length > MAX_FOOTER_BYTES || length > fileBytes - MAGIC_BYTES) {
    throw new RangeError('its footer is longer than the file');
  }
  return length;
}

/** Reads the footer of a file of `fileBytes`: `footer` is what footerLength says. Throws RangeError. */
export function readLayout(footer: Uint8Array, fileBytes: number): FileLayout {
  const chunksEnd = fileBytes - footer.length;
  const fields: ThriftField[] = [];
  const groups: GroupLayout[] = [];
  const names = new Map<string, string>();
  for (const field of new ThriftReader(footer).fields()) {
    if (field.id === 4) {
      const thrift = new ThriftReader(field.bytes);
      const read = (chunk: readonly ThriftField[]) => readChunk(chunk, { footer, chunksEnd, names });
      thrift.list(() => void groups.push(readGroup(thrift.fields(), read)));
    } else if (field.id !== 3) fields.push(field);
  }
  return { fields, groups, footer };
}

function readGroup(
  fields: readonly ThriftField[],
  read: (chunk: readonly ThriftField[]) => ChunkLayout,
): GroupLayout {
  const chunks: ChunkLayout[] = [];
  let rows = -1;
  for (const field of fields) {
    if (field.id === 1) {
      const thrift = new ThriftReader(field.bytes);
      thrift.list(() => void chunks.push(read(thrift.fields())));
    } else if (field.id === 3) rows = intOf(field);
  }
  if (rows < 0) throw new RangeError('a row group does not say how many rows it has');
  return { rows, chunks };
}

function readChunk(
  fields: readonly ThriftField[],
  file: { readonly footer: Uint8Array; readonly chunksEnd: number; readonly names: Map<string, string> },
): ChunkLayout {
  const metadata = fields.find(({ id }) => id === 3);
  if (metadata === undefined) throw new RangeError('a column chunk has no metadata');
  const meta = new ThriftReader(metadata.bytes).fields();
  const path: string[] = [];
  const thrift = new ThriftReader(meta.find(({ id }) => id === 3)?.bytes ?? new Uint8Array(1));
  thrift.list(() => void path.push(thrift.string()));
  const bytes = intOf(meta.find(({ id }) => id === 7));
  const start = startOf(meta);
  if (path.length === 0 || bytes < 0 || start < MAGIC_BYTES || start + bytes > file.chunksEnd) {
    throw new RangeError('a column chunk is not inside the file');
  }
  // One text for all row groups.
  const column = file.names.get(path[0]) ?? path[0];
  file.names.set(column, column);
  return { column, start, bytes, metaAt: metadata.bytes.byteOffset - file.footer.byteOffset };
}

/** ColumnMetaData of a chunk. */
export function metaOf({ footer }: FileLayout, { metaAt }: ChunkLayout): ThriftField[] {
  return new ThriftReader(footer, metaAt).fields();
}

export function boundsOf(layout: FileLayout, chunk: ChunkLayout): ChunkBounds {
  const statistics = metaOf(layout, chunk).find(({ id }) => id === 12);
  const fields = statistics === undefined ? [] : new ThriftReader(statistics.bytes).fields();
  return { min: bound(fields, 6), max: bound(fields, 5) };
}

/** Where the chunk with this metadata begins: with its dictionary where it has one. */
function startOf(meta: readonly ThriftField[]): number {
  const data = intOf(meta.find(({ id }) => id === 9));
  const dictionary = meta.find(({ id }) => id === 11);
  // Some writers say 0 where there is none.
  return dictionary === undefined || intOf(dictionary) === 0 ? data : Math.min(data, intOf(dictionary));
}

/** The value of an integer field. Throws RangeError when it is missing or none. */
export function intOf(field: ThriftField | undefined): number {
  if (field === undefined || field.type < INT_TYPE_MIN || field.type > INT_TYPE_MAX) {
    throw new RangeError('the footer lacks a number');
  }
  return new ThriftReader(field.bytes).int();
}

function bound(statistics: readonly ThriftField[], id: number): Uint8Array | undefined {
  const field = statistics.find((each) => each.id === id);
  return field === undefined ? undefined : new ThriftReader(field.bytes).binary();
}
