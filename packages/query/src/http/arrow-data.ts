import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api';
import { type Data, type DataType, type List, type Map_, makeData, Struct } from 'apache-arrow';
import { EngineError } from '../errors.ts';
import { arrowType } from './arrow-types.ts';
import { type Nested, nestedType, toText } from './values.ts';

type Values = readonly (DuckDBValue | undefined)[];

/** A column's values in Arrow's memory layout. */
export function arrowData(type: DuckDBType, values: Values): Data {
  const target = arrowType(type);
  const nested = nestedType(type);
  return nested === undefined ? flatData(type, target, values) : nestedData(nested, target, values);
}

function nestedData(nested: Nested, type: DataType, values: Values): Data {
  const head = { type, length: values.length, ...validity(values) };
  if (nested.kind === 'struct') {
    const children = nested.names.map((name, i) =>
      arrowData(
        nested.types[i],
        values.map((value) => (value instanceof DuckDBStructValue ? value.entries[name] : null)),
      ),
    );
    return makeData({ ...head, type: type as Struct, children });
  }
  if (nested.kind === 'list') {
    const { offsets, items } = flatten(values, (value) =>
      value instanceof DuckDBListValue || value instanceof DuckDBArrayValue ? value.items : [],
    );
    return makeData({
      ...head,
      type: type as List,
      valueOffsets: offsets,
      child: arrowData(nested.item, items),
    });
  }
  const { offsets, items } = flatten(values, (value) =>
    value instanceof DuckDBMapValue ? value.entries : [],
  );
  const entries = makeData({
    type: new Struct((type as Map_).childType.children),
    length: items.length,
    nullCount: 0,
    children: [
      arrowData(
        nested.key,
        items.map((entry) => entry.key),
      ),
      arrowData(
        nested.value,
        items.map((entry) => entry.value),
      ),
    ],
  });
  return makeData({ ...head, type: type as Map_, valueOffsets: offsets, child: entries as never });
}

function flatten<T>(values: Values, itemsOf: (value: DuckDBValue | undefined) => readonly T[]) {
  const offsets = new Int32Array(values.length + 1);
  const items: T[] = [];
  for (const [i, value] of values.entries()) {
    for (const item of itemsOf(value)) items.push(item);
    offsets[i + 1] = items.length;
  }
  return { offsets, items };
}

function flatData(type: DuckDBType, target: DataType, values: Values): Data {
  const head = { length: values.length, ...validity(values) };
  const fixed = fixedWidth(type.typeId, values);
  if (fixed !== undefined) return makeData({ ...head, type: target as never, data: fixed as never });
  const bytes = values.map((value) =>
    value instanceof DuckDBBlobValue ? Buffer.from(value.bytes) : Buffer.from(text(value)),
  );
  const valueOffsets = new Int32Array(values.length + 1);
  for (const [i, { length }] of bytes.entries()) valueOffsets[i + 1] = valueOffsets[i] + length;
  return makeData({ ...head, type: target as never, valueOffsets, data: Buffer.concat(bytes) as never });
}

const text = (value: DuckDBValue | undefined): string => (isNull(value) ? '' : (toText(value) ?? ''));

const isNull = (value: DuckDBValue | undefined): value is null | undefined =>
  value === null || value === undefined;

function validity(values: Values): { nullCount: number; nullBitmap?: Uint8Array } {
  const nullCount = values.reduce<number>((count, value) => count + (isNull(value) ? 1 : 0), 0);
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap: bits(values, (value) => !isNull(value)) };
}

function bits(values: Values, isSet: (value: DuckDBValue | undefined) => boolean): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(values.length / 8));
  for (const [i, value] of values.entries()) if (isSet(value)) bitmap[i >> 3] |= 1 << (i & 7);
  return bitmap;
}

const number = (value: DuckDBValue | undefined): number => (typeof value === 'number' ? value : 0);
const integer = (value: DuckDBValue | undefined): bigint => (typeof value === 'bigint' ? value : 0n);

/** The values of a type of fixed width side by side; undefined for the others. */
function fixedWidth(id: DuckDBTypeId, values: Values): ArrayBufferView | undefined {
  switch (id) {
    case DuckDBTypeId.BOOLEAN:
      return bits(values, (value) => value === true);
    case DuckDBTypeId.TINYINT:
      return Int8Array.from(values, number);
    case DuckDBTypeId.SMALLINT:
      return Int16Array.from(values, number);
    case DuckDBTypeId.INTEGER:
      return Int32Array.from(values, number);
    case DuckDBTypeId.UTINYINT:
      return Uint8Array.from(values, number);
    case DuckDBTypeId.USMALLINT:
      return Uint16Array.from(values, number);
    case DuckDBTypeId.UINTEGER:
      return Uint32Array.from(values, number);
    case DuckDBTypeId.FLOAT:
      return Float32Array.from(values, number);
    case DuckDBTypeId.DOUBLE:
      return Float64Array.from(values, number);
    case DuckDBTypeId.BIGINT:
      return BigInt64Array.from(values, integer);
    case DuckDBTypeId.UBIGINT:
      return BigUint64Array.from(values, integer);
    case DuckDBTypeId.HUGEINT:
      return decimals(values, integer);
    case DuckDBTypeId.DECIMAL:
      return decimals(values, (value) => (value instanceof DuckDBDecimalValue ? value.value : 0n));
    case DuckDBTypeId.DATE:
      return Int32Array.from(values, (value) => (value instanceof DuckDBDateValue ? value.days : 0));
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_TZ:
    case DuckDBTypeId.TIMESTAMP_S:
    case DuckDBTypeId.TIMESTAMP_MS:
    case DuckDBTypeId.TIMESTAMP_NS:
      return BigInt64Array.from(values, sinceEpoch);
    default:
      return undefined;
  }
}

/** In the unit of the type itself. */
function sinceEpoch(value: DuckDBValue | undefined): bigint {
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return value.micros;
  if (value instanceof DuckDBTimestampSecondsValue) return value.seconds;
  if (value instanceof DuckDBTimestampMillisecondsValue) return value.millis;
  return value instanceof DuckDBTimestampNanosecondsValue ? value.nanos : 0n;
}

const LARGEST_DECIMAL = 10n ** 38n - 1n;

function decimals(values: Values, unscaled: (value: DuckDBValue | undefined) => bigint): Uint32Array {
  const words = new BigUint64Array(values.length * 2);
  for (const [i, value] of values.entries()) {
    const exact = unscaled(value);
    if (exact > LARGEST_DECIMAL || exact < -LARGEST_DECIMAL) {
      throw new EngineError(`${exact} has more digits than an Arrow decimal`, { hint: 'cast it to VARCHAR' });
    }
    words[2 * i] = BigInt.asUintN(64, exact);
    words[2 * i + 1] = BigInt.asUintN(64, exact >> 64n);
  }
  return new Uint32Array(words.buffer);
}
