import type { MetricTable } from '../src/index.ts';
import type { Rows } from './cooking.ts';
import { HOUR_NS } from './rollup-points.ts';

/** One raw point as another Parquet reader gives it. */
type Row = Rows[number];

/** What a window comes to, worked out from the raw points in the plainest way. */
export interface NaiveWindow {
  readonly start: bigint;
  readonly service: unknown;
  readonly points: number;
  readonly count: number | null;
  readonly sum: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly first: number | null;
  readonly last: number | null;
  readonly increase: number | null;
  readonly resets: number | null;
  readonly lastTime: bigint | null;
  /** Counts of buckets by a name that tells them apart. */
  readonly buckets: readonly (readonly [string, number])[] | null;
  readonly quantiles: readonly number[];
}

const LOOKBACK_NS = 600_000_000_000n;
const timeOf = (row: Row) => row.time_unix_nano as bigint;
const isRecorded = (table: MetricTable, row: Row) =>
  table === 'gauge' || table === 'sum' ? row.value !== null : (BigInt(row.flags as bigint) & 1n) === 0n;

/** The rows of `inputs`, which are each in order, as windows of `frequencyNs` of the hour. */
export function naiveWindows(
  table: MetricTable,
  inputs: readonly Rows[],
  frequencyNs: bigint,
): Map<string, NaiveWindow> {
  const series = new Map<string, Row[]>();
  for (const row of inputs.flat()) {
    const time = timeOf(row);
    const from = table === 'gauge' ? HOUR_NS : HOUR_NS - LOOKBACK_NS;
    if (time < from || time >= HOUR_NS + 3_600_000_000_000n) continue;
    const id = `${row.metric_name} ${row.series_id}`;
    series.set(id, [...(series.get(id) ?? []), row]);
  }
  const windows = new Map<string, NaiveWindow>();
  for (const [id, rows] of series) {
    // Stable: of equal times, the earlier input's comes first.
    rows.sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : timeOf(a) > timeOf(b) ? 1 : 0));
    const steps = stepsOf(table, rows);
    const starts = new Set(rows.map((row) => (timeOf(row) / frequencyNs) * frequencyNs));
    for (const start of starts) {
      if (start < HOUR_NS) continue;
      const within = steps.filter(({ row }) => timeOf(row) >= start && timeOf(row) < start + frequencyNs);
      windows.set(`${id} ${start}`, windowOf(table, start, within));
    }
  }
  return windows;
}

interface Step {
  readonly row: Row;
  readonly isRecorded: boolean;
  /** What it adds; undefined when that is not known. */
  readonly added: Amounts | undefined;
  readonly isReset: boolean;
  readonly isWhole: boolean;
}

interface Amounts {
  readonly value: number;
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly (readonly [string, number])[];
}

function stepsOf(table: MetricTable, rows: readonly Row[]): Step[] {
  let before: Row | undefined;
  return rows.map((row) => {
    const step = stepOf(table, row, before);
    if (step.isRecorded && !Number.isNaN(row.value as number)) before = row;
    return step;
  });
}

function stepOf(table: MetricTable, row: Row, before: Row | undefined): Step {
  const none = { row, isRecorded: isRecorded(table, row), added: undefined, isReset: false, isWhole: false };
  if (!none.isRecorded || table === 'gauge' || Number.isNaN(row.value as number)) return none;
  const temporality = table === 'summary' ? 2 : row.aggregation_temporality;
  const whole = amountsOf(table, row);
  if (temporality === 0) return none;
  if (temporality === 1) return { ...none, added: whole, isWhole: true };
  const start = row.start_time_unix_nano as bigint | null;
  if (before === undefined) {
    const isFirst = start !== null && start >= HOUR_NS - LOOKBACK_NS && start <= timeOf(row);
    return isFirst ? { ...none, added: whole, isWhole: true } : none;
  }
  const startBefore = before.start_time_unix_nano as bigint | null;
  const isOther = start !== null && startBefore !== null && start !== startBefore;
  const difference = minus(whole, amountsOf(table, before));
  const isDown =
    table === 'sum'
      ? row.is_monotonic === true && difference.value < 0
      : difference.count < 0 || difference.buckets.some(([, count]) => count < 0);
  if (!isOther && !isDown) return { ...none, added: difference };
  return { ...none, added: whole, isReset: table !== 'sum' || row.is_monotonic === true, isWhole: true };
}

function amountsOf(table: MetricTable, row: Row): Amounts {
  if (table === 'sum') return { value: row.value as number, count: 0, sum: 0, buckets: [] };
  return { value: 0, count: Number(row.count), sum: row.sum as number, buckets: bucketsOf(table, row) };
}

/** Buckets by name: of explicit ones the upper bound, of exponential ones sign, scale and index. */
export function bucketsOf(table: MetricTable, row: Row): (readonly [string, number])[] {
  const numbers = (list: unknown) => (list as unknown[]).map(Number);
  if (table === 'histogram') {
    const bounds = [...numbers(row.explicit_bounds), Number.POSITIVE_INFINITY];
    return numbers(row.bucket_counts).map((count, i) => [String(bounds[i]), count] as const);
  }
  if (table !== 'exp_histogram') return [];
  const scale = row.scale as number;
  const side = (sign: string, offset: number, counts: number[]) =>
    counts.map((count, i) => [`${sign} ${scale} ${offset + i}`, count] as const);
  return [
    ['0', Number(row.zero_count)] as const,
    ...side('+', row.positive_offset as number, numbers(row.positive_bucket_counts)),
    ...side('-', row.negative_offset as number, numbers(row.negative_bucket_counts)),
  ].filter(([name, count]) => count !== 0 || name === '0');
}

