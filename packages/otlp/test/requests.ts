/** Requests for tests, as plain objects for protobufjs and as bytes made by hand. */

export const TRACE_ID = Buffer.alloc(16, 0xab);
export const SPAN_ID = Buffer.alloc(8, 0xcd);
export const MAX_INT64 = '9223372036854775807';
export const PAST_INT64 = '9223372036854775808';

export type Json = Record<string, unknown>;

export const logs = (...records: Json[]): Json => ({
  resource_logs: [{ scope_logs: [{ log_records: records }] }],
});
export const spans = (...items: Json[]): Json => ({ resource_spans: [{ scope_spans: [{ spans: items }] }] });
export const metrics = (...items: Json[]): Json => ({
  resource_metrics: [{ scope_metrics: [{ metrics: items }] }],
});
export const span = (extra: Json = {}): Json => ({
  trace_id: TRACE_ID,
  span_id: SPAN_ID,
  name: 's',
  ...extra,
});
export const gauge = (...points: Json[]): Json => ({ name: 'g', gauge: { data_points: points } });

export const attribute = (value: Json): Json => ({ key: 'a', value });

/** A length-delimited field: protobufjs refuses to build what nests deeper than 100. */
export function field(tag: number, ...parts: Uint8Array[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Buffer.from([tag, ...varint(size)]), ...parts]);
}

/** An AnyValue at whose `level` there is a string, with arrays all the way down. */
export function arrays(level: number): Buffer {
  let value = field(0x0a, Buffer.from('x'));
  for (let i = 1; i < level; i++) value = field(0x2a, field(0x0a, value));
  return value;
}

/** The same with kvlists; at the last level there is a key without a value when `last` is `nothing`. */
export function maps(level: number, last: 'string' | 'nothing' = 'string'): Buffer {
  let member = Buffer.concat([KEY, last === 'string' ? field(0x12, field(0x0a, Buffer.from('x'))) : NOTHING]);
  for (let i = 2; i < level; i++)
    member = Buffer.concat([KEY, field(0x12, field(0x32, field(0x0a, member)))]);
  return field(0x32, field(0x0a, member));
}

const NOTHING = Buffer.alloc(0);
export const KEY = field(0x0a, Buffer.from('k'));
export const RECORD = field(0x12);
/** A request around the content of one ResourceX. */
export const resourceGroup = (...parts: Buffer[]): Buffer => field(0x0a, ...parts);
/** A request around the content of one ScopeX. */
export const scopeGroup = (...parts: Buffer[]): Buffer => resourceGroup(field(0x12, ...parts));

export function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
