import { ProtoWriter } from '../wire/writer.ts';
import { GroupedRequest } from './encode.ts';
import { chooseSeries, METRICS, type MetricKind, type MetricSpec } from './metrics.ts';
import { Random } from './random.ts';
import { INSTANCE_COUNT, RESOURCES, SCOPES } from './shop.ts';
import { nanos } from './spans.ts';

/** Explicit bounds of request durations, s: those that the semantic conventions advise. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const EXP_SCALE = 3;
const EXP_OFFSET = 8;
const EXP_BUCKETS = 24;
const QUANTILES = [0, 0.5, 0.9, 0.99, 1];
const CUMULATIVE = 2;
const KIND_FIELD: Readonly<Record<MetricKind, number>> = {
  gauge: 5,
  sum: 7,
  histogram: 9,
  exp_histogram: 10,
  summary: 11,
};

/** How often a series reports when the rate leaves the choice, s. */
const CADENCE_SECONDS = 10;
/** Series of one instance, at least and at most, whatever the rate. */
const FEWEST_SERIES = 16;
const MOST_SERIES = 1200;

interface Series {
  readonly metric: MetricSpec;
  readonly attributes: readonly Uint8Array[];
  readonly pace: number;
  value: number;
  /** Bucket counts of distributions, and the sum of what was observed. */
  readonly counts: Float64Array;
  sum: number;
}

/**
 * The shop's data points. Every instance collects all its series at one time; the instances collect one
 * after the other, so that the points come evenly.
 */
export class PointStream {
  readonly #random: Random;
  readonly #request = new GroupedRequest(RESOURCES, SCOPES);
  /** By instance. */
  readonly #series: readonly (readonly Series[])[];
  readonly #perInstance: number;
  readonly #startMicros: number;
  readonly #startNanos: bigint;
  readonly #microsPerPoint: number;
  readonly #points = new ProtoWriter(1 << 14);
  #position = 0;
  #time = 0n;

