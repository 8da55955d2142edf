import fc from 'fast-check';
import { describe, it } from 'vitest';
import { ARRIVED, cookAndRead } from '../../test/cooking.ts';
import {
  anyValue,
  attributes,
  bytes,
  expectRows,
  group,
  groupColumns,
  int64,
  jsonObject,
  type KeyValue,
  kind,
  mapOf,
  micros,
  near,
  orNull,
  plain,
  quote,
  RUNS,
  text,
  time,
  typesOf,
  uint32,
} from '../../test/random-otlp.ts';

describe('cooking random requests', () => {
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
});
