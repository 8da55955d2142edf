import { ProtoWriter } from '@lakewright/otlp';
import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, it } from 'vitest';
import { encodeRequest } from '../../../otlp/test/otlp-proto.ts';
import { BadObjectError } from '../errors.ts';
import { type RawObject, storedColumns, type TableName } from '../index.ts';
import { cook } from './index.ts';

type Signal = 'logs' | 'traces' | 'metrics';
type Cell = unknown;
type Rows = Record<string, Cell>[];

const ORGANIZATION = '12340000-0000-4000-8000-000000000000';
const ARRIVED = 1_700_000_000_123_456_789n;

function input(signal: Signal, bytes: Uint8Array, name = 'a'): { object: RawObject; bytes: Uint8Array } {
  const key = `otel-raw/${ORGANIZATION}/default/${signal}_${name}.binpb`;
  return {
    object: {
      id: 1n,
      organization: ORGANIZATION,
      collector: 'default',
      signal,
      key,
      etag: 'e',
      size: bytes.length,
      arrivedNs: ARRIVED,
    },
    bytes,
  };
}

/** Cooks one request and reads every segment back with another Parquet reader. */
async function cookAndRead(signal: Signal, request: object): Promise<Partial<Record<TableName, Rows>>> {
  const bytes = encodeRequest(signal, request);
  const { segments } = cook({ organization: ORGANIZATION, signal, inputs: [input(signal, bytes)] });
  const tables: Partial<Record<TableName, Rows>> = {};
  for (const { table, parquet, rows } of segments) {
    const read = await parquetReadObjects({ file: parquet.buffer as ArrayBuffer, compressors });
    expect(read.length).toBe(rows);
    expect(Object.keys(read[0])).toEqual(storedColumns(table).map(({ name }) => name));
    tables[table] = [...(tables[table] ?? []), ...read];
  }
  return tables;
}

// --- random OTLP values, as protobufjs takes them ---

type AnyValue =
  | { string_value: string }
  | { bool_value: boolean }
  | { int_value: string }
  | { double_value: number }
  | { bytes_value: Buffer }
  | { array_value: { values: AnyValue[] } }
  | { kvlist_value: { values: KeyValue[] } }
  | Record<string, never>;
interface KeyValue {
  key: string;
  value: AnyValue;
}

