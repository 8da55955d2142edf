/**
 * A reader of Iceberg tables that shares nothing with the publisher: it goes from table metadata through
 * manifest list and manifests to the data files, with libraries for Avro and
 * Parquet that the product does not use, finds columns by their field ids, and plans by partitions and bounds as a query engine would.
 */
import { type FileMetaData, parquetMetadata, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { avroMetadata, avroRead } from 'icebird';

export interface Field {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: unknown;
}

export interface Metadata {
  readonly 'format-version': number;
  readonly 'table-uuid': string;
  readonly location: string;
  readonly 'last-sequence-number': number;
  readonly 'last-updated-ms': number;
  readonly 'last-column-id': number;
  readonly 'current-schema-id': number;
  readonly schemas: readonly { readonly 'schema-id': number; readonly fields: readonly Field[] }[];
  readonly 'partition-specs': readonly {
    readonly 'spec-id': number;
    readonly fields: readonly {
      readonly name: string;
      readonly transform: string;
      readonly 'source-id': number;
    }[];
  }[];
  readonly 'current-snapshot-id': number;
  readonly snapshots: readonly Snapshot[];
  readonly 'snapshot-log': readonly { readonly 'snapshot-id': number; readonly 'timestamp-ms': number }[];
  readonly 'metadata-log': readonly { readonly 'metadata-file': string; readonly 'timestamp-ms': number }[];
  readonly [other: string]: unknown;
}

export interface Snapshot {
  readonly 'snapshot-id': number;
  readonly 'parent-snapshot-id'?: number;
  readonly 'sequence-number': number;
  readonly 'timestamp-ms': number;
  readonly 'manifest-list': string;
  readonly 'schema-id': number;
  readonly summary: Readonly<Record<string, string>>;
}

interface Pair<Value> {
  readonly key: number;
  readonly value: Value;
}

export interface DataFileEntry {
  readonly status: number;
  readonly snapshot_id: number;
  readonly sequence_number: number;
  readonly data_file: {
    readonly file_path: string;
    readonly file_format: string;
    readonly partition: { readonly timestamp_day?: Date };
    readonly record_count: number;
    readonly file_size_in_bytes: number;
    readonly sort_order_id: number;
    readonly lower_bounds: readonly Pair<Buffer>[];
    readonly upper_bounds: readonly Pair<Buffer>[];
  };
}

export interface ManifestFile {
  readonly manifest_path: string;
  readonly manifest_length: number;
  readonly partition_spec_id: number;
  readonly sequence_number: number;
  readonly min_sequence_number: number;
  readonly added_files_count: number;
  readonly existing_files_count: number;
  readonly deleted_files_count: number;
  readonly partitions: readonly { readonly lower_bound: Buffer; readonly upper_bound: Buffer }[];
}

/** What a scan asks for: rows whose time is within bounds, and whose service is this one. */
export interface Filter {
  /** Microseconds since the epoch, inclusive. */
  readonly fromUs?: bigint;
  readonly toUs?: bigint;
  readonly service?: string;
}

export type Row = Readonly<Record<string, unknown>>;

const DELETED = 2;
const DAY_US = 86_400_000_000n;

export class IcebergReader {
  readonly metadata: Metadata;
  /** Manifests and data files that were read. */
  readonly opened: string[] = [];
  readonly #read: (uri: string) => Promise<Uint8Array>;

  constructor(metadata: Metadata, read: (uri: string) => Promise<Uint8Array>) {
    this.metadata = metadata;
    this.#read = read;
  }

  get schema(): readonly Field[] {
    const { schemas } = this.metadata;
    return schemas.find((schema) => schema['schema-id'] === this.metadata['current-schema-id'])?.fields ?? [];
  }

  snapshot(id = this.metadata['current-snapshot-id']): Snapshot {
    const found = this.metadata.snapshots.find((snapshot) => snapshot['snapshot-id'] === id);
    if (found === undefined) throw new Error(`there is no snapshot ${id}`);
    return found;
  }

  async manifests(snapshot = this.snapshot()): Promise<ManifestFile[]> {
    return (await this.#avro<ManifestFile>(snapshot['manifest-list'])).records;
  }

  /** The entries of a manifest, and the text in its header. */
  async entries({
    manifest_path,
  }: ManifestFile): Promise<{ header: Record<string, unknown>; records: DataFileEntry[] }> {
    this.opened.push(manifest_path);
    return this.#avro<DataFileEntry>(manifest_path);
  }

  /** The files that may hold rows of `filter`. */
  async plan(filter: Filter = {}, snapshot = this.snapshot()): Promise<DataFileEntry['data_file'][]> {
    const files: DataFileEntry['data_file'][] = [];
    for (const manifest of await this.manifests(snapshot)) {
      if (!this.#mayHold(manifest, filter)) continue;
      const { records } = await this.entries(manifest);
      for (const { status, data_file } of records) {
        if (status !== DELETED && this.#mayMatch(data_file, filter)) files.push(data_file);
      }
    }
    return files;
  }

  /** The rows of `filter`, with the columns of the current schema. */
  async scan(filter: Filter = {}, snapshot = this.snapshot()): Promise<Row[]> {
    const rows: Row[] = [];
    for (const file of await this.plan(filter, snapshot)) {
      const found = await this.rowsOf(file);
      rows.push(...found.filter((row) => matches(row, filter)));
    }
    return rows;
  }

  /** The rows of a file, with the columns of the current schema. */
  async rowsOf(file: DataFileEntry['data_file']): Promise<Row[]> {
    this.opened.push(file.file_path);
    const bytes = await this.#read(file.file_path);
    if (bytes.length !== file.file_size_in_bytes) throw new Error(`${file.file_path}: not as long as said`);
    const found = await this.#rows(bytes);
    if (found.length !== file.record_count) throw new Error(`${file.file_path}: not as many rows as said`);
    return found;
  }

  /** Partition values of days, in the manifest list. */
  #mayHold({ partition_spec_id, partitions }: ManifestFile, { fromUs, toUs }: Filter): boolean {
    const spec = this.metadata['partition-specs'].find((each) => each['spec-id'] === partition_spec_id);
    if (spec === undefined) throw new Error(`there is no partition spec ${partition_spec_id}`);
    return spec.fields.every(({ transform, 'source-id': source }, i) => {
      const name = this.schema.find(({ id }) => id === source)?.name;
      if (transform !== 'day' || name !== 'timestamp') throw new Error(`not known: ${transform} of ${name}`);
      const { lower_bound, upper_bound } = partitions[i];
      const [first, last] = [BigInt(lower_bound.readInt32LE()), BigInt(upper_bound.readInt32LE())];
      return (
        (toUs === undefined || first <= toUs / DAY_US) && (fromUs === undefined || last >= fromUs / DAY_US)
      );
    });
  }

  #mayMatch(file: DataFileEntry['data_file'], { fromUs, toUs, service }: Filter): boolean {
    const bound = (side: readonly Pair<Buffer>[], name: string) =>
      side.find(({ key }) => key === this.schema.find((field) => field.name === name)?.id)?.value;
    const [first, last] = [bound(file.lower_bounds, 'timestamp'), bound(file.upper_bounds, 'timestamp')];
    if (first !== undefined && toUs !== undefined && first.readBigInt64LE() > toUs) return false;
    if (last !== undefined && fromUs !== undefined && last.readBigInt64LE() < fromUs) return false;
    if (service === undefined) return true;
    const [low, high] = [bound(file.lower_bounds, 'service_name'), bound(file.upper_bounds, 'service_name')];
    const wanted = Buffer.from(service);
    return (
      !(low !== undefined && Buffer.compare(wanted, low) < 0) &&
      !(high !== undefined && Buffer.compare(wanted, high) > 0)
    );
  }

  /** A file's rows with its columns found by field id; a column that it lacks is NULL. */
  async #rows(bytes: Uint8Array): Promise<Row[]> {
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const names = columnsByFieldId(parquetMetadata(file));
    const rows = await parquetReadObjects({ file, compressors });
    return rows.map((row) =>
      Object.fromEntries(
        this.schema.map(({ id, name }) => {
          const column = names.get(id);
          return [name, column === undefined ? null : row[column]];
        }),
      ),
    );
  }

  async #avro<T>(uri: string): Promise<{ header: Record<string, unknown>; records: T[] }> {
    const { buffer, byteOffset, length } = await this.#read(uri);
    const reader = { view: new DataView(buffer as ArrayBuffer, byteOffset, length), offset: 0 };
    const { metadata, syncMarker } = avroMetadata(reader);
    const records = avroRead({ reader, metadata, syncMarker }).map((record) => plain(record) as T);
    return { header: metadata, records };
  }
}

