import {
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBUnionType,
  DuckDBUnionValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { formatMicros, formatTime } from './time.ts';

/** What JSON.stringify writes of a value. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/**
 * A value as the JSON answers have it: integers past 2^53 and decimals as strings, times as RFC 3339 in
 * UTC, lists as arrays, maps and structs as objects, blobs in base64, what is no number as "NaN",
 * "Infinity" or "-Infinity", and everything else as DuckDB writes it.
 */
export function toJson(value: DuckDBValue): JsonValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return integerJson(value);
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(toJson);
  if (value instanceof DuckDBMapValue) return mapJson(value);
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([name, entry]) => [name, toJson(entry)]));
  }
  if (value instanceof DuckDBUnionValue) return toJson(value.value);
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
  return timeText(value) ?? String(value);
}

/** An integer as a number, and as a string where a number could not hold it exactly. */
export function integerJson(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function mapJson(map: DuckDBMapValue): JsonValue {
  const entries = map.entries.map(({ key, value }) => {
    const name = toJson(key);
    return [typeof name === 'string' ? name : JSON.stringify(name), toJson(value)] as const;
  });
  return Object.fromEntries(entries);
}

/** RFC 3339 of a timestamp of any precision; undefined of everything else and of infinite ones. */
function timeText(value: DuckDBValue): string | undefined {
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) {
    return formatMicros(value.micros);
  }
  if (value instanceof DuckDBTimestampSecondsValue) return formatMicros(value.seconds * 1_000_000n);
  if (value instanceof DuckDBTimestampMillisecondsValue) return formatMicros(value.millis * 1000n);
  if (value instanceof DuckDBTimestampNanosecondsValue && value.isFinite) return formatTime(value.nanos);
  return undefined;
}

/** The types inside of a nested type, by which Arrow and others describe it. */
export type Nested =
  | { readonly kind: 'list'; readonly item: DuckDBType }
  | { readonly kind: 'map'; readonly key: DuckDBType; readonly value: DuckDBType }
  | { readonly kind: 'struct'; readonly names: readonly string[]; readonly types: readonly DuckDBType[] };

/** How `type` is nested, or undefined when it is not. A union has no one type: it is written as text. */
export function nestedType(type: DuckDBType): Nested | undefined {
  if (type instanceof DuckDBUnionType) return undefined;
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    return { kind: 'list', item: type.valueType };
  }
  if (type instanceof DuckDBMapType) return { kind: 'map', key: type.keyType, value: type.valueType };
  if (type instanceof DuckDBStructType) {
    return { kind: 'struct', names: type.entryNames, types: type.entryTypes };
  }
  return undefined;
}

/** One value as text, for formats without types: nested ones as JSON. */
export function toText(value: DuckDBValue): string | null {
  const json = toJson(value);
  if (json === null) return null;
  return typeof json === 'object' ? JSON.stringify(json) : String(json);
}