const text = fc.string({ unit: 'grapheme', maxLength: 10 });
const key = text.filter((k) => k !== '__proto__');
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b));
const { value: anyValue } = fc.letrec<{ value: AnyValue }>((tie) => ({
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
const attributes = fc.uniqueArray(fc.record({ key, value: anyValue }), {
  selector: (kv) => kv.key,
  maxLength: 5,
});
const time = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String);
const near = fc.bigInt({ min: 1_700_000_000_000_000_000n, max: 1_700_090_000_000_000_000n }).map(String);
const uint32 = fc.nat({ max: 0xffffffff });
const resource = fc.record({ attributes, dropped_attributes_count: uint32 });
const scope = fc.record({ name: text, version: text, attributes, dropped_attributes_count: uint32 });

// --- what the tables should then hold, said independently of the decoder ---

function json(value: AnyValue): string {
  if ('string_value' in value) return quote(value.string_value);
  if ('bool_value' in value) return String(value.bool_value);
  if ('int_value' in value) return value.int_value;
  if ('double_value' in value) return jsonDouble(value.double_value);
  if ('bytes_value' in value) return `"${value.bytes_value.toString('base64')}"`;
  if ('array_value' in value) return `[${value.array_value.values.map(json).join(',')}]`;
  if ('kvlist_value' in value) return jsonObject(value.kvlist_value.values);
  return 'null';
}

function jsonObject(entries: KeyValue[]): string {
  return `{${entries.map((kv) => `${quote(kv.key)}:${json(kv.value)}`).join(',')}}`;
}

function quote(value: string): string {
  return JSON.stringify(value).replaceAll('\\b', '\\u0008').replaceAll('\\f', '\\u000c');
}

function jsonDouble(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${plainDouble(value)}.0` : plainDouble(value);
}

function plainDouble(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

const LETTERS: [string, string, string][] = [
  ['string_value', 's', 'string'],
  ['bool_value', 'b', 'bool'],
  ['int_value', 'i', 'int'],
  ['double_value', 'd', 'double'],
  ['bytes_value', 'x', 'bytes'],
  ['array_value', 'a', 'array'],
  ['kvlist_value', 'm', 'kvlist'],
];

function kind(value: AnyValue): [string, string] {
  const found = LETTERS.find(([field]) => field in value);
  return found === undefined ? ['n', 'empty'] : [found[1], found[2]];
}

function plain(value: AnyValue): string | null {
  if (kind(value)[0] === 'n') return null;
  if ('string_value' in value) return value.string_value;
  if ('bytes_value' in value) return value.bytes_value.toString('base64');
  return 'double_value' in value ? plainDouble(value.double_value) : json(value);
}

function mapOf(list: KeyValue[]): Record<string, string | null> {
  return Object.fromEntries(list.map((kv) => [kv.key, plain(kv.value)]));
}

function typesOf(list: KeyValue[]): string | null {
  const letters = list.map((kv) => kind(kv.value)[0]).join('');
  return /^s*$/.test(letters) ? null : letters;
}

const orNull = (value: string) => (value === '' ? null : value);
const micros = (ns: string) => new Date(Number(BigInt(ns) / 1_000_000n));

interface Group {
  resource: { attributes: KeyValue[]; dropped_attributes_count: number };
  schema_url: string;
  scope: { name: string; version: string; attributes: KeyValue[]; dropped_attributes_count: number };
  scope_schema_url: string;
}
const group: fc.Arbitrary<Group> = fc.record({
  resource,
  schema_url: text,
  scope,
  scope_schema_url: text,
});

function groupColumns(g: Group): Record<string, Cell> {
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
function expectRows(actual: Rows | undefined, expected: Rows, by: string): void {
  const order = (a: Record<string, Cell>, b: Record<string, Cell>) =>
    String(a[by]) < String(b[by]) ? -1 : 1;
  const strip = (rows: Rows) => rows.map(({ stream_id, series_id, ...rest }) => rest).sort(order);
  expect(strip(actual ?? [])).toEqual(strip(expected));
}

const RUNS = { numRuns: 60, endOnFailure: true };

describe('cook', () => {
  it('keeps every field of random log records', async () => {
    const record = fc.record({
      time_unix_nano: fc.oneof(time, near, fc.constant('0')),
      observed_time_unix_nano: fc.oneof(near, fc.constant('0')),
      severity_number: fc.nat({ max: 24 }),
      severity_text: text,
      body: anyValue,
      attributes,
      dropped_attributes_count: uint32,
      flags: uint32,
      trace_id: fc.oneof(bytes(16), bytes(0)),
      span_id: fc.oneof(bytes(8), bytes(0)),
    });
    const groups = fc.array(fc.tuple(group, fc.array(record, { maxLength: 6 })), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(groups, async (all) => {
        let n = 0;
        const named = all.map(
          ([g, records]) => [g, records.map((r) => ({ ...r, event_name: `e${n++}` }))] as const,
        );
        const tables = await cookAndRead('logs', {
          resource_logs: named.map(([g, log_records]) => ({
            resource: g.resource,
            schema_url: g.schema_url,
            scope_logs: [{ scope: g.scope, schema_url: g.scope_schema_url, log_records }],
          })),
        });
        const expected = named.flatMap(([g, records]) =>
          records.map((r) => {
            const at = [r.time_unix_nano, r.observed_time_unix_nano, String(ARRIVED)].find((t) => t !== '0');
            return {
              ...groupColumns(g),
              timestamp: micros(at ?? ''),
              time_unix_nano: BigInt(at ?? ''),
              observed_time_unix_nano:
                r.observed_time_unix_nano === '0' ? null : BigInt(r.observed_time_unix_nano),
              trace_id: orNull(r.trace_id.toString('hex')),
              span_id: orNull(r.span_id.toString('hex')),
              severity_number: r.severity_number,
              severity_text: orNull(r.severity_text),
              body: plain(r.body),
              body_type: kind(r.body)[0] === 'n' ? null : kind(r.body)[1],
              event_name: r.event_name,
              log_attributes: mapOf(r.attributes),
              log_attribute_types: typesOf(r.attributes),
              flags: BigInt(r.flags),
              dropped_attributes_count: BigInt(r.dropped_attributes_count),
            };
          }),
        );
        expectRows(tables.logs, expected, 'event_name');
      }),
      RUNS,
    );
  });

  it('keeps every field of random spans, their events and links', async () => {
    const event = fc.record({
      time_unix_nano: near,
      name: text,
      attributes,
      dropped_attributes_count: uint32,
    });
    const link = fc.record({
      trace_id: bytes(16),
      span_id: bytes(8),
      trace_state: text,
      attributes,
      dropped_attributes_count: uint32,
      flags: uint32,
    });
    const span = fc.record({
      trace_id: bytes(16),
      span_id: bytes(8),
      parent_span_id: fc.oneof(bytes(8), bytes(0)),
      trace_state: text,
      kind: fc.nat({ max: 5 }),
      start_time_unix_nano: near,
      end_time_unix_nano: near,
      attributes,
      dropped_attributes_count: uint32,
      events: fc.array(event, { maxLength: 3 }),
      dropped_events_count: uint32,
      links: fc.array(link, { maxLength: 2 }),
      dropped_links_count: uint32,
      status: fc.record({ message: text, code: fc.nat({ max: 2 }) }),
      flags: uint32,
    });
    await fc.assert(
      fc.asyncProperty(group, fc.array(span, { maxLength: 8 }), async (g, unnamed) => {
        const spans = unnamed.map((s, i) => ({ ...s, name: `s${i}` }));
        const tables = await cookAndRead('traces', {
          resource_spans: [
            {
              resource: g.resource,
              schema_url: g.schema_url,
              scope_spans: [{ scope: g.scope, schema_url: g.scope_schema_url, spans }],
            },
          ],
        });
        const list = (parts: string[]) => (parts.length === 0 ? null : `[${parts.join(',')}]`);
        const expected = spans.map((s) => ({
          ...groupColumns(g),
          timestamp: micros(s.start_time_unix_nano),
          time_unix_nano: BigInt(s.start_time_unix_nano),
          duration_nano: BigInt(s.end_time_unix_nano) - BigInt(s.start_time_unix_nano),
          trace_id: s.trace_id.toString('hex'),
          span_id: s.span_id.toString('hex'),
          parent_span_id: orNull(s.parent_span_id.toString('hex')),
          trace_state: orNull(s.trace_state),
          span_name: s.name,
          span_kind: s.kind,
          status_code: s.status.code,
          status_message: orNull(s.status.message),
          span_attributes: mapOf(s.attributes),
          span_attribute_types: typesOf(s.attributes),
          events: list(
            s.events.map(
              (e) =>
                `{"attributes":${jsonObject(e.attributes)},"name":${quote(e.name)},"time_unix_nano":${e.time_unix_nano},` +
                `"dropped_attributes_count":${e.dropped_attributes_count}}`,
            ),
          ),
          links: list(
            s.links.map(
              (l) =>
                `{"attributes":${jsonObject(l.attributes)},"trace_id":"${l.trace_id.toString('hex')}",` +
                `"span_id":"${l.span_id.toString('hex')}","trace_state":${quote(l.trace_state)},` +
                `"dropped_attributes_count":${l.dropped_attributes_count},"flags":${l.flags}}`,
            ),
          ),
          flags: BigInt(s.flags),
          dropped_attributes_count: BigInt(s.dropped_attributes_count),
          dropped_events_count: BigInt(s.dropped_events_count),
          dropped_links_count: BigInt(s.dropped_links_count),
        }));
        // hyparquet parses nothing here: the JSON columns are text, so exact text is compared.
        expectRows(tables.traces, expected, 'span_name');
      }),
      RUNS,
    );
  });

  it('keeps every field of random data points of all five kinds', async () => {
    const count = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String);
    const double = fc.double({ noNaN: true });
    const head = { attributes, start_time_unix_nano: fc.oneof(near, fc.constant('0')), time_unix_nano: near };
    const optional = fc.option(double, { nil: undefined });
    const number = fc.record({
      ...head,
      value: fc.oneof(fc.record({ as_double: double }), fc.record({ as_int: int64 }), fc.constant({})),
    });
    const histogram = fc.record({
      ...head,
      count,
      sum: optional,
      min: optional,
      max: optional,
      bucket_counts: fc.array(count, { maxLength: 5 }),
      explicit_bounds: fc.array(double, { maxLength: 5 }),
    });
    const buckets = fc.record({ offset: fc.integer(), bucket_counts: fc.array(count, { maxLength: 4 }) });
    const exponential = fc.record({
      ...head,
      count,
      sum: optional,
      min: optional,
      max: optional,
      scale: fc.integer(),
      zero_count: count,
      zero_threshold: double,
      positive: buckets,
      negative: buckets,
    });
    const summary = fc.record({
      ...head,
      count,
      sum: double,
      quantile_values: fc.array(fc.record({ quantile: double, value: double }), { maxLength: 3 }),
    });
    const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { maxLength: 4 });
    const all = fc.record({
      group,
      name: text,
      description: text,
      unit: text,
      metadata: attributes,
      temporality: fc.nat({ max: 2 }),
      is_monotonic: fc.boolean(),
      gauge: some(number),
      sum: some(number),
      histogram: some(histogram),
      exponential: some(exponential),
      summary: some(summary),
    });
    await fc.assert(
      fc.asyncProperty(all, async (m) => {
        const numbered = <T extends object>(points: T[]) =>
          points.map((point, i) => ({ ...point, flags: i }));
        const flat = <T extends { value: object }>(points: T[]) =>
          numbered(points.map(({ value, ...rest }) => ({ ...rest, ...value })));
        const names = { name: m.name, description: m.description, unit: m.unit, metadata: m.metadata };
        const aggregation_temporality = m.temporality;
        const g = m.group;
        const tables = await cookAndRead('metrics', {
          resource_metrics: [
            {
              resource: g.resource,
              schema_url: g.schema_url,
              scope_metrics: [
                {
                  scope: g.scope,
                  schema_url: g.scope_schema_url,
                  metrics: [
                    { ...names, gauge: { data_points: flat(m.gauge) } },
                    {
                      ...names,
                      sum: {
                        data_points: flat(m.sum),
                        aggregation_temporality,
                        is_monotonic: m.is_monotonic,
                      },
                    },
                    { ...names, histogram: { data_points: numbered(m.histogram), aggregation_temporality } },
                    {
                      ...names,
                      exponential_histogram: {
                        data_points: numbered(m.exponential),
                        aggregation_temporality,
                      },
                    },
                    { ...names, summary: { data_points: numbered(m.summary) } },
                  ],
                },
              ],
            },
          ],
        });
        const common = (
          p: { attributes: KeyValue[]; start_time_unix_nano: string; time_unix_nano: string },
          i: number,
        ) => ({
          ...groupColumns(g),
          timestamp: micros(p.time_unix_nano),
          time_unix_nano: BigInt(p.time_unix_nano),
          start_time_unix_nano: p.start_time_unix_nano === '0' ? null : BigInt(p.start_time_unix_nano),
          metric_name: m.name,
          metric_description: orNull(m.description),
          metric_unit: orNull(m.unit),
          metric_attributes: mapOf(p.attributes),
          metric_attribute_types: typesOf(p.attributes),
          metric_metadata: m.metadata.length === 0 ? null : jsonObject(m.metadata),
          flags: BigInt(i),
          exemplars: null,
        });
        const value = (v: { as_double?: number; as_int?: string }) => ({
          value: v.as_double ?? (v.as_int === undefined ? null : Number(v.as_int)),
          value_int: v.as_int === undefined ? null : BigInt(v.as_int),
        });
        const bounds = (p: { count: string; sum?: number; min?: number; max?: number }) => ({
          count: BigInt(p.count),
          sum: p.sum ?? null,
          min: p.min ?? null,
          max: p.max ?? null,
        });
        const temporality = { aggregation_temporality };
        expectRows(
          tables.gauge,
          m.gauge.map((p, i) => ({ ...common(p, i), ...value(p.value) })),
          'flags',
        );
        expectRows(
          tables.sum,
          m.sum.map((p, i) => ({
            ...common(p, i),
            ...value(p.value),
            ...temporality,
            is_monotonic: m.is_monotonic,
          })),
          'flags',
        );
        expectRows(
          tables.histogram,
          m.histogram.map((p, i) => ({
            ...common(p, i),
            ...bounds(p),
            bucket_counts: p.bucket_counts.map(BigInt),
            explicit_bounds: p.explicit_bounds,
            ...temporality,
          })),
          'flags',
        );
        expectRows(
          tables.exp_histogram,
          m.exponential.map((p, i) => ({
            ...common(p, i),
            ...bounds(p),
            scale: p.scale,
            zero_count: BigInt(p.zero_count),
            zero_threshold: p.zero_threshold,
            positive_offset: p.positive.offset,
            positive_bucket_counts: p.positive.bucket_counts.map(BigInt),
            negative_offset: p.negative.offset,
            negative_bucket_counts: p.negative.bucket_counts.map(BigInt),
            ...temporality,
          })),
          'flags',
        );
        expectRows(
          tables.summary,
          m.summary.map((p, i) => ({
            ...common(p, i),
            count: BigInt(p.count),
            sum: p.sum,
            quantiles: p.quantile_values.map((q) => q.quantile),
            quantile_values: p.quantile_values.map((q) => q.value),
          })),
          'flags',
        );
      }),
      RUNS,
    );
  });

  it('keeps exemplars with their exact values and ids', async () => {
    const exemplars = [
      {
        filtered_attributes: [{ key: 'user', value: { string_value: 'a' } }],
        time_unix_nano: '1700000000000000001',
        as_int: '9007199254740993',
        trace_id: Buffer.alloc(16, 0xab),
        span_id: Buffer.alloc(8, 0xcd),
      },
      { time_unix_nano: '1700000000000000002', as_double: 2 },
    ];
    const point = { time_unix_nano: '1700000000000000000', as_int: '5', exemplars };
    const tables = await cookAndRead('metrics', {
      resource_metrics: [{ scope_metrics: [{ metrics: [{ name: 'm', sum: { data_points: [point] } }] }] }],
    });
    expect(tables.sum?.[0].exemplars).toBe(
      `[{"filtered_attributes":{"user":"a"},"time_unix_nano":1700000000000000001,"value":9007199254740993,` +
        `"trace_id":"${'ab'.repeat(16)}","span_id":"${'cd'.repeat(8)}"},` +
        `{"filtered_attributes":{},"time_unix_nano":1700000000000000002,"value":2.0,"trace_id":null,"span_id":null}]`,
    );
  });

  it('sorts logs by service, stream and time, and splits them by UTC day', () => {
    const record = fc.record({ time_unix_nano: near, event_name: fc.constant('e') });
    const request = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'), record), {
      minLength: 1,
      maxLength: 60,
    });
    return fc.assert(
      fc.asyncProperty(request, async (records) => {
        const bytes = encodeRequest('logs', {
          resource_logs: records.map(([service, host, log]) => ({
            resource: {
              attributes: [
                { key: 'service.name', value: { string_value: service } },
                { key: 'host.name', value: { string_value: host } },
              ],
            },
            scope_logs: [{ log_records: [log] }],
          })),
        });
        const { segments } = cook({
          organization: ORGANIZATION,
          signal: 'logs',
          inputs: [input('logs', bytes)],
        });
        let total = 0;
        for (const segment of segments) {
          const rows = await parquetReadObjects({ file: segment.parquet.buffer as ArrayBuffer, compressors });
          total += rows.length;
          const days = new Set(rows.map((row) => (row.time_unix_nano as bigint) / 86_400_000_000_000n));
          expect(days.size).toBe(1);
          const sortKey = (row: Record<string, unknown>) => {
            const unsigned = BigInt.asUintN(64, row.stream_id as bigint)
              .toString()
              .padStart(20, '0');
            return `${row.service_name}|${unsigned}|${row.time_unix_nano}`;
          };
          const keys = rows.map(sortKey);
          expect(keys).toEqual([...keys].sort());
          const times = rows.map((row) => row.time_unix_nano as bigint).sort((a, b) => (a < b ? -1 : 1));
          expect([segment.minTimeNs, segment.maxTimeNs]).toEqual([times[0], times[times.length - 1]]);
          expect(segment.services).toEqual([...new Set(rows.map((row) => row.service_name))].sort());
        }
        expect(total).toBe(records.length);
      }),
      RUNS,
    );
  });

  it('gives one identity to equal labels in any order, and others to others', async () => {
    const attribute = (name: string, text: string) => ({ key: name, value: { string_value: text } });
    const point = (labels: object[]) => ({
      time_unix_nano: '1700000000000000000',
      as_int: '1',
      attributes: labels,
    });
    const metric = (name: string, ...points: object[]) => ({ name, gauge: { data_points: points } });
    const tables = await cookAndRead('metrics', {
      resource_metrics: [
        {
          scope_metrics: [
            {
              metrics: [
                metric(
                  'm',
                  point([attribute('a', '1'), attribute('b', '2')]),
                  point([attribute('b', '2'), attribute('a', '1')]),
                ),
                metric('m', point([attribute('a', '2'), attribute('b', '1')])),
                metric('n', point([attribute('a', '1'), attribute('b', '2')])),
              ],
            },
          ],
        },
      ],
    });
    const ids = (tables.gauge ?? []).map((row) => row.series_id);
    expect(ids.length).toBe(4);
    expect(new Set(ids).size).toBe(3);
  });

  it('gives equal segments for equal jobs and other ids for other inputs', () => {
    const bytes = encodeRequest('logs', {
      resource_logs: [{ scope_logs: [{ log_records: [{ event_name: 'x' }] }] }],
    });
    const job = (name: string) => ({
      organization: ORGANIZATION,
      signal: 'logs' as const,
      inputs: [input('logs', bytes, name)],
    });
    expect(cook(job('a'))).toEqual(cook(job('a')));
    expect(cook(job('a')).segments[0].segmentId).not.toBe(cook(job('b')).segments[0].segmentId);
  });

  it('leaves out what cannot be stored, says why, and keeps the neighbours', () => {
    // protobufjs does not encode values this deep, so the request is written field by field.
    const w = new ProtoWriter();
    const nested = (levels: number): void => {
      if (levels === 1) w.varint(3, 1);
      else w.message(5, () => w.message(1, () => nested(levels - 1)));
    };
    const body = (levels: number) => w.message(2, () => w.message(5, () => nested(levels)));
    const late = () => w.message(2, () => w.fixed64(1, 2n ** 63n));
    w.message(1, () =>
      w.message(2, () => {
        body(64);
        body(65);
        late();
        body(64);
      }),
    );
    w.message(1, () => {
      w.message(1, () =>
        w.message(1, () => {
          w.string(1, 'deep');
          w.message(2, () => nested(200));
        }),
      );
      w.message(2, () => {
        body(1);
        body(1);
      });
    });
    const bytes = w.finish();
    const result = cook({ organization: ORGANIZATION, signal: 'logs', inputs: [input('logs', bytes)] });
    expect(result.segments.map((segment) => segment.rows)).toEqual([2]);
    expect(result.inputs).toEqual([
      {
        records: 2,
        rejected: 4,
        reasons: [
          'a value nests deeper than 64 levels',
          'a time is past 2262-04-11 (2^63-1 ns)',
          'a resource or scope attribute nests deeper than 64 levels',
        ],
      },
    ]);
  });

  it('rejects spans with wrong ids and points with counts past 2^63-1', () => {
    const ids = { trace_id: Buffer.alloc(16, 1), span_id: Buffer.alloc(8, 1) };
    const spans = [
      ids,
      { ...ids, trace_id: Buffer.alloc(15) },
      { ...ids, parent_span_id: Buffer.alloc(3) },
      { ...ids, links: [{ trace_id: Buffer.alloc(2), span_id: Buffer.alloc(8) }] },
    ];
    const traces = encodeRequest('traces', { resource_spans: [{ scope_spans: [{ spans }] }] });
    expect(
      cook({ organization: ORGANIZATION, signal: 'traces', inputs: [input('traces', traces)] }).inputs[0],
    ).toMatchObject({
      records: 1,
      rejected: 3,
    });
    const data_points = [{ count: '9223372036854775808' }, { count: '9223372036854775807' }];
    const metrics = encodeRequest('metrics', {
      resource_metrics: [{ scope_metrics: [{ metrics: [{ name: 'h', histogram: { data_points } }] }] }],
    });
    expect(
      cook({ organization: ORGANIZATION, signal: 'metrics', inputs: [input('metrics', metrics)] }).inputs[0],
    ).toMatchObject({ records: 1, rejected: 1, reasons: ['a count is above 2^63-1'] });
  });

  it('stores text that is not UTF-8 with U+FFFD and says so', async () => {
    const bytes = Buffer.from(
      encodeRequest('logs', { resource_logs: [{ scope_logs: [{ log_records: [{ event_name: 'ab' }] }] }] }),
    );
    bytes[bytes.indexOf('ab')] = 0xff;
    const { segments, inputs } = cook({
      organization: ORGANIZATION,
      signal: 'logs',
      inputs: [input('logs', bytes)],
    });
    expect(inputs[0].reasons).toEqual(['1 strings were not valid UTF-8 and are stored with U+FFFD']);
    const rows = await parquetReadObjects({ file: segments[0].parquet.buffer as ArrayBuffer, compressors });
    expect(rows[0].event_name).toBe('\ufffdb');
  });

  it('names the object that cannot be read', () => {
    const good = encodeRequest('logs', {
      resource_logs: [{ scope_logs: [{ log_records: [{ event_name: 'x' }] }] }],
    });
    const bad = good.slice(0, good.length - 1);
    const job = {
      organization: ORGANIZATION,
      signal: 'logs' as const,
      inputs: [input('logs', good, 'good'), input('logs', bad, 'bad')],
    };
    let thrown: unknown;
    try {
      cook(job);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(BadObjectError);
    expect((thrown as BadObjectError).key).toContain('logs_bad');
    expect((thrown as BadObjectError).message).toMatch(/not a valid OTLP logs export request: .*byte \d+/);
  });

  it('never does anything but cook or refuse, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Signal>('logs', 'traces', 'metrics'),
        fc.uint8Array({ maxLength: 200 }),
        (signal, junk) => {
          try {
            cook({ organization: ORGANIZATION, signal, inputs: [input(signal, junk)] });
          } catch (error) {
            expect(error).toBeInstanceOf(BadObjectError);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
