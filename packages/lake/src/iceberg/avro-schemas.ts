/** The Avro schemas of manifests and manifest lists; their field ids are fixed by Iceberg's specification. */
import type { AvroSchema } from './avro.ts';
import { BY_DAY, DAY_FIELD, DAY_FIELD_ID } from './schema.ts';

type AvroType = string | object;

const field = (id: number, name: string, type: AvroType) => ({ name, type, 'field-id': id });
const optional = (id: number, name: string, type: AvroType) => ({
  ...field(id, name, ['null', type]),
  default: null,
});

/** Avro's maps have strings as keys: a map of column ids is an array of pairs. */
const byColumn = (keyId: number, valueId: number, value: AvroType) => ({
  type: 'array',
  logicalType: 'map',
  items: {
    type: 'record',
    name: `k${keyId}_v${valueId}`,
    fields: [field(keyId, 'key', 'int'), field(valueId, 'value', value)],
  },
});

/** Of a manifest whose files have the partition spec `specId`. */
export function manifestSchema(specId: number): AvroSchema {
  const day = optional(DAY_FIELD_ID, DAY_FIELD, { type: 'int', logicalType: 'date' });
  const partition = { type: 'record', name: 'r102', fields: specId === BY_DAY ? [day] : [] };
  const dataFile = {
    type: 'record',
    name: 'r2',
    fields: [
      field(134, 'content', 'int'),
      field(100, 'file_path', 'string'),
      field(101, 'file_format', 'string'),
      field(102, 'partition', partition),
      field(103, 'record_count', 'long'),
      field(104, 'file_size_in_bytes', 'long'),
      optional(109, 'value_counts', byColumn(119, 120, 'long')),
      optional(110, 'null_value_counts', byColumn(121, 122, 'long')),
      optional(125, 'lower_bounds', byColumn(126, 127, 'bytes')),
      optional(128, 'upper_bounds', byColumn(129, 130, 'bytes')),
      optional(140, 'sort_order_id', 'int'),
    ],
  };
  return {
    type: 'record',
    name: 'manifest_entry',
    fields: [
      field(0, 'status', 'int'),
      optional(1, 'snapshot_id', 'long'),
      optional(3, 'sequence_number', 'long'),
      optional(4, 'file_sequence_number', 'long'),
      field(2, 'data_file', dataFile),
    ],
  };
}

const SUMMARY = {
  type: 'record',
  name: 'r508',
  fields: [
    field(509, 'contains_null', 'boolean'),
    optional(518, 'contains_nan', 'boolean'),
    optional(510, 'lower_bound', 'bytes'),
    optional(511, 'upper_bound', 'bytes'),
  ],
};

export const MANIFEST_LIST_SCHEMA: AvroSchema = {
  type: 'record',
  name: 'manifest_file',
  fields: [
    field(500, 'manifest_path', 'string'),
    field(501, 'manifest_length', 'long'),
    field(502, 'partition_spec_id', 'int'),
    field(517, 'content', 'int'),
    field(515, 'sequence_number', 'long'),
    field(516, 'min_sequence_number', 'long'),
    field(503, 'added_snapshot_id', 'long'),
    field(504, 'added_files_count', 'int'),
    field(505, 'existing_files_count', 'int'),
    field(506, 'deleted_files_count', 'int'),
    field(512, 'added_rows_count', 'long'),
    field(513, 'existing_rows_count', 'long'),
    field(514, 'deleted_rows_count', 'long'),
    optional(507, 'partitions', { type: 'array', items: SUMMARY, 'element-id': 508 }),
  ],
};
