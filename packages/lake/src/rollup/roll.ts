import { LimitError } from '@lakewright/core';
import { ROLLUP_LOOKBACK_NS } from '../catalog/index.ts';
import { type MetricTable, ROLLUP_TABLES, type RollupTable, TABLES } from '../tables.ts';
import { PointInputs, type RollInput } from './inputs.ts';
import { SeriesLabels } from './labels.ts';
import { RollupRows } from './rows.ts';
import { type Points, pointsOf, type Window } from './windows/index.ts';

export type { RollInput } from './inputs.ts';

/** The length of each rollup's windows, ns. Each is a multiple of the one before, and an hour of all. */
export const FREQUENCIES_NS: Readonly<Record<RollupTable, number>> = {
  rollup_10s: 10e9,
  rollup_60s: 60e9,
  rollup_300s: 300e9,
  rollup_1200s: 1200e9,
  rollup_3600s: 3600e9,
};

const HOUR_NS = 3_600_000_000_000n;

/** Points that are worked on at once; a series is never parted. */
const PART_POINTS = 262_144;

/** Points of one hour and table that are rolled up at most: their order and times take 16 bytes each at worst. */
export const MAX_HOUR_POINTS = 16_000_000;

/** Points of one table and hour. */
export interface RollTask {
  readonly table: MetricTable;
  /** Hours since 1970-01-01T00:00Z. */
  readonly hour: number;
  readonly inputs: readonly RollInput[];
}

/** The windows of one length. */
export interface RolledTable {
  readonly table: RollupTable;
  readonly rows: number;
  /** The first and the last window's start. */
  readonly minTimeNs: bigint;
  readonly maxTimeNs: bigint;
  /** Every service_name, sorted. */
  readonly services: readonly string[];
  readonly parquet: Uint8Array<ArrayBuffer>;
}

/**
 * Rolls the points of an hour up into windows of every length: one row for each series and window that has a
 * point. What points add is compared with the ones before them, those of the last minutes before the hour
 * included. Equal inputs in equal order give equal bytes.
 *
 * Throws UnreadableSegmentError, and LimitError `maxHourPoints`.
 */
export function rollHour({ table, hour, inputs }: RollTask): RolledTable[] {
  const hourNs = BigInt(hour) * HOUR_NS;
  const span = { fromNs: hourNs - (table === 'gauge' ? 0n : ROLLUP_LOOKBACK_NS), toNs: hourNs + HOUR_NS };
  const points = new PointInputs(table, inputs, span);
  if (points.count === 0) return [];
  if (points.count > MAX_HOUR_POINTS) {
    throw new LimitError(
      'maxHourPoints',
      `an hour of ${table} has ${points.count} points; at most ${MAX_HOUR_POINTS} are rolled up`,
      { hint: 'send fewer points, or those of other services as another organization' },
    );
  }
  const series = findSeries(points, hourNs);
  if (series.firsts.length === 0) return [];
  const columns = new Set(TABLES[table].map(({ name }) => name));
  const labels = new SeriesLabels(table, columns, points, series.firsts);
  const levels = ROLLUP_TABLES.map(
    (rollup) => new RollupRows(rollup, FREQUENCIES_NS[rollup], hourNs, labels, points.count),
  );
  fillWindows(pointsOf(table, points, hourNs), series, levels);
  const services = labels.texts('service_name').sort();
  return levels.flatMap((level, i) => {
    const file = level.finish();
    if (file === undefined) return [];
    return {
      table: ROLLUP_TABLES[i],
      rows: file.rows,
      minTimeNs: hourNs + BigInt(file.least),
      maxTimeNs: hourNs + BigInt(file.most),
      services,
      parquet: file.parquet,
    };
  });
}

/** Where the series are among the points. */
interface SeriesPlaces {
  /** Of every point, ns in the hour; below 0 before it. */
  readonly times: Float64Array;
  /** Of each series with points in the hour, where its points begin and end, those before the hour included. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** The first point in the hour. */
  readonly firsts: Int32Array;
}

