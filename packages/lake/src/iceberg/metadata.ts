import type { TableName } from '../tables.ts';
import type { UriOf } from './manifests.ts';
import {
  BY_DAY,
  DAY_FIELD_ID,
  lastColumnId,
  nameMappingOf,
  partitionFieldsOf,
  sortOrderOf,
  UNPARTITIONED,
  UNSORTED,
} from './schema.ts';
import type { SnapshotState, TableState } from './state.ts';

/** Where a table's metadata is: below this key. Data files are elsewhere. */
export interface TablePlace {
  readonly table: TableName;
  readonly locationKey: string;
  readonly uriOf: UriOf;
}

/**
 * The table metadata of format version 2 (https://iceberg.apache.org/spec/#table-metadata-fields), as a value
 * for JSON. `state` has at least one schema and one snapshot.
 */
export function metadataOf(state: TableState, { table, locationKey, uriOf }: TablePlace): object {
  const schema = state.schemas[state.schemas.length - 1];
  const order = sortOrderOf(table, schema.fields);
  const current = state.snapshots[state.snapshots.length - 1];
  return {
    'format-version': 2,
    'table-uuid': state.uuid,
    location: uriOf(locationKey),
    'last-sequence-number': state.sequence,
    'last-updated-ms': state.updatedAtMs,
    'last-column-id': Math.max(...state.schemas.map(({ fields }) => lastColumnId(fields))),
    'current-schema-id': schema.id,
    schemas: state.schemas.map(({ id, fields }) => ({ type: 'struct', 'schema-id': id, fields })),
    'default-spec-id': BY_DAY,
    'partition-specs': [UNPARTITIONED, BY_DAY].map((id) => ({
      'spec-id': id,
      fields: partitionFieldsOf(id, schema.fields),
    })),
    'last-partition-id': DAY_FIELD_ID,
    'default-sort-order-id': order['order-id'],
    'sort-orders': order['order-id'] === UNSORTED['order-id'] ? [UNSORTED] : [UNSORTED, order],
    properties: {
      'schema.name-mapping.default': JSON.stringify(nameMappingOf(schema.fields)),
      'write.format.default': 'parquet',
    },
    'current-snapshot-id': current.id,
    refs: { main: { 'snapshot-id': current.id, type: 'branch' } },
    snapshots: state.snapshots.map((snapshot) => snapshotJson(snapshot, uriOf)),
    'snapshot-log': state.snapshots.map(({ id, atMs }) => ({ 'snapshot-id': id, 'timestamp-ms': atMs })),
    'metadata-log': state.log.map(({ key, atMs }) => ({ 'metadata-file': uriOf(key), 'timestamp-ms': atMs })),
  };
}

function snapshotJson(snapshot: SnapshotState, uriOf: UriOf): object {
  return {
    'snapshot-id': snapshot.id,
    ...(snapshot.parentId === undefined ? {} : { 'parent-snapshot-id': snapshot.parentId }),
    'sequence-number': snapshot.sequence,
    'timestamp-ms': snapshot.atMs,
    'manifest-list': uriOf(snapshot.listKey),
    summary: { operation: snapshot.operation, ...snapshot.summary },
    'schema-id': snapshot.schemaId,
  };
}