/** Longs as numbers and bytes as buffers: no number in the metadata is beyond 2^53. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

function columnsByFieldId({ schema }: FileMetaData): Map<number, string> {
  return new Map(schema.flatMap(({ field_id, name }) => (field_id === undefined ? [] : [[field_id, name]])));
}

function matches(row: Row, { fromUs, toUs, service }: Filter): boolean {
  const us = (row.time_unix_nano as bigint) / 1000n;
  return (
    (fromUs === undefined || us >= fromUs) &&
    (toUs === undefined || us <= toUs) &&
    (service === undefined || row.service_name === service)
  );
}

/** What the specification requires of table metadata of version 2, and what does not hold; nothing, if all is well. */
export function faultsOf(metadata: Metadata): string[] {
  const required = [
    'format-version',
    'table-uuid',
    'location',
    'last-sequence-number',
    'last-updated-ms',
    'last-column-id',
    'schemas',
    'current-schema-id',
    'partition-specs',
    'default-spec-id',
    'last-partition-id',
    'sort-orders',
    'default-sort-order-id',
  ];
  const faults = required.filter((name) => metadata[name] === undefined).map((name) => `no ${name}`);
  const check = (holds: boolean, fault: string) => void (holds || faults.push(fault));
  check(metadata['format-version'] === 2, 'not version 2');
  const ids = (name: string, id: string) =>
    (metadata[name] as Record<string, number>[]).map((each) => each[id]);
  check(ids('schemas', 'schema-id').includes(metadata['current-schema-id']), 'no current schema');
  check(ids('partition-specs', 'spec-id').includes(metadata['default-spec-id'] as number), 'no default spec');
  check(
    ids('sort-orders', 'order-id').includes(metadata['default-sort-order-id'] as number),
    'no default order',
  );
  const { snapshots } = metadata;
  const current = snapshots.find((each) => each['snapshot-id'] === metadata['current-snapshot-id']);
  check(current !== undefined, 'no current snapshot');
  check(metadata['last-sequence-number'] === current?.['sequence-number'], 'last sequence number');
  const refs = metadata.refs as { main: { 'snapshot-id': number; type: string } };
  check(refs.main.type === 'branch' && refs.main['snapshot-id'] === current?.['snapshot-id'], 'main');
  const log = metadata['snapshot-log'];
  check(log[log.length - 1]['snapshot-id'] === current?.['snapshot-id'], 'the end of the snapshot log');
  const times = [...log.map((each) => each['timestamp-ms']), metadata['last-updated-ms']];
  check(
    times.every((time, i) => i === 0 || time >= times[i - 1]),
    'times that go back',
  );
  for (const snapshot of snapshots) {
    check(ids('schemas', 'schema-id').includes(snapshot['schema-id']), 'the schema of a snapshot');
    check(['append', 'replace', 'overwrite', 'delete'].includes(snapshot.summary.operation), 'operation');
    check(
      Object.values(snapshot.summary).every((value) => typeof value === 'string'),
      'summary',
    );
  }
  for (const { fields } of metadata.schemas) {
    const all = fields.flatMap(({ id, type }) => [
      id,
      ...(typeof type === 'object' && type !== null
        ? Object.entries(type)
            .filter(([key]) => key.endsWith('-id'))
            .map(([, value]) => value as number)
        : []),
    ]);
    check(new Set(all).size === all.length, 'a field id twice');
    check(Math.max(...all) <= metadata['last-column-id'], 'last-column-id');
  }
  return faults;
}