function findSeries(points: PointInputs, hourNs: bigint): SeriesPlaces {
  const { count } = points;
  const times = new Float64Array(count);
  const ids = points.reader('series_id');
  const timeReader = points.reader('time_unix_nano');
  const hourLow = Number(hourNs & 0xffff_ffffn);
  const hourHigh = Number(hourNs >> 32n);
  const starts: number[] = [];
  const ends: number[] = [];
  const firsts: number[] = [];
  let start = 0;
  let first = -1;
  let idLow = 0;
  let idHigh = 0;
  const end = (at: number) => {
    if (first < 0) return;
    starts.push(start);
    ends.push(at);
    firsts.push(first);
  };
  for (let from = 0; from < count; from += PART_POINTS) {
    const part = Math.min(PART_POINTS, count - from);
    const id = wordsOf(ids.next(part));
    const time = wordsOf(timeReader.next(part));
    for (let i = 0; i < part; i++) {
      const at = from + i;
      if (id[i * 2] !== idLow || id[i * 2 + 1] !== idHigh || at === 0) {
        if (at > 0) end(at);
        idLow = id[i * 2];
        idHigh = id[i * 2 + 1];
        start = at;
        first = -1;
      }
      times[at] = (time[i * 2 + 1] - hourHigh) * 0x1_0000_0000 + (time[i * 2] - hourLow);
      if (first < 0 && times[at] >= 0) first = at;
    }
  }
  end(count);
  return {
    times,
    starts: Int32Array.from(starts),
    ends: Int32Array.from(ends),
    firsts: Int32Array.from(firsts),
  };
}

function wordsOf(data: ReturnType<ReturnType<PointInputs['reader']>['next']>): Uint32Array {
  if (data.kind !== 'int64') throw new RangeError('a column is not of integers');
  return data.words;
}

/** One level's window that is being filled. */
interface OpenWindow {
  readonly rows: RollupRows;
  readonly window: Window;
  /** Its number in the hour; -1 when it is empty. */
  number: number;
}

function fillWindows(points: Points, series: SeriesPlaces, levels: readonly RollupRows[]): void {
  const { starts, ends, times } = series;
  const open = levels.map((rows): OpenWindow => ({ rows, window: points.window(), number: -1 }));
  let base = 0;
  for (let at = 0; at < starts.length; ) {
    let next = at + 1;
    while (next < starts.length && ends[next] - base <= PART_POINTS) next++;
    const to = ends[next - 1];
    points.load(to - base, times.subarray(base, to));
    for (; at < next; at++) fillSeries(points, at, starts[at], ends[at], base, times, open);
    base = to;
  }
}

function fillSeries(
  points: Points,
  series: number,
  start: number,
  end: number,
  base: number,
  times: Float64Array,
  open: readonly OpenWindow[],
): void {
  let before = -1;
  const [shortest] = open;
  const { frequencyNs } = shortest.rows;
  for (let at = start; at < end; at++) {
    const time = times[at];
    if (time >= 0) {
      const number = Math.floor(time / frequencyNs);
      if (number !== shortest.number) {
        closeWindows(open, series, time);
        shortest.number = number;
      }
      shortest.window.add(at - base, before);
    }
    if (points.isComparable(at - base)) before = at - base;
  }
  closeWindows(open, series, Number.POSITIVE_INFINITY);
}

/** Writes the windows that end before `time` and adds each to the next longer one. */
function closeWindows(open: readonly OpenWindow[], series: number, time: number): void {
  for (let level = 0; level < open.length; level++) {
    const { rows, window, number } = open[level];
    if (number < 0 || Math.floor(time / rows.frequencyNs) === number) return;
    rows.begin(series, number);
    window.write(rows);
    rows.end();
    const longer = open[level + 1];
    if (longer !== undefined) {
      longer.number = Math.floor((number * rows.frequencyNs) / longer.rows.frequencyNs);
      longer.window.merge(window);
    }
    window.clear();
    open[level].number = -1;
  }
}