  /** `numbersOnly` leaves gauges and sums. */
  constructor(seed: number, startMicros: number, perSecond: number, numbersOnly: boolean) {
    this.#random = new Random(seed, 3);
    const metrics = numbersOnly ? METRICS.filter(({ kind }) => kind === 'gauge' || kind === 'sum') : METRICS;
    const wanted = Math.round((perSecond * CADENCE_SECONDS) / INSTANCE_COUNT);
    const chosen = chooseSeries(metrics, Math.min(MOST_SERIES, Math.max(FEWEST_SERIES, wanted)));
    this.#perInstance = chosen.length;
    this.#series = RESOURCES.map(() =>
      chosen.map(({ metric, attributes, busy }) => {
        const pace = this.#random.float() * (busy ? 1 : 0.15);
        return {
          metric,
          attributes,
          pace,
          value: metric.first(pace),
          counts: new Float64Array(bucketCount(metric.kind)),
          sum: 0,
        };
      }),
    );
    this.#startMicros = startMicros;
    this.#startNanos = nanos(startMicros);
    this.#microsPerPoint = 1e6 / perSecond;
  }

  get size(): number {
    return this.#request.size;
  }

  takeRequest(): Uint8Array<ArrayBuffer> {
    return this.#request.take();
  }

  /** Adds the next `count` points to the request under construction. */
  add(count: number): void {
    let left = count;
    while (left > 0) left -= this.#metric(left);
  }

  /** Adds up to `most` points of the metric that is next; how many it added. */
  #metric(most: number): number {
    const perInstance = this.#perInstance;
    const inInstance = this.#position % perInstance;
    const collection = Math.trunc(this.#position / perInstance);
    const instance = collection % INSTANCE_COUNT;
    const list = this.#series[instance];
    const { metric } = list[inInstance];
    if (inInstance === 0) {
      const due = Math.trunc(collection * perInstance * this.#microsPerPoint);
      this.#time = nanos(this.#startMicros + due - (due % 1000));
    }
    const points = this.#points;
    points.reset();
    let added = 0;
    for (let at = inInstance; added < most && at < perInstance && list[at].metric === metric; at++) {
      this.#point(points, list[at]);
      added++;
    }
    this.#position += added;
    if (metric.kind !== 'gauge' && metric.kind !== 'summary') points.varint(2, CUMULATIVE);
    if (metric.kind === 'sum') points.bool(3, metric.monotonic);
    const writer = this.#request.bucket(instance, metric.scope);
    writer.message(2, () => {
      writer.bytes(1, metric.nameBytes);
      writer.bytes(2, metric.description);
      writer.bytes(3, metric.unit);
      writer.bytes(KIND_FIELD[metric.kind], points.finish());
    });
    return added;
  }

  #point(w: ProtoWriter, series: Series): void {
    const { kind } = series.metric;
    w.message(1, () => {
      for (const attribute of series.attributes) w.bytes(ATTRIBUTES_FIELD[kind], attribute);
      if (kind !== 'gauge') w.fixed64(2, this.#startNanos);
      w.fixed64(3, this.#time);
      if (kind === 'gauge' || kind === 'sum') this.#number(w, series);
      else this.#distribution(w, series);
    });
  }

  #number(w: ProtoWriter, series: Series): void {
    series.value = series.metric.step(this.#random, series.value, series.pace);
    if (series.metric.integer) w.fixed64(6, BigInt(series.value));
    else w.double(4, series.value);
  }

  #distribution(w: ProtoWriter, series: Series): void {
    const { metric, counts } = series;
    const fresh = metric.step(this.#random, 0, series.pace);
    observe(this.#random, series, Math.min(fresh, 64));
    let total = 0;
    for (const count of counts) total += count;
    w.fixed64(4, BigInt(total));
    w.double(5, Number(series.sum.toFixed(3)));
    if (metric.kind === 'histogram') writeExplicit(w, counts);
    else if (metric.kind === 'exp_histogram') writeExponential(w, counts);
    else writeQuantiles(w, series.pace);
  }
}

const ATTRIBUTES_FIELD: Readonly<Record<MetricKind, number>> = {
  gauge: 7,
  sum: 7,
  histogram: 9,
  exp_histogram: 1,
  summary: 7,
};

function bucketCount(kind: MetricKind): number {
  if (kind === 'histogram') return BOUNDS.length + 1;
  if (kind === 'exp_histogram') return EXP_BUCKETS;
  return kind === 'summary' ? 1 : 0;
}

/** Adds `times` observations around the series' own middle. */
function observe(random: Random, series: Series, times: number): void {
  const { counts } = series;
  const middle = (counts.length - 1) * (0.2 + series.pace * 0.4);
  for (let i = 0; i < times; i++) {
    const off = (random.float() + random.float() - 1) * counts.length * 0.3;
    const bucket = Math.min(counts.length - 1, Math.max(0, Math.round(middle + off)));
    counts[bucket]++;
    series.sum += representative(series.metric.kind, bucket);
  }
}

/** A value that falls into the bucket. */
function representative(kind: MetricKind, bucket: number): number {
  if (kind === 'histogram') return (BOUNDS[bucket] ?? 15) * 0.8;
  if (kind === 'exp_histogram') return 2 ** ((EXP_OFFSET + bucket + 0.5) / 2 ** EXP_SCALE);
  return 3;
}

function writeExplicit(w: ProtoWriter, counts: Float64Array): void {
  w.packed(6, () => {
    for (const count of counts) w.rawFixed64(BigInt(count));
  });
  w.packed(7, () => {
    for (const bound of BOUNDS) w.rawDouble(bound);
  });
}

function writeExponential(w: ProtoWriter, counts: Float64Array): void {
  w.sint(6, EXP_SCALE);
  w.fixed64(7, 0n);
  w.message(8, () => {
    w.sint(1, EXP_OFFSET);
    w.packed(2, () => {
      for (const count of counts) w.rawVarint(count);
    });
  });
}

function writeQuantiles(w: ProtoWriter, pace: number): void {
  QUANTILES.forEach((quantile, i) => {
    w.message(6, () => {
      w.double(1, quantile);
      w.double(2, Number(((1 + pace * 4) * (i + 1) ** 2).toFixed(2)));
    });
  });
}