type BucketList = readonly (readonly [string, number])[];

function minus(a: Amounts, b: Amounts): Amounts {
  return {
    value: a.value - b.value,
    count: a.count - b.count,
    sum: a.sum - b.sum,
    buckets: combine(a.buckets, b.buckets, -1),
  };
}

/** Adds buckets up; those of different bounds or scales are brought to what both can say first. */
function combine(a: BucketList, b: BucketList, sign: number): BucketList {
  if (a.some(([name]) => /^[+-] /.test(name)) || b.some(([name]) => /^[+-] /.test(name))) {
    const scales = [...a, ...b].flatMap(([name]) => (name === '0' ? [] : Number(name.split(' ')[1])));
    const scale = Math.min(...scales);
    return added([...atScale(a, scale), ...atScale(b, scale).map(([n, c]) => [n, sign * c] as const)]);
  }
  const names = new Set(b.map(([name]) => name));
  const common = a.map(([name]) => name).filter((name) => names.has(name));
  return added([...within(a, common), ...within(b, common).map(([n, c]) => [n, sign * c] as const)]);
}

function atScale(buckets: BucketList, scale: number): BucketList {
  return buckets.map(([name, count]) => {
    if (name === '0') return [name, count] as const;
    const [side, from, index] = name.split(' ');
    return [`${side} ${scale} ${Math.floor(Number(index) / 2 ** (Number(from) - scale))}`, count] as const;
  });
}

function within(buckets: BucketList, bounds: readonly string[]): BucketList {
  return buckets.map(([name, count]) => {
    const bound = bounds.find((candidate) => Number(candidate) >= Number(name));
    return [bound ?? name, count] as const;
  });
}

function added(buckets: BucketList): BucketList {
  const sums = new Map<string, number>();
  for (const [name, count] of buckets) sums.set(name, (sums.get(name) ?? 0) + count);
  return [...sums];
}

function windowOf(table: MetricTable, start: bigint, steps: readonly Step[]): NaiveWindow {
  const recorded = steps.filter((step) => step.isRecorded);
  const rows = recorded.map(({ row }) => row);
  const head = { start, service: steps[0].row.service_name, points: steps.length };
  const lastTime = rows.length === 0 ? null : timeOf(rows[rows.length - 1]);
  if (table === 'gauge' || table === 'sum') {
    const values = rows.map((row) => row.value as number);
    const real = values.filter((value) => !Number.isNaN(value));
    const isSpecified = table === 'sum' && rows.some((row) => row.aggregation_temporality !== 0);
    const hasResets = rows.some((row) => row.aggregation_temporality === 2 && row.is_monotonic === true);
    return {
      ...head,
      lastTime,
      count: values.length,
      sum: values.length === 0 ? null : values.reduce((a, b) => a + b, 0),
      min: real.length === 0 ? null : Math.min(...real),
      max: real.length === 0 ? null : Math.max(...real),
      first: values[0] ?? null,
      last: values[values.length - 1] ?? null,
      increase: isSpecified ? recorded.reduce((sum, { added }) => sum + (added?.value ?? 0), 0) : null,
      resets: hasResets ? recorded.filter(({ isReset }) => isReset).length : null,
      buckets: null,
      quantiles: real.toSorted((a, b) => a - b),
    };
  }
  return { ...head, lastTime, ...distribution(table, recorded), first: null, last: null, increase: null };
}

function distribution(
  table: MetricTable,
  recorded: readonly Step[],
): Omit<NaiveWindow, 'start' | 'service' | 'points' | 'first' | 'last' | 'increase' | 'lastTime'> {
  const rows = recorded.map(({ row }) => row);
  const temporality = (row: Row) => (table === 'summary' ? 2 : row.aggregation_temporality);
  const isUnspecified = rows.some((row) => temporality(row) === 0);
  const known = recorded.filter((step) => step.added !== undefined);
  const telling = recorded.filter(
    ({ row, added }) => (added === undefined ? Number(row.count) : added.count) > 0,
  );
  const hasBounds = telling.every(({ row, isWhole }) => isWhole && row.min !== null && row.min !== undefined);
  const least = telling.map(({ row }) => row.min as number);
  const most = telling.map(({ row }) => row.max as number);
  const isKnown = hasBounds && telling.length > 0;
  const last = rows[rows.length - 1];
  return {
    count: isUnspecified ? null : known.reduce((sum, { added }) => sum + (added?.count ?? 0), 0),
    sum:
      isUnspecified || rows.length === 0
        ? null
        : known.reduce((sum, { added }) => sum + (added?.sum ?? 0), 0),
    min: isKnown ? Math.min(...least) : null,
    max: isKnown ? Math.max(...most) : null,
    resets: rows.some((row) => temporality(row) === 2)
      ? recorded.filter(({ isReset }) => isReset).length
      : null,
    buckets:
      isUnspecified || known.length === 0 || table === 'summary'
        ? null
        : known.map(({ added }) => added?.buckets ?? []).reduce((a, b) => combine(a, b, 1)),
    quantiles: table === 'summary' && last !== undefined ? (last.quantile_values as number[]) : [],
  };
}
