import type { ColumnData } from '../parquet/index.ts';
import type { Column, MetricTable } from '../tables.ts';
import type { PointInputs } from './inputs.ts';

/** What is the same in all windows of a series, taken from its first point in the hour. */
export class SeriesLabels {
  readonly #columns = new Map<string, ColumnData>();
  readonly #kind: MetricTable;
  readonly #inputs: PointInputs;
  readonly #points: Int32Array;
  readonly #tableColumns: ReadonlySet<string>;

  /** `points` are the first point of each series, in order. */
  constructor(kind: MetricTable, tableColumns: ReadonlySet<string>, inputs: PointInputs, points: Int32Array) {
    this.#kind = kind;
    this.#tableColumns = tableColumns;
    this.#inputs = inputs;
    this.#points = points;
  }

  /** A column of rows of which each is of a series. */
  column({ name }: Column, series: Int32Array): ColumnData {
    if (name === 'metric_kind') return constantText(this.#kind, series.length);
    if (!this.#tableColumns.has(name)) return nulls(name, series.length);
    return spread(this.#of(name), series);
  }

  /** The distinct texts of a column. */
  texts(name: string): string[] {
    const data = this.#of(name);
    if (data.kind !== 'strings') throw new RangeError(`${name} is no text`);
    const { ids, table } = data;
    const decoder = new TextDecoder();
    return [...new Set(ids)].map((id) =>
      id < 0 ? '' : decoder.decode(table.arena.subarray(table.offsets[id], table.offsets[id + 1])),
    );
  }

  #of(name: string): ColumnData {
    let data = this.#columns.get(name);
    if (data === undefined) {
      data = this.#inputs.pick(name, this.#points);
      this.#columns.set(name, data);
    }
    return data;
  }
}

/** The columns that some kinds of metrics lack. */
function nulls(name: string, rows: number): ColumnData {
  const marks = new Uint8Array(rows).fill(1);
  if (name === 'is_monotonic') return { kind: 'boolean', values: new Uint8Array(rows), nulls: marks };
  if (name === 'aggregation_temporality') {
    return { kind: 'int32', values: new Int32Array(rows), nulls: marks };
  }
  throw new RangeError(`nothing gives the column ${name}`);
}

function constantText(text: string, rows: number): ColumnData {
  const arena = new TextEncoder().encode(text);
  return {
    kind: 'strings',
    ids: new Int32Array(rows),
    table: { arena, offsets: Int32Array.of(0, arena.length), count: 1, compare: () => 0 },
  };
}

/** Row by row, what the series of the row has. */
function spread(data: ColumnData, series: Int32Array): ColumnData {
  switch (data.kind) {
    case 'strings':
      return { ...data, ids: follow(data.ids, series, new Int32Array(series.length)) };
    case 'map':
      return {
        ...data,
        starts: follow(data.starts, series, new Int32Array(series.length)),
        lengths: follow(data.lengths, series, new Int32Array(series.length)),
      };
    case 'int64':
      return {
        kind: 'int64',
        words: followWords(data.words, series),
        nulls: followNulls(data.nulls, series),
      };
    case 'int32':
      return {
        kind: 'int32',
        values: follow(data.values, series, new Int32Array(series.length)),
        nulls: followNulls(data.nulls, series),
      };
    case 'boolean':
      return {
        kind: 'boolean',
        values: follow(data.values, series, new Uint8Array(series.length)),
        nulls: followNulls(data.nulls, series),
      };
    default:
      throw new RangeError(`a label is no ${data.kind}`);
  }
}

function follow<Values extends Int32Array | Uint8Array>(
  from: Values,
  series: Int32Array,
  to: Values,
): Values {
  for (let row = 0; row < series.length; row++) to[row] = from[series[row]];
  return to;
}

function followNulls(nulls: Uint8Array | undefined, series: Int32Array): Uint8Array | undefined {
  return nulls === undefined ? undefined : follow(nulls, series, new Uint8Array(series.length));
}

function followWords(words: Uint32Array, series: Int32Array): Uint32Array {
  const to = new Uint32Array(series.length * 2);
  for (let row = 0; row < series.length; row++) {
    to[row * 2] = words[series[row] * 2];
    to[row * 2 + 1] = words[series[row] * 2 + 1];
  }
  return to;
}
