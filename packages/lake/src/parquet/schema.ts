import type { Column, ColumnType } from '../tables.ts';
import type { ThriftWriter } from './thrift.ts';

/** Physical types of Parquet. */
export const PHYSICAL = { BOOLEAN: 0, INT32: 1, INT64: 2, DOUBLE: 5, BYTE_ARRAY: 6 } as const;
const REQUIRED = 0;
const OPTIONAL = 1;
const REPEATED = 2;
const CONVERTED = { UTF8: 0, MAP: 1, LIST: 3, TIMESTAMP_MICROS: 10 } as const;

/** One leaf: where it is in the schema and how deep its levels go. */
export interface Leaf {
  readonly path: readonly string[];
  readonly physical: number;
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

/** Columns that have a value in every row. */
const NEVER_NULL = new Set(['timestamp', 'time_unix_nano']);

const SCALARS: Partial<Record<ColumnType, number>> = {
  TIMESTAMP: PHYSICAL.INT64,
  BIGINT: PHYSICAL.INT64,
  INTEGER: PHYSICAL.INT32,
  DOUBLE: PHYSICAL.DOUBLE,
  BOOLEAN: PHYSICAL.BOOLEAN,
  VARCHAR: PHYSICAL.BYTE_ARRAY,
};

const LIST_ELEMENTS: Partial<Record<ColumnType, number>> = {
  'BIGINT[]': PHYSICAL.INT64,
  'DOUBLE[]': PHYSICAL.DOUBLE,
};

export function isNeverNull(column: Column): boolean {
  return NEVER_NULL.has(column.name);
}

/** The leaves of a column: one for a scalar or a list, key and value for a map. */
export function leavesOf(column: Column): Leaf[] {
  const { name, type } = column;
  const scalar = SCALARS[type];
  if (scalar !== undefined) {
    return [{ path: [name], physical: scalar, maxDefinition: isNeverNull(column) ? 0 : 1, maxRepetition: 0 }];
  }
  const element = LIST_ELEMENTS[type];
  if (element !== undefined) {
    return [{ path: [name, 'list', 'element'], physical: element, maxDefinition: 1, maxRepetition: 1 }];
  }
  return [
    { path: [name, 'key_value', 'key'], physical: PHYSICAL.BYTE_ARRAY, maxDefinition: 1, maxRepetition: 1 },
    { path: [name, 'key_value', 'value'], physical: PHYSICAL.BYTE_ARRAY, maxDefinition: 2, maxRepetition: 1 },
  ];
}

interface Element {
  readonly name: string;
  readonly physical?: number;
  readonly repetition?: number;
  readonly children?: number;
  readonly converted?: number;
  readonly fieldId?: number;
  /** Writes the LogicalType union's member. */
  readonly logical?: (thrift: ThriftWriter) => void;
}

const STRING_TYPE = {
  converted: CONVERTED.UTF8,
  logical: (thrift: ThriftWriter) => thrift.struct(1, () => {}),
};
const TIMESTAMP_TYPE = {
  converted: CONVERTED.TIMESTAMP_MICROS,
  logical: (thrift: ThriftWriter) =>
    thrift.struct(8, () => {
      thrift.bool(1, true);
      thrift.struct(2, () => thrift.struct(2, () => {}));
    }),
};

/** Ids from here on belong to the parts of maps and lists. */
const NESTED_IDS = 1000;

/** The field id of the key of a map or of the element of a list; a map's value has the next one. */
export function nestedFieldId(fieldId: number): number {
  return NESTED_IDS + (fieldId - 1) * 2;
}

function elementsOf(column: Column, index: number): Element[] {
  const { name, type, fieldId = index + 1 } = column;
  const nestedId = nestedFieldId(fieldId);
  const scalar = SCALARS[type];
  if (scalar !== undefined) {
    const repetition = isNeverNull(column) ? REQUIRED : OPTIONAL;
    const annotation = type === 'VARCHAR' ? STRING_TYPE : type === 'TIMESTAMP' ? TIMESTAMP_TYPE : {};
    return [{ name, physical: scalar, repetition, fieldId, ...annotation }];
  }
  const group = (converted: number, logicalField: number): Element => ({
    name,
    repetition: REQUIRED,
    children: 1,
    converted,
    fieldId,
    logical: (thrift) => thrift.struct(logicalField, () => {}),
  });
  const element = LIST_ELEMENTS[type];
  if (element !== undefined) {
    return [
      group(CONVERTED.LIST, 3),
      { name: 'list', repetition: REPEATED, children: 1 },
      { name: 'element', physical: element, repetition: REQUIRED, fieldId: nestedId },
    ];
  }
  const text = { physical: PHYSICAL.BYTE_ARRAY, ...STRING_TYPE };
  return [
    group(CONVERTED.MAP, 2),
    { name: 'key_value', repetition: REPEATED, children: 2 },
    { name: 'key', repetition: REQUIRED, fieldId: nestedId, ...text },
    { name: 'value', repetition: OPTIONAL, fieldId: nestedId + 1, ...text },
  ];
}

/** Writes the footer's schema list: the root and every element below it, depth first. */
export function writeSchema(thrift: ThriftWriter, field: number, columns: readonly Column[]): void {
  const elements: Element[] = [{ name: 'schema', children: columns.length }];
  columns.forEach((column, index) => {
    elements.push(...elementsOf(column, index));
  });
  thrift.structs(field, elements.length, (i) => {
    const element = elements[i];
    if (element.physical !== undefined) thrift.i32(1, element.physical);
    if (element.repetition !== undefined) thrift.i32(3, element.repetition);
    thrift.string(4, element.name);
    if (element.children !== undefined) thrift.i32(5, element.children);
    if (element.converted !== undefined) thrift.i32(6, element.converted);
    if (element.fieldId !== undefined) thrift.i32(9, element.fieldId);
    const { logical } = element;
    if (logical !== undefined) thrift.struct(10, () => logical(thrift));
  });
}
