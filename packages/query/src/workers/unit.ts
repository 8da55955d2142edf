import { BadInputError, isOrganization } from '@lakewright/core';
import {
  type ColumnType,
  type PlannedSegment,
  storedColumns,
  TABLE_NAMES,
  type TableName,
} from '@lakewright/lake';
import type { Bounds } from '../sql/bounds.ts';
import type { MapKey } from '../sql/columns.ts';
import { type ExactJson, type ExactObject, isObject, parseExact, stringifyExact } from '../sql/exact-json.ts';
import { type Condition, parseCondition } from './conditions.ts';

/** A segment as a unit names it. */
export type UnitSegment = Omit<PlannedSegment, 'organization' | 'table'>;

/** The first rows in an order, which are all that a query needs of each unit. */
export interface Take {
  readonly rows: number;
  readonly order: readonly {
    readonly column: string;
    readonly descending: boolean;
    readonly nullsFirst: boolean;
  }[];
}

/** What the values of `unit.keys[index]` are called in the answer. */
export const keyColumn = (index: number): string => `__lakewright_key_${index}`;

/**
 * Segments of one table that one worker reads, and what of them: plain data, never SQL. The answer is the
 * multiset of their rows within the bounds that meet every condition, or the first of them by `take`.
 */
export interface Unit {
  readonly organization: string;
  readonly table: TableName;
  /** Stored columns; none when only the number of rows counts. */
  readonly columns: readonly string[];
  /** Single keys of map columns of which nothing else is needed: answered as text columns, named by keyColumn. */
  readonly keys: readonly MapKey[];
  /** Whether equal rows are answered once, with how many there are of them. */
  readonly counted: boolean;
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  readonly conditions: readonly Condition[];
  readonly take?: Take;
  readonly segments: readonly UnitSegment[];
  /** Bytes that the answer may have. */
  readonly maxAnswerBytes: number;
}

/** The bounds of a unit's rows. */
export const boundsOf = ({ startNs, endNs }: Unit): Bounds => ({ startNs, endNs });

/** The unit as JSON, integers exact. */
export function encodeUnit(unit: Unit): string {
  const json: ExactJson = {
    organization: unit.organization,
    table: unit.table,
    columns: unit.columns,
    keys: unit.keys.map(({ column, key }) => [column, key]),
    counted: unit.counted,
    startNs: unit.startNs ?? null,
    endNs: unit.endNs ?? null,
    conditions: unit.conditions as unknown as ExactJson,
    take: (unit.take ?? null) as unknown as ExactJson,
    segments: unit.segments.map(({ segmentId, key, rows, bytes, minTimeNs, maxTimeNs }) => [
      segmentId,
      key,
      rows,
      bytes,
      minTimeNs,
      maxTimeNs,
    ]),
    maxAnswerBytes: unit.maxAnswerBytes,
  };
  return stringifyExact(json);
}

/** Reads what `encodeUnit` wrote. Throws BadInputError for anything else: no part of it is taken on trust. */
export function parseUnit(text: string): Unit {
  let json: ExactJson;
  try {
    json = parseExact(text);
  } catch (error) {
    throw new BadInputError('the unit is not JSON', { cause: error });
  }
  if (!isObject(json)) throw wrong('unit');
  const table = tableOf(json.table);
  const types = new Map(storedColumns(table).map(({ name, type }) => [name, type]));
  const columns = textsOf(json.columns, 'columns');
  if (columns.some((name) => !types.has(name)) || new Set(columns).size < columns.length)
    throw wrong('columns');
  if (typeof json.counted !== 'boolean') throw wrong('counted');
  const take = json.take === null ? undefined : takeOf(json.take, types);
  if (take !== undefined && json.counted) throw wrong('take');
  return {
    organization: organizationOf(json.organization),
    table,
    columns,
    keys: arrayOf(json.keys, 'keys').map((each) => keyOf(each, types)),
    counted: json.counted,
    startNs: timeOf(json.startNs, 'startNs'),
    endNs: timeOf(json.endNs, 'endNs'),
    conditions: arrayOf(json.conditions, 'conditions').map((each) => {
      const condition = parseCondition(each, types);
      if (condition === undefined) throw wrong('conditions');
      return condition;
    }),
    take,
    segments: arrayOf(json.segments, 'segments').map(segmentOf),
    maxAnswerBytes: countOf(json.maxAnswerBytes, 'maxAnswerBytes'),
  };
}

const wrong = (field: string) =>
  new BadInputError(`the unit's ${field} is not what a query API of this version sends`);

function tableOf(value: ExactJson | undefined): TableName {
  const table = TABLE_NAMES.find((name) => name === value);
  if (table === undefined) throw wrong('table');
  return table;
}

function organizationOf(value: ExactJson | undefined): string {
  if (typeof value !== 'string' || !isOrganization(value)) throw wrong('organization');
  return value;
}

function arrayOf(value: ExactJson | undefined, field: string): readonly ExactJson[] {
  if (!Array.isArray(value)) throw wrong(field);
  return value;
}

function textsOf(value: ExactJson | undefined, field: string): string[] {
  return arrayOf(value, field).map((each) => {
    if (typeof each !== 'string') throw wrong(field);
    return each;
  });
}

function countOf(value: ExactJson | undefined, field: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw wrong(field);
  return value;
}

function bigOf(value: ExactJson | undefined, field: string): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw wrong(field);
  return BigInt(value);
}

const timeOf = (value: ExactJson | undefined, field: string): bigint | undefined =>
  value === null ? undefined : bigOf(value, field);

function keyOf(value: ExactJson, types: ReadonlyMap<string, ColumnType>): MapKey {
  const [column, key, ...more] = textsOf(value, 'keys');
  const isMap = column !== undefined && types.get(column)?.startsWith('MAP') === true;
  if (!isMap || key === undefined || more.length > 0 || key.includes('\0')) throw wrong('keys');
  return { column, key };
}

function takeOf(value: ExactJson | undefined, types: ReadonlyMap<string, ColumnType>): Take {
  if (!isObject(value)) throw wrong('take');
  const order = arrayOf(value.order, 'take').map((each) => {
    const { column, descending, nullsFirst } = isObject(each) ? each : ({} as ExactObject);
    if (typeof column !== 'string' || !types.has(column)) throw wrong('take');
    if (typeof descending !== 'boolean' || typeof nullsFirst !== 'boolean') throw wrong('take');
    return { column, descending, nullsFirst };
  });
  return { rows: countOf(value.rows, 'take'), order };
}

function segmentOf(value: ExactJson): UnitSegment {
  const [segmentId, key, rows, bytes, min, max] = arrayOf(value, 'segments');
  if (typeof segmentId !== 'string' || typeof key !== 'string' || key === '') throw wrong('segments');
  return {
    segmentId,
    key,
    rows: countOf(rows, 'segments'),
    bytes: countOf(bytes, 'segments'),
    minTimeNs: bigOf(min, 'segments'),
    maxTimeNs: bigOf(max, 'segments'),
  };
}
