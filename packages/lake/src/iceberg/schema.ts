import { isNeverNull, nestedFieldId } from '../parquet/index.ts';
import type { Column, ColumnType, TableName } from '../tables.ts';

/** A type as table metadata has it (https://iceberg.apache.org/spec/#appendix-c-json-serialization). */
export type IcebergType =
  | string
  | {
      readonly type: 'list';
      readonly 'element-id': number;
      readonly element: string;
      readonly 'element-required': boolean;
    }
  | {
      readonly type: 'map';
      readonly 'key-id': number;
      readonly key: string;
      readonly 'value-id': number;
      readonly value: string;
      readonly 'value-required': boolean;
    };

export interface IcebergField {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: IcebergType;
  readonly doc: string;
}

/** The columns of a table as Iceberg has them, by which every part of the metadata refers to columns. */
export interface IcebergSchema {
  readonly 'schema-id': number;
  readonly fields: readonly IcebergField[];
}

const PRIMITIVES: Partial<Record<ColumnType, string>> = {
  TIMESTAMP: 'timestamptz',
  BIGINT: 'long',
  INTEGER: 'int',
  DOUBLE: 'double',
  BOOLEAN: 'boolean',
  VARCHAR: 'string',
};
const ELEMENTS: Partial<Record<ColumnType, string>> = { 'BIGINT[]': 'long', 'DOUBLE[]': 'double' };

/** The fields of `columns`, which are stored ones. A column that a file lacks is NULL there. */
export function fieldsOf(columns: readonly Column[]): IcebergField[] {
  return columns.map((column) => ({
    id: fieldIdOf(column),
    name: column.name,
    required: isNeverNull(column),
    type: typeOf(column),
    doc: column.doc,
  }));
}

function typeOf(column: Column): IcebergType {
  const primitive = PRIMITIVES[column.type];
  if (primitive !== undefined) return primitive;
  const nested = nestedFieldId(fieldIdOf(column));
  const element = ELEMENTS[column.type];
  if (element !== undefined) return { type: 'list', 'element-id': nested, element, 'element-required': true };
  return {
    type: 'map',
    'key-id': nested,
    key: 'string',
    'value-id': nested + 1,
    value: 'string',
    'value-required': false,
  };
}

function fieldIdOf({ name, fieldId }: Column): number {
  if (fieldId === undefined) throw new RangeError(`${name} has no field id: it is not a stored column`);
  return fieldId;
}

/** The id of a column, or undefined where the table has no such column. */
export function findField(fields: readonly IcebergField[], name: string): number | undefined {
  return fields.find((field) => field.name === name)?.id;
}

/** The highest id of any field, nested ones included. */
export function lastColumnId(fields: readonly IcebergField[]): number {
  return Math.max(...fields.flatMap(({ id, type }) => [id, ...nestedIdsOf(type)]));
}

function nestedIdsOf(type: IcebergType): number[] {
  if (typeof type === 'string') return [];
  return type.type === 'list' ? [type['element-id']] : [type['key-id'], type['value-id']];
}

/** By which a reader finds the columns of files that carry no field ids: ours do, imported ones may not. */
export function nameMappingOf(fields: readonly IcebergField[]): object[] {
  return fields.map(({ id, name, type }) => {
    const mapped = { 'field-id': id, names: [name] };
    if (typeof type === 'string') return mapped;
    const parts =
      type.type === 'list'
        ? [{ 'field-id': type['element-id'], names: ['element'] }]
        : [
            { 'field-id': type['key-id'], names: ['key'] },
            { 'field-id': type['value-id'], names: ['value'] },
          ];
    return { ...mapped, fields: parts };
  });
}

/** Files of several UTC days, of which there are few, have no partition. */
export const UNPARTITIONED = 0;
/** Files of one UTC day. */
export const BY_DAY = 1;
/** Beyond the ids of columns and their parts, with which some readers put it into one struct. */
export const DAY_FIELD_ID = 10_000;
export const DAY_FIELD = 'timestamp_day';

interface PartitionField {
  readonly name: string;
  readonly transform: string;
  readonly 'source-id': number;
  readonly 'field-id': number;
}

/** The fields of a partition spec. */
export function partitionFieldsOf(specId: number, fields: readonly IcebergField[]): PartitionField[] {
  const source = findField(fields, 'timestamp');
  if (specId === UNPARTITIONED || source === undefined) return [];
  return [{ name: DAY_FIELD, transform: 'day', 'source-id': source, 'field-id': DAY_FIELD_ID }];
}

/**
 * By what the rows of every file are sorted, as far as Iceberg can say it: ids are sorted without their sign,
 * which it cannot, so that the order ends before them. Of a table that is not here nothing is said.
 */
const SORTED_BY: Partial<Record<string, readonly string[]>> = {
  logs: ['service_name'],
  traces: ['service_name', 'timestamp'],
  gauge: ['metric_name'],
  sum: ['metric_name'],
  histogram: ['metric_name'],
  exp_histogram: ['metric_name'],
  summary: ['metric_name'],
};

export interface SortOrder {
  /** 0 where nothing is sorted, as the specification has it. */
  readonly 'order-id': number;
  readonly fields: readonly object[];
}

export const UNSORTED: SortOrder = { 'order-id': 0, fields: [] };

/** The sort order that all files of a table have. */
export function sortOrderOf(table: TableName, fields: readonly IcebergField[]): SortOrder {
  const names = SORTED_BY[table] ?? [];
  const ids = names.flatMap((name) => findField(fields, name) ?? []);
  if (ids.length === 0 || ids.length < names.length) return UNSORTED;
  return {
    'order-id': 1,
    fields: ids.map((id) => ({
      transform: 'identity',
      'source-id': id,
      direction: 'asc',
      'null-order': 'nulls-first',
    })),
  };
}
