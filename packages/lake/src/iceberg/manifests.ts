import { avroFile } from './avro.ts';
import { MANIFEST_LIST_SCHEMA, manifestSchema } from './avro-schemas.ts';
import { boundsOf, dayOf, type Entry, intBytes, STATUS } from './data-file.ts';
import { BY_DAY, DAY_FIELD, findField, type IcebergSchema, partitionFieldsOf } from './schema.ts';
import { type ManifestState, NO_FILES, plus, type SnapshotState, type Tally } from './state.ts';

const FORMAT_VERSION = '2';
const DATA = 0;

/** Where an object is, for readers that know nothing of the lake's keys. */
export type UriOf = (key: string) => string;

/** What all entries of a manifest have in common. */
export interface ManifestShape {
  readonly schema: IcebergSchema;
  readonly specId: number;
  readonly sortOrderId: number;
  readonly uriOf: UriOf;
}

/** The bytes of a manifest with `entries`. */
export function encodeManifest(shape: ManifestShape, entries: readonly Entry[]): Uint8Array {
  const { schema, specId } = shape;
  const metadata = {
    schema: JSON.stringify({ type: 'struct', ...schema }),
    'schema-id': String(schema['schema-id']),
    'partition-spec': JSON.stringify(partitionFieldsOf(specId, schema.fields)),
    'partition-spec-id': String(specId),
    'format-version': FORMAT_VERSION,
    content: 'data',
  };
  const records = entries.map((entry) => entryRecord(shape, entry));
  return avroFile(manifestSchema(specId), metadata, records);
}

function entryRecord({ schema, specId, sortOrderId, uriOf }: ManifestShape, entry: Entry): object {
  const { file, status, snapshotId, sequence } = entry;
  const { lower, upper } = boundsOf(file, schema.fields);
  const timeIds = ['timestamp', 'time_unix_nano'].flatMap((name) => findField(schema.fields, name) ?? []);
  return {
    status,
    snapshot_id: snapshotId,
    sequence_number: sequence,
    file_sequence_number: sequence,
    data_file: {
      content: DATA,
      file_path: uriOf(file.key),
      file_format: 'PARQUET',
      partition: specId === BY_DAY ? { [DAY_FIELD]: dayOf(file) } : {},
      record_count: file.rows,
      file_size_in_bytes: file.bytes,
      value_counts: timeIds.map((key) => ({ key, value: file.rows })),
      null_value_counts: timeIds.map((key) => ({ key, value: 0 })),
      lower_bounds: lower,
      upper_bounds: upper,
      sort_order_id: sortOrderId,
    },
  };
}

/** What the table remembers of a manifest that was just written. */
export function describeManifest(
  written: Pick<ManifestState, 'key' | 'bytes' | 'specId' | 'snapshotId' | 'sequence'>,
  entries: readonly Entry[],
): ManifestState {
  const live = entries.filter(({ status }) => status !== STATUS.DELETED);
  const days = entries.map(({ file }) => dayOf(file)).filter((day) => day !== undefined);
  return {
    ...written,
    minSequence: Math.min(written.sequence, ...live.map(({ sequence }) => sequence)),
    added: tallyOf(entries, STATUS.ADDED),
    existing: tallyOf(entries, STATUS.EXISTING),
    deleted: tallyOf(entries, STATUS.DELETED),
    days: written.specId === BY_DAY ? { first: Math.min(...days), last: Math.max(...days) } : undefined,
  };
}

function tallyOf(entries: readonly Entry[], status: Entry['status']): Tally {
  return entries
    .filter((entry) => entry.status === status)
    .map(({ file: { rows, bytes } }) => ({ files: 1, rows, bytes }))
    .reduce(plus, NO_FILES);
}

/** The bytes of the list of a snapshot's manifests. */
export function encodeManifestList(
  snapshot: Pick<SnapshotState, 'id' | 'parentId' | 'sequence'>,
  manifests: readonly ManifestState[],
  uriOf: UriOf,
): Uint8Array {
  const metadata = {
    'snapshot-id': String(snapshot.id),
    'parent-snapshot-id': String(snapshot.parentId ?? null),
    'sequence-number': String(snapshot.sequence),
    'format-version': FORMAT_VERSION,
  };
  return avroFile(
    MANIFEST_LIST_SCHEMA,
    metadata,
    manifests.map((manifest) => listRecord(manifest, uriOf)),
  );
}

function listRecord(manifest: ManifestState, uriOf: UriOf): object {
  const { added, existing, deleted, days } = manifest;
  return {
    manifest_path: uriOf(manifest.key),
    manifest_length: manifest.bytes,
    partition_spec_id: manifest.specId,
    content: DATA,
    sequence_number: manifest.sequence,
    min_sequence_number: manifest.minSequence,
    added_snapshot_id: manifest.snapshotId,
    added_files_count: added.files,
    existing_files_count: existing.files,
    deleted_files_count: deleted.files,
    added_rows_count: added.rows,
    existing_rows_count: existing.rows,
    deleted_rows_count: deleted.rows,
    partitions: days === undefined ? [] : [daySummary(days)],
  };
}

function daySummary({ first, last }: { first: number; last: number }): object {
  return {
    contains_null: false,
    contains_nan: false,
    lower_bound: intBytes(first),
    upper_bound: intBytes(last),
  };
}
