import fc from 'fast-check';
import { expect } from 'vitest';
import type { Cell, Rows } from './cooking.ts';

// Random OTLP values, as protobufjs takes them.

export type AnyValue =
  | { string_value: string }
  | { bool_value: boolean }
  | { int_value: string }
  | { double_value: number }
  | { bytes_value: Buffer }
  | { array_value: { values: AnyValue[] } }
  | { kvlist_value: { values: KeyValue[] } }
  | Record<string, never>;
export interface KeyValue {
  key: string;
  value: AnyValue;
}

export const text = fc.string({ unit: 'grapheme', maxLength: 10 });
export const key = text.filter((k) => k !== '__proto__');
export const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
export const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b));
export const { value: anyValue } = fc.letrec<{ value: AnyValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ string_value: text }),
    fc.record({ bool_value: fc.boolean() }),
    fc.record({ int_value: int64 }),
    fc.record({ double_value: fc.double() }),
    fc.record({ bytes_value: fc.uint8Array({ maxLength: 7 }).map((b) => Buffer.from(b)) }),
    fc.record({ array_value: fc.record({ values: fc.array(tie('value'), { maxLength: 3 }) }) }),
    fc.record({
      kvlist_value: fc.record({
        values: fc.uniqueArray(fc.record({ key, value: tie('value') }), {
          selector: (kv) => kv.key,
          maxLength: 3,
        }),
      }),
    }),
    fc.constant({}),
  ),
}));
export const attributes = fc.uniqueArray(fc.record({ key, value: anyValue }), {
  selector: (kv) => kv.key,
  maxLength: 5,
});
export const time = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String);
export const near = fc
  .bigInt({ min: 1_700_000_000_000_000_000n, max: 1_700_090_000_000_000_000n })
  .map(String);
export const uint32 = fc.nat({ max: 0xffffffff });
export const resource = fc.record({ attributes, dropped_attributes_count: uint32 });
export const scope = fc.record({ name: text, version: text, attributes, dropped_attributes_count: uint32 });

// What the tables should then hold, said independently of the decoder.

export function json(value: AnyValue): string {
  if ('string_value' in value) return quote(value.string_value);
  if ('bool_value' in value) return String(value.bool_value);
  if ('int_value' in value) return value.int_value;
  if ('double_value' in value) return jsonDouble(value.double_value);
  if ('bytes_value' in value) return `"${value.bytes_value.toString('base64')}"`;
  if ('array_value' in value) return `[${value.array_value.values.map(json).join(',')}]`;
  if ('kvlist_value' in value) return jsonObject(value.kvlist_value.values);
  return 'null';
}

export function jsonObject(entries: KeyValue[]): string {
  return `{${entries.map((kv) => `${quote(kv.key)}:${json(kv.value)}`).join(',')}}`;
}

export function quote(value: string): string {
  return JSON.stringify(value).replaceAll('\\b', '\\u0008').replaceAll('\\f', '\\u000c');
}

export function jsonDouble(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${plainDouble(value)}.0` : plainDouble(value);
}

export function plainDouble(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

export const LETTERS: [string, string, string][] = [
  ['string_value', 's', 'string'],
  ['bool_value', 'b', 'bool'],
  ['int_value', 'i', 'int'],
  ['double_value', 'd', 'double'],
  ['bytes_value', 'x', 'bytes'],
  ['array_value', 'a', 'array'],
  ['kvlist_value', 'm', 'kvlist'],
];

export function kind(value: AnyValue): [string, string] {
  const found = LETTERS.find(([field]) => field in value);
  return found === undefined ? ['n', 'empty'] : [found[1], found[2]];
}

export function plain(value: AnyValue): string | null {
  if (kind(value)[0] === 'n') return null;
  if ('string_value' in value) return value.string_value;
  if ('bytes_value' in value) return value.bytes_value.toString('base64');
  return 'double_value' in value ? plainDouble(value.double_value) : json(value);
}

export function mapOf(list: KeyValue[]): Record<string, string | null> {
  return Object.fromEntries(list.map((kv) => [kv.key, plain(kv.value)]));
}

export function typesOf(list: KeyValue[]): string | null {
  const letters = list.map((kv) => kind(kv.value)[0]).join('');
  return /^s*$/.test(letters) ? null : letters;
}

export const orNull = (value: string) => (value === '' ? null : value);
export const micros = (ns: string) => new Date(Number(BigInt(ns) / 1_000_000n));

export interface Group {
  resource: { attributes: KeyValue[]; dropped_attributes_count: number };
  schema_url: string;
  scope: { name: string; version: string; attributes: KeyValue[]; dropped_attributes_count: number };
  scope_schema_url: string;
}
export const group: fc.Arbitrary<Group> = fc.record({
  resource,
  schema_url: text,
  scope,
  scope_schema_url: text,
});

export function groupColumns(g: Group): Record<string, Cell> {
  const value = (name: string) => {
    const found = g.resource.attributes.find((kv) => kv.key === name);
    return found === undefined ? null : plain(found.value);
  };
  return {
    service_name: value('service.name') || 'unknown',
    service_namespace: value('service.namespace'),
    service_instance_id: value('service.instance.id'),
    resource_attributes: mapOf(g.resource.attributes),
    resource_attribute_types: typesOf(g.resource.attributes),
    resource_dropped_attributes_count: BigInt(g.resource.dropped_attributes_count),
    resource_schema_url: orNull(g.schema_url),
    scope_name: orNull(g.scope.name),
    scope_version: orNull(g.scope.version),
    scope_attributes: mapOf(g.scope.attributes),
    scope_attribute_types: typesOf(g.scope.attributes),
    scope_dropped_attributes_count: BigInt(g.scope.dropped_attributes_count),
    scope_schema_url: orNull(g.scope_schema_url),
  };
}

/** Compares rows by a column that is unique in the request, leaving out the identity columns. */
export function expectRows(actual: Rows | undefined, expected: Rows, by: string): void {
  const order = (a: Record<string, Cell>, b: Record<string, Cell>) =>
    String(a[by]) < String(b[by]) ? -1 : 1;
  const strip = (rows: Rows) => rows.map(({ stream_id, series_id, ...rest }) => rest).sort(order);
  expect(strip(actual ?? [])).toEqual(strip(expected));
}

export const RUNS = { numRuns: 60, endOnFailure: true };
