import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import type { MetricObjectWithValues, MetricValue } from 'prom-client';

type Metric = MetricObjectWithValues<MetricValue<string>>;
type Value = Metric['values'][number] & { readonly metricName?: string };

/** From when the counters count to now, in milliseconds since the epoch. */
interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * What a registry of prom-client holds, as OpenTelemetry has it, under the names that Prometheus knows: counters are
 * cumulative sums, gauges gauges, histograms histograms with their buckets. A summary is its sum and count, and a gauge
 * of its quantiles. Values that are no finite numbers (a gauge that nobody set) are left out.
 */
export function metricData(metrics: readonly Metric[], span: Span): MetricData[] {
  return metrics.flatMap((metric) => dataOf(metric, span)).filter(({ dataPoints }) => dataPoints.length > 0);
}

function dataOf(metric: Metric, span: Span): MetricData[] {
  const values = (metric.values as Value[]).filter(({ value }) => Number.isFinite(value));
  // prom-client's types have an enum where its objects have the enum's words.
  switch (String(metric.type)) {
    case 'counter':
      return [sum(metric, metric.name, values, span)];
    case 'histogram':
      return [histogram(metric, values, span)];
    case 'summary':
      return [
        ...['sum', 'count'].map((part) => {
          const name = `${metric.name}_${part}`;
          return sum(
            metric,
            name,
            values.filter(({ metricName }) => metricName === name),
            span,
          );
        }),
        gauge(
          metric,
          values.filter(({ metricName = metric.name }) => metricName === metric.name),
          span,
        ),
      ];
    default:
      return [gauge(metric, values, span)];
  }
}

function base({ help }: Metric, name: string) {
  return {
    descriptor: { name, description: help, unit: '', valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
}

function sum(metric: Metric, name: string, values: readonly Value[], span: Span): MetricData {
  const dataPoints = values.map(({ labels, value }) => point(labels, value, span));
  return { ...base(metric, name), dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
}

function gauge(metric: Metric, values: readonly Value[], span: Span): MetricData {
  const dataPoints = values.map(({ labels, value }) => point(labels, value, span));
  return { ...base(metric, metric.name), dataPointType: DataPointType.GAUGE, dataPoints };
}

function histogram(metric: Metric, values: readonly Value[], span: Span): MetricData {
  const series = Map.groupBy(values, ({ labels }) => JSON.stringify(attributesOf(labels, 'le')));
  const dataPoints = [...series.values()].map((parts) =>
    point(parts[0].labels, bucketsOf(metric.name, parts), span, 'le'),
  );
  return { ...base(metric, metric.name), dataPointType: DataPointType.HISTOGRAM, dataPoints };
}

/** Prometheus counts a value in every bucket that is large enough, OpenTelemetry in the first. */
function bucketsOf(name: string, parts: readonly Value[]): Histogram {
  const of = (part: string) => parts.find(({ metricName }) => metricName === `${name}_${part}`)?.value ?? 0;
  const bounds = parts
    .filter(({ metricName, labels }) => metricName === `${name}_bucket` && labels.le !== '+Inf')
    .map(({ labels, value }) => ({ bound: Number(labels.le), value }))
    .sort((a, b) => a.bound - b.bound);
  const cumulative = [...bounds.map(({ value }) => value), of('count')];
  return {
    buckets: {
      boundaries: bounds.map(({ bound }) => bound),
      counts: cumulative.map((count, i) => count - (cumulative[i - 1] ?? 0)),
    },
    sum: of('sum'),
    count: of('count'),
  };
}

function point<T>(
  labels: Value['labels'],
  value: T,
  { startMs, endMs }: Span,
  without?: string,
): DataPoint<T> {
  return {
    attributes: attributesOf(labels, without),
    startTime: hrTime(startMs),
    endTime: hrTime(endMs),
    value,
  };
}

function attributesOf(labels: Value['labels'], without?: string): Attributes {
  const named = Object.entries(labels).filter(([name, value]) => name !== without && value !== undefined);
  return Object.fromEntries(named.map(([name, value]) => [name, String(value)]));
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
