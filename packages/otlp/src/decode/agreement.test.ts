import type { Signal } from '@lakewright/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRequest } from '../../test/otlp-proto.ts';
import { createDemo } from '../demo/index.ts';
import { WireError } from '../errors.ts';
import { inspectRequest } from '../wire/inspect.ts';
import { ProtoWriter } from '../wire/writer.ts';
import { DecodeContext, LogsDecoder, MetricsDecoder, newCounts, TracesDecoder } from './index.ts';

const DECODERS = { logs: LogsDecoder, traces: TracesDecoder, metrics: MetricsDecoder };

/** What the decoder makes of a request: counts, or that it is not one. */
function decoded(signal: Signal, bytes: Uint8Array): { stored: number; rejected: number } | 'not a request' {
  const counts = newCounts();
  try {
    new DECODERS[signal](new DecodeContext()).decode(bytes, 1n, counts);
  } catch (error) {
    if (error instanceof WireError) return 'not a request';
    throw error;
  }
  return { stored: counts.records, rejected: counts.rejected };
}

/** What the receiver's inspection told the sender about it. */
function inspected(
  signal: Signal,
  bytes: Uint8Array,
): { stored: number; rejected: number } | 'not a request' {
  try {
    const { records, rejected } = inspectRequest(signal, bytes);
    return { stored: records, rejected };
  } catch (error) {
    if (error instanceof WireError) return 'not a request';
    throw error;
  }
}

const demo = createDemo({ seed: 3, startNs: 1_700_000_000_000_000_000n, rate: 1000 });
const SAMPLES: Readonly<Record<Signal, Uint8Array>> = {
  logs: demo.logsRequest(6).body,
  traces: demo.tracesRequest(6).body,
  metrics: demo.pointsRequest(24).body,
};
const signal = fc.constantFrom<Signal>('logs', 'traces', 'metrics');

describe('inspection and decoding', () => {
  it('agree on every request that a byte was changed in, cut from or put into', () => {
    const change = fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.constantFrom('set', 'cut', 'put'));
    fc.assert(
      fc.property(signal, fc.array(change, { minLength: 1, maxLength: 3 }), (which, changes) => {
        const bytes = [...SAMPLES[which]];
        for (const [at, value, how] of changes) {
          const index = at % bytes.length;
          if (how === 'set') bytes[index] = value;
          else if (how === 'cut') bytes.splice(index, 1);
          else bytes.splice(index, 0, value);
        }
        const request = Uint8Array.from(bytes);
        expect(decoded(which, request)).toEqual(inspected(which, request));
      }),
      { numRuns: 5000, endOnFailure: true },
    );
  });

  it('agree on random bytes', () => {
    fc.assert(
      fc.property(signal, fc.uint8Array({ maxLength: 60 }), (which, request) => {
        expect(decoded(which, request)).toEqual(inspected(which, request));
      }),
      { numRuns: 5000, endOnFailure: true },
    );
  });

  it('agree on ids, times and counts at their limits', () => {
    const id = (...lengths: number[]) => fc.constantFrom(...lengths.map((length) => Buffer.alloc(length, 7)));
    const time = fc.constantFrom(
      '0',
      '1',
      '9223372036854775807',
      '9223372036854775808',
      '18446744073709551615',
    );
    const span = fc.record({
      trace_id: id(0, 15, 16, 16, 16),
      span_id: id(0, 8, 8, 8, 9),
      parent_span_id: id(0, 8, 8, 7),
      start_time_unix_nano: time,
      end_time_unix_nano: time,
      events: fc.array(fc.record({ time_unix_nano: time }), { maxLength: 1 }),
      links: fc.array(fc.record({ trace_id: id(16, 16, 1), span_id: id(8, 8, 0) }), { maxLength: 1 }),
    });
    const log = fc.record({
      trace_id: id(0, 3, 16),
      span_id: id(0, 3, 8),
      time_unix_nano: time,
      observed_time_unix_nano: time,
    });
    const head = {
      time_unix_nano: time,
      start_time_unix_nano: time,
      exemplars: fc.array(fc.record({ time_unix_nano: time, trace_id: id(0, 5, 16) }), { maxLength: 1 }),
    };
    const histogram = fc.record({ ...head, count: time, bucket_counts: fc.array(time, { maxLength: 2 }) });
    const buckets = fc.record({ bucket_counts: fc.array(time, { maxLength: 2 }) });
    const exponential = fc.record({
      ...head,
      count: time,
      zero_count: time,
      positive: buckets,
      negative: buckets,
    });
    const some = <T>(one: fc.Arbitrary<T>) => fc.array(one, { maxLength: 3 });
    const request = fc.oneof(
      some(span).map((spans) => ['traces', { resource_spans: [{ scope_spans: [{ spans }] }] }] as const),
      some(log).map(
        (log_records) => ['logs', { resource_logs: [{ scope_logs: [{ log_records }] }] }] as const,
      ),
      fc.tuple(some(fc.record(head)), some(histogram), some(exponential)).map(
        ([gauge, plain, wide]) =>
          [
            'metrics',
            {
              resource_metrics: [
                {
                  scope_metrics: [
                    {
                      metrics: [
                        { gauge: { data_points: gauge } },
                        { sum: { data_points: gauge } },
                        { histogram: { data_points: plain } },
                        { exponential_histogram: { data_points: wide } },
                      ],
                    },
                  ],
                },
              ],
            },
          ] as const,
      ),
    );
    fc.assert(
      fc.property(request, ([which, message]) => {
        const bytes = encodeRequest(which, message);
        const answer = decoded(which, bytes);
        expect(answer).toEqual(inspected(which, bytes));
        expect(answer).not.toBe('not a request');
      }),
      { numRuns: 2000, endOnFailure: true },
    );
  });

  it.each([
    { kind: 'histogram', data: 9, field: 4 },
    { kind: 'exponential histogram', data: 10, field: 4 },
    { kind: 'exponential histogram', data: 10, field: 7 },
    { kind: 'summary', data: 11, field: 4 },
  ])('agree that the last of several counts decides: field $field of a $kind', ({ data, field }) => {
    const request = (counts: readonly bigint[]) => {
      const writer = new ProtoWriter();
      const point = () => {
        for (const count of counts) writer.fixed64(field, count);
      };
      const metric = () => writer.message(data, () => writer.message(1, point));
      writer.message(1, () => writer.message(2, () => writer.message(2, metric)));
      return writer.finish();
    };
    const good = request([2n ** 63n, 7n]);
    expect(decoded('metrics', good)).toEqual({ stored: 1, rejected: 0 });
    expect(inspected('metrics', good)).toEqual({ stored: 1, rejected: 0 });
    const bad = request([7n, 2n ** 63n]);
    expect(decoded('metrics', bad)).toEqual({ stored: 0, rejected: 1 });
    expect(inspected('metrics', bad)).toEqual({ stored: 0, rejected: 1 });
  });
});
