import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { expect, it } from 'vitest';
import { encodeRequest } from '../../../../otlp/test/otlp-proto.ts';
import { input, ORGANIZATION } from '../../../test/cooking.ts';
import { HOUR, HOUR_NS, sourceOf } from '../../../test/rollup-points.ts';
import { cook } from '../../cook/index.ts';
import { rollHour } from '../index.ts';
import { MAX_EXPONENTIAL_BUCKETS } from './exponential.ts';

interface Sent {
  readonly scale: number;
  readonly offset: number;
  readonly counts: readonly number[];
  readonly zero?: readonly [count: number, threshold: number];
}

/** The hour's row of delta points. */
async function rolled(points: readonly Sent[]) {
  const data_points = points.map(({ scale, offset, counts, zero = [0, 0] }, i) => ({
    time_unix_nano: String(HOUR_NS + BigInt(i) * 15_000_000_000n),
    scale,
    zero_count: zero[0],
    zero_threshold: zero[1],
    count: counts.reduce((sum, n) => sum + n, zero[0]),
    positive: { offset, bucket_counts: counts },
  }));
  const metric = { name: 'seconds', exponential_histogram: { data_points, aggregation_temporality: 1 } };
  const body = encodeRequest('metrics', { resource_metrics: [{ scope_metrics: [{ metrics: [metric] }] }] });
  const { segments } = cook({
    organization: ORGANIZATION,
    signal: 'metrics',
    inputs: [input('metrics', body)],
  });
  const inputs = segments.map(({ key, rows, parquet }) => ({ key, rows, source: sourceOf(parquet) }));
  const hour = rollHour({ table: 'exp_histogram', hour: HOUR, inputs }).find(
    ({ table }) => table === 'rollup_3600s',
  );
  const [row] = await parquetReadObjects({
    file: new Uint8Array(hour?.parquet ?? []).buffer,
    compressors,
  });
  return {
    scale: row.scale,
    offset: row.positive_offset,
    counts: row.positive_bucket_counts.map(Number),
    zero: [Number(row.zero_count), row.zero_threshold],
  };
}

it.each([
  {
    what: 'the same scale',
    points: [
      { scale: 0, offset: 1, counts: [1, 2] },
      { scale: 0, offset: 2, counts: [3, 4] },
    ],
    sum: { scale: 0, offset: 1, counts: [1, 5, 4], zero: [0, 0] },
  },
  {
    what: 'the lower of two scales',
    points: [
      { scale: 1, offset: -3, counts: [1, 2, 4, 8] },
      { scale: 0, offset: 0, counts: [16] },
    ],
    // Indices -3, -2, -1, 0 become -2, -1, -1, 0.
    sum: { scale: 0, offset: -2, counts: [1, 6, 24], zero: [0, 0] },
  },
  {
    what: 'the wider zero bucket, to the end of the bucket that it cuts',
    points: [
      { scale: 0, offset: 0, counts: [1, 2, 4], zero: [5, 0] as const },
      { scale: 0, offset: 3, counts: [8], zero: [10, 3] as const },
    ],
    // (1, 2] and (2, 4] begin below 3.
    sum: { scale: 0, offset: 2, counts: [4, 8], zero: [18, 4] },
  },
  {
    what: 'buckets that are empty at the ends left out',
    points: [{ scale: 3, offset: 0, counts: [0, 0, 7, 0] }],
    sum: { scale: 3, offset: 2, counts: [7], zero: [0, 0] },
  },
])('adds exponential histograms up: $what', async ({ points, sum }) => {
  expect(await rolled(points)).toEqual(sum);
});

it.each([
  {
    what: 'two far apart',
    points: [
      { scale: 5, offset: -5000, counts: [1] },
      { scale: 5, offset: 5000, counts: [2] },
    ],
  },
  {
    what: 'as far as offsets go',
    points: [
      { scale: 20, offset: -(2 ** 31), counts: [1] },
      { scale: 20, offset: 2 ** 31 - 1, counts: [2] },
    ],
  },
  {
    what: 'one of very many buckets',
    points: [{ scale: 8, offset: 0, counts: Array.from({ length: 2000 }, () => 1) }],
  },
])('lowers the scale until the buckets are few enough: $what', async ({ points }) => {
  const sent = points.flatMap(({ counts }) => counts).reduce((sum, n) => sum + n, 0);
  const { counts, scale } = await rolled(points);
  expect(counts.length).toBeLessThanOrEqual(MAX_EXPONENTIAL_BUCKETS);
  expect(counts.length).toBeGreaterThan(1);
  expect(scale).toBeLessThan(points[0].scale);
  expect(counts.reduce((sum: number, n: number) => sum + n, 0)).toBe(sent);
});
