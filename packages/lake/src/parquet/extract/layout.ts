import { type ThriftField, ThriftReader } from '../read/thrift-reader.ts';

/** One column chunk of a file: where it is, and what its footer says of it. */
export interface ChunkLayout {
  /** The column of the table that it is a leaf of. */
  readonly column: string;
  readonly start: number;
  readonly bytes: number;
  /** Bounds of the values that are not NULL, in Parquet's plain encoding, where the footer has them. */
  readonly min: Uint8Array | undefined;
  readonly max: Uint8Array | undefined;
  /** ColumnMetaData of parquet.thrift. */
  readonly meta: readonly ThriftField[];
}

export interface GroupLayout {
  readonly rows: number;
  readonly chunks: readonly ChunkLayout[];
}

/** A Parquet file as its footer tells it, whoever wrote it. */
export interface FileLayout {
  /** FileMetaData of parquet.thrift without the number of rows and the row groups. */
  readonly fields: readonly ThriftField[];
  readonly groups: readonly GroupLayout[];
  /** Bytes of the footer with its length and the magic bytes. */
  readonly footerBytes: number;
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
  for (const field of new ThriftReader(footer).fields()) {
    if (field.id === 4) {
      const thrift = new ThriftReader(field.bytes);
      thrift.list(() => void groups.push(readGroup(thrift.fields(), chunksEnd)));
    } else if (field.id !== 3) fields.push(field);
  }
  return { fields, groups, footerBytes: footer.length };
}

function readGroup(fields: readonly ThriftField[], chunksEnd: number): GroupLayout {
  const chunks: ChunkLayout[] = [];
  let rows = -1;
  for (const field of fields) {
    if (field.id === 1) {
      const thrift = new ThriftReader(field.bytes);
      thrift.list(() => void chunks.push(readChunk(thrift.fields(), chunksEnd)));
    } else if (field.id === 3) rows = intOf(field);
  }
  if (rows < 0) throw new RangeError('a row group does not say how many rows it has');
  return { rows, chunks };
}

function readChunk(fields: readonly ThriftField[], chunksEnd: number): ChunkLayout {
  const metadata = fields.find(({ id }) => id === 3);
  if (metadata === undefined) throw new RangeError('a column chunk has no metadata');
  const meta = new ThriftReader(metadata.bytes).fields();
  const field = (id: number) => meta.find((each) => each.id === id);
  const path: string[] = [];
  const thrift = new ThriftReader(field(3)?.bytes ?? new Uint8Array(1));
  thrift.list(() => void path.push(thrift.string()));
  const bytes = intOf(field(7));
  const start = startOf(meta);
  if (path.length === 0 || bytes < 0 || start < MAGIC_BYTES || start + bytes > chunksEnd) {
    throw new RangeError('a column chunk is not inside the file');
  }
  const statistics = field(12);
  const bounds = statistics === undefined ? [] : new ThriftReader(statistics.bytes).fields();
  return { column: path[0], start, bytes, min: bound(bounds, 6), max: bound(bounds, 5), meta };
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
