import { DataPointType, type HistogramMetricData, type MetricData } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { metricData } from './metric-data.ts';

const SPAN = { startMs: 1_000_000_000_123, endMs: 1_000_000_060_456.5 };
const dataOf = async (registry: Registry): Promise<MetricData[]> =>
  metricData(await registry.getMetricsAsJSON(), SPAN);
/** Metrics by name, with what matters of each point. */
const summaryOf = (all: readonly MetricData[]) =>
  Object.fromEntries(
    all.map(({ descriptor, dataPointType, dataPoints }) => [
      `${descriptor.name} ${DataPointType[dataPointType]}`,
      dataPoints.map(({ attributes, value }) => [attributes, value]),
    ]),
  );

describe('metricData', () => {
  it('gives counters, gauges, histograms and summaries under their names', async () => {
    const registers = [new Registry()];
    const more = { help: 'what it is', registers };
    const counter = new Counter({ name: 'c_total', labelNames: ['a'], ...more });
    counter.inc({ a: 'x' }, 2);
    counter.inc({ a: 'y' }, 0.5);
    new Gauge({ name: 'g', ...more }).set(-3);
    new Gauge({ name: 'unset', ...more }).set(Number.NaN);
    new Summary({ name: 's', percentiles: [0.5], ...more }).observe(7);
    const histogram = new Histogram({ name: 'h', labelNames: ['a'], buckets: [0.1, 1], ...more });
    for (const value of [0.05, 0.5, 0.6, 5]) histogram.observe({ a: 'x' }, value);
    const data = await dataOf(registers[0]);
    expect(summaryOf(data)).toEqual({
      'c_total SUM': [
        [{ a: 'x' }, 2],
        [{ a: 'y' }, 0.5],
      ],
      'g GAUGE': [[{}, -3]],
      's_sum SUM': [[{}, 7]],
      's_count SUM': [[{}, 1]],
      's GAUGE': [[{ quantile: '0.5' }, 7]],
      'h HISTOGRAM': [
        [
          { a: 'x' },
          { buckets: { boundaries: [0.1, 1], counts: [1, 2, 1] }, sum: expect.closeTo(6.15), count: 4 },
        ],
      ],
    });
    expect(data[0].descriptor.description).toBe('what it is');
    const [{ startTime, endTime }] = data[0].dataPoints;
    expect([startTime, endTime]).toEqual([
      [1_000_000_000, 123_000_000],
      [1_000_000_060, 456_500_000],
    ]);
  });

  it('counts every observation of a histogram in one bucket, whatever the labels', async () => {
    const observation = fc.record({ a: fc.constantFrom('x', 'y'), value: fc.integer({ min: -5, max: 50 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(observation, { minLength: 1 }), async (observations) => {
        const registry = new Registry();
        const buckets = [0, 10, 20, 40];
        const histogram = new Histogram({
          name: 'h',
          help: 'h',
          labelNames: ['a'],
          buckets,
          registers: [registry],
        });
        for (const { a, value } of observations) histogram.observe({ a }, value);
        const [data] = (await dataOf(registry)) as HistogramMetricData[];
        for (const { attributes, value } of data.dataPoints) {
          const own = observations.filter(({ a }) => a === attributes.a).map((one) => one.value);
          const bucketOf = (n: number) => buckets.findIndex((bound) => n <= bound);
          const counts = [0, 1, 2, 3, -1].map((i) => own.filter((n) => bucketOf(n) === i).length);
          expect(value.buckets.counts).toEqual(counts);
          expect(value.count).toBe(own.length);
        }
        expect(new Set(data.dataPoints.map(({ attributes }) => attributes.a)).size).toBe(
          data.dataPoints.length,
        );
      }),
    );
  });
});
