import fc from 'fast-check';
import { encodeRequest } from '../../otlp/test/otlp-proto.ts';
import { cook, type MetricTable, type RollInput } from '../src/index.ts';
import { input, ORGANIZATION } from './cooking.ts';

/** The hour that is rolled up: 2025-10-09T08:00Z. */
export const HOUR = 488_936;
export const HOUR_NS = BigInt(HOUR) * 3_600_000_000_000n;

/** A point that is to be sent; times are seconds in the hour. */
export interface SentPoint {
  readonly at: number;
  readonly start: number | undefined;
  readonly isUnrecorded: boolean;
  /** Of a gauge or sum. */
  readonly value: number;
  /** Of a distribution: how many were observed in each bucket. */
  readonly buckets: readonly number[];
  readonly shape: 0 | 1 | 2;
  readonly min: number | undefined;
  /** In which request it comes. */
  readonly batch: number;
}

export interface SentSeries {
  readonly table: MetricTable;
  readonly name: string;
  readonly service: string;
  readonly temporality: 0 | 1 | 2;
  readonly isMonotonic: boolean;
  readonly points: readonly SentPoint[];
}

/** Bounds that senders use: the second ones lack one of the first, the third have one of their own. */
export const BOUNDS = [
  [1, 5, 10],
  [1, 10],
  [1, 7, 10],
] as const;

const NUMBERS = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -50, max: 1000 }) },
  { weight: 2, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, 0, 1e-9) },
);

const POINT: fc.Arbitrary<SentPoint> = fc.record({
  at: fc.oneof(
    fc.integer({ min: -900, max: 3700 }),
    fc.integer({ min: -12, max: 25 }),
    fc.constantFrom(-1e-9, 0, 10, 3599.999999999, 3600, 1200),
  ),
  start: fc.constantFrom(undefined, -100_000, -300, 20),
  isUnrecorded: fc.integer({ min: 0, max: 11 }).map((n) => n === 0),
  value: NUMBERS,
  buckets: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 4, maxLength: 4 }),
  shape: fc.constantFrom<0 | 1 | 2>(0, 0, 0, 1, 2),
  min: fc.constantFrom(undefined, 0.5, 3),
  batch: fc.integer({ min: 0, max: 3 }),
});

/** Series of `table`, some of them with values that only grow, as counters do. */
export function seriesOf(table: MetricTable): fc.Arbitrary<SentSeries[]> {
  const one = fc.record({
    table: fc.constant(table),
    name: fc.constantFrom('a', 'b', 'requests'),
    service: fc.constantFrom('cart', 'web'),
    temporality: fc.constantFrom<0 | 1 | 2>(0, 1, 2, 2),
    isMonotonic: fc.boolean(),
    points: fc.array(POINT, { minLength: 1, maxLength: 25 }),
    grows: fc.boolean(),
  });
  return fc
    .uniqueArray(one, {
      minLength: 1,
      maxLength: 4,
      selector: ({ name, service }) => `${name} ${service}`,
    })
    .map((all) => all.map(({ grows, ...series }) => (grows ? grown(series) : series)));
}

/** With the values added up, as a counter that was never reset sends them. */
function grown(series: SentSeries): SentSeries {
  let value = 0;
  let buckets = [0, 0, 0, 0];
  const points = series.points
    .toSorted((a, b) => a.at - b.at)
    .map((point) => {
      value += Math.abs(point.value || 1);
      buckets = buckets.map((count, i) => count + point.buckets[i]);
      return { ...point, value, buckets, start: -100_000, shape: 0 as const };
    });
  return { ...series, points };
}

const ns = (seconds: number): bigint => HOUR_NS + BigInt(Math.round(seconds * 1e9));

function dataPoint(table: MetricTable, point: SentPoint): object {
  const head = {
    time_unix_nano: String(ns(point.at)),
    ...(point.start === undefined ? {} : { start_time_unix_nano: String(ns(point.start)) }),
    flags: point.isUnrecorded ? 1 : 0,
    attributes: [{ key: 'k', value: { string_value: 'v' } }],
  };
  if (point.isUnrecorded) return head;
  if (table === 'gauge' || table === 'sum') return { ...head, as_double: point.value };
  const count = point.buckets.reduce((sum, n) => sum + n, 0);
  const whole = { ...head, count, sum: count * 2 };
  if (table === 'summary') {
    return { ...whole, quantile_values: [{ quantile: 0.5, value: point.at }] };
  }
  const bounded = point.min === undefined ? whole : { ...whole, min: point.min, max: point.min + 1 };
  if (table === 'histogram') {
    const bounds = BOUNDS[point.shape];
    const counts = point.buckets.slice(0, bounds.length + 1);
    counts[counts.length - 1] += point.buckets.slice(counts.length).reduce((sum, n) => sum + n, 0);
    return { ...bounded, explicit_bounds: bounds, bucket_counts: counts };
  }
  const [zero, first, second, negative] = point.buckets;
  return {
    ...bounded,
    scale: 2 - point.shape,
    zero_count: zero,
    zero_threshold: 0,
    positive: { offset: 3, bucket_counts: [first, 0, second] },
    negative: { offset: -4, bucket_counts: [negative] },
  };
}

const FIELDS: Readonly<Record<MetricTable, string>> = {
  gauge: 'gauge',
  sum: 'sum',
  histogram: 'histogram',
  exp_histogram: 'exponential_histogram',
  summary: 'summary',
};

/** Cooks the points request by request; the segments of `table`, in the order in which they begin. */
export function cookSeries(
  table: MetricTable,
  series: readonly SentSeries[],
): (RollInput & { bytes: Uint8Array; segmentId: string; minTimeNs: bigint; maxTimeNs: bigint })[] {
  const batches = [...new Set(series.flatMap(({ points }) => points.map(({ batch }) => batch)))].sort();
  const cooked = batches.flatMap((batch) => {
    const resource_metrics = series.map(({ name, service, temporality, isMonotonic, points }) => ({
      resource: { attributes: [{ key: 'service.name', value: { string_value: service } }] },
      scope_metrics: [
        {
          metrics: [
            {
              name,
              unit: 's',
              [FIELDS[table]]: {
                data_points: points
                  .filter((point) => point.batch === batch)
                  .map((point) => dataPoint(table, point)),
                ...(table === 'gauge' || table === 'summary' ? {} : { aggregation_temporality: temporality }),
                ...(table === 'sum' ? { is_monotonic: isMonotonic } : {}),
              },
            },
          ],
        },
      ],
    }));
    const bytes = encodeRequest('metrics', { resource_metrics });
    return cook({
      organization: ORGANIZATION,
      signal: 'metrics',
      inputs: [input('metrics', bytes, `${batch}`)],
    }).segments;
  });
  return cooked
    .filter((segment) => segment.table === table)
    .toSorted((a, b) =>
      a.minTimeNs === b.minTimeNs ? (a.segmentId < b.segmentId ? -1 : 1) : a.minTimeNs < b.minTimeNs ? -1 : 1,
    )
    .map(({ key, rows, parquet, segmentId, minTimeNs, maxTimeNs }) => ({
      key,
      rows,
      segmentId,
      minTimeNs,
      maxTimeNs,
      bytes: parquet,
      source: sourceOf(parquet),
    }));
}

export function sourceOf(bytes: Uint8Array): RollInput['source'] {
  return {
    size: bytes.length,
    read(offset, length) {
      if (offset + length > bytes.length) throw new RangeError('it points past its end');
      return bytes.subarray(offset, offset + length);
    },
  };
}
