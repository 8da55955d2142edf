import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, it } from 'vitest';
import type { Rows } from '../../test/cooking.ts';
import { bucketsOf, type NaiveWindow, naiveWindows } from '../../test/naive-rollup.ts';
import { cookSeries, HOUR, type SentSeries, seriesOf } from '../../test/rollup-points.ts';
import { METRIC_TABLES, type MetricTable, ROLLUP_TABLES, storedColumns } from '../tables.ts';
import { FREQUENCIES_NS, rollHour, sketchQuantile } from './index.ts';

const RUNS = { numRuns: 60 };

const read = (bytes: Uint8Array): Promise<Rows> =>
  parquetReadObjects({ file: new Uint8Array(bytes).buffer, compressors });

/** Rolls the series up; the rows of every level and the raw rows from which they are. */
async function roll(table: MetricTable, series: readonly SentSeries[]) {
  const inputs = cookSeries(table, series);
  const rolled = rollHour({ table, hour: HOUR, inputs });
  const raw = await Promise.all(inputs.map(({ bytes }) => read(bytes)));
  const levels = new Map<string, Rows>();
  for (const file of rolled) {
    const rows = await read(file.parquet);
    expect(rows).toHaveLength(file.rows);
    expect(Object.keys(rows[0])).toEqual(storedColumns(file.table).map(({ name }) => name));
    const times = rows.map((row) => row.time_unix_nano as bigint).sort((a, b) => Number(a - b));
    expect([times[0], times.at(-1)]).toEqual([file.minTimeNs, file.maxTimeNs]);
    levels.set(file.table, rows);
  }
  return { levels, raw };
}

const near = (value: unknown, expected: number | null, what: string) => {
  if (expected === null) expect(value, what).toBeNull();
  else if (Number.isNaN(expected)) expect(value, what).toBeNaN();
  else expect(Math.abs(Number(value) - expected), what).toBeLessThanOrEqual(1e-6 + 1e-9 * Math.abs(expected));
};
const number = (value: unknown) => (value === null ? null : Number(value));

function expectRow(table: MetricTable, row: Rows[number], expected: NaiveWindow): void {
  expect(row.metric_kind).toBe(table);
  expect(row.service_name).toBe(expected.service);
  expect(Number(row.points), 'points').toBe(expected.points);
  expect(number(row.count), 'count').toBe(expected.count);
  near(row.sum, expected.sum, 'sum');
  near(row.increase, expected.increase, 'increase');
  for (const name of ['min', 'max', 'first', 'last'] as const) near(row[name], expected[name], name);
  expect(number(row.resets), 'resets').toBe(expected.resets);
  expect(row.last_time_unix_nano).toBe(expected.lastTime);
  if (table === 'gauge' || table === 'sum') expectQuantiles(row, expected.quantiles);
  else if (table === 'summary') expect(row.quantile_values).toEqual(expected.quantiles);
  else if (expected.buckets === null) expect(row.bucket_counts).toEqual([]);
  else {
    const filled = (buckets: readonly (readonly [string, number])[]) =>
      Object.fromEntries(
        buckets.filter(([name, count]) => table === 'histogram' || count > 0 || name === '0'),
      );
    expect(filled(bucketsOf(table, row))).toEqual(withScale(filled(expected.buckets), row.scale));
  }
}

/** Where nothing is in any bucket, the plain way loses sight of the scale. */
function withScale(buckets: Record<string, number>, scale: unknown): Record<string, number> {
  return Object.fromEntries(
    Object.entries(buckets).map(([name, count]) => {
      const [side, from, index] = name.split(' ');
      if (index === undefined) return [name, count];
      return [`${side} ${scale} ${Math.floor(Number(index) / 2 ** (Number(from) - Number(scale)))}`, count];
    }),
  );
}

function expectQuantiles(row: Rows[number], sorted: readonly number[]): void {
  const keys = (row.sketch_keys as bigint[]).map(Number);
  if (sorted.length === 0 || row.min === row.max) {
    expect(keys).toEqual([]);
    return;
  }
  expect(keys).toEqual(keys.toSorted((a, b) => a - b));
  const counts = (row.sketch_counts as bigint[]).map(Number);
  for (const q of [0, 0.25, 0.5, 0.9, 1]) {
    const exact = sorted[Math.floor(q * (sorted.length - 1))];
    const found = sketchQuantile(keys, counts, q) as number;
    expect(Math.abs(found - exact)).toBeLessThanOrEqual(0.01 * Math.abs(exact) * (1 + 1e-9));
  }
}

describe.each(METRIC_TABLES)('rolling %s up', (table) => {
  it('gives on every level what the raw points come to, a row for each series and window', async () => {
    await fc.assert(
      fc.asyncProperty(seriesOf(table), async (series) => {
        const { levels, raw } = await roll(table, series);
        for (const level of ROLLUP_TABLES) {
          const expected = naiveWindows(table, raw, BigInt(FREQUENCIES_NS[level]));
          const rows = levels.get(level) ?? [];
          const keys = rows.map((row) => `${row.metric_name} ${row.series_id} ${row.time_unix_nano}`);
          expect([...keys].sort()).toEqual([...expected.keys()].sort());
          for (const [i, row] of rows.entries()) {
            expect(row.frequency_ms).toBe(FREQUENCIES_NS[level] / 1e6);
            expectRow(table, row, expected.get(keys[i]) as NaiveWindow);
          }
        }
      }),
      RUNS,
    );
  });
});
