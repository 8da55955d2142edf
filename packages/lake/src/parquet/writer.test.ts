import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { ByteTable } from '@lakewright/otlp';
import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Column, ColumnType } from '../tables.ts';
import { type ColumnData, ParquetWriter } from './index.ts';

const column = (name: string, type: ColumnType): Column => ({ name, type, doc: '' });

/** One column of each type; `timestamp` is the one that is never NULL. */
const COLUMNS: readonly Column[] = [
  column('timestamp', 'TIMESTAMP'),
  column('text', 'VARCHAR'),
  column('big', 'BIGINT'),
  column('small', 'INTEGER'),
  column('real', 'DOUBLE'),
  column('flag', 'BOOLEAN'),
  column('labels', 'MAP(VARCHAR, VARCHAR)'),
  column('counts', 'BIGINT[]'),
  column('bounds', 'DOUBLE[]'),
];

interface Row {
  readonly timestamp: bigint;
  readonly text: string | null;
  readonly big: bigint | null;
  readonly small: number;
  readonly real: number | null;
  readonly flag: boolean;
  readonly labels: readonly (readonly [string, string | null])[];
  readonly counts: readonly bigint[];
  readonly bounds: readonly number[];
}

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: 0n, max: 3n }),
  fc.bigInt({ min: 1_700_000_000_000_000_000n, max: 1_700_000_001_000_000_000n }),
);
const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.constantFrom('a', 'bb', ''));
const label = fc.tuple(text, fc.option(text, { freq: 6, nil: null }));
const row: fc.Arbitrary<Row> = fc.record({
  timestamp: fc.bigInt({ min: 0n, max: 4_000_000_000_000_000n }),
  text: fc.option(text, { freq: 4 }),
  big: fc.option(int64, { freq: 4 }),
  small: fc.oneof(fc.integer(), fc.integer({ min: 0, max: 2 })),
  real: fc.option(fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, 1.5)), { freq: 4 }),
  flag: fc.boolean(),
  labels: fc.uniqueArray(label, { selector: ([key]) => key, maxLength: 4 }),
  counts: fc.array(int64, { maxLength: 4 }),
  bounds: fc.array(fc.double({ noNaN: true }), { maxLength: 4 }),
});

function words(values: readonly bigint[]): Uint32Array {
  return new Uint32Array(BigInt64Array.from(values).buffer);
}

function starts(lengths: readonly number[]): Int32Array {
  let at = 0;
  return Int32Array.from(lengths, (length) => {
    at += length;
    return at - length;
  });
}

/** Lays rows out as the column data that the writer takes. */
function columnData(rows: readonly Row[]): Record<string, ColumnData> {
  const table = new ByteTable();
  const id = (value: string | null) => (value === null ? -1 : table.internString(value));
  const nulls = (of: (row: Row) => unknown) => Uint8Array.from(rows, (r) => (of(r) === null ? 1 : 0));
  const labels = rows.map((r) => r.labels.length);
  const counts = rows.map((r) => r.counts.length);
  const bounds = rows.map((r) => r.bounds.length);
  return {
    timestamp: { kind: 'int64', words: words(rows.map((r) => r.timestamp)) },
    text: { kind: 'strings', ids: Int32Array.from(rows, (r) => id(r.text)), table },
    big: { kind: 'int64', words: words(rows.map((r) => r.big ?? 7n)), nulls: nulls((r) => r.big) },
    small: { kind: 'int32', values: Int32Array.from(rows, (r) => r.small) },
    real: {
      kind: 'double',
      values: Float64Array.from(rows, (r) => r.real ?? 7),
      nulls: nulls((r) => r.real),
    },
    flag: { kind: 'boolean', values: Uint8Array.from(rows, (r) => (r.flag ? 1 : 0)) },
    labels: {
      kind: 'map',
      starts: starts(labels),
      lengths: Int32Array.from(labels),
      keys: Int32Array.from(rows.flatMap((r) => r.labels.map(([key]) => id(key)))),
      values: Int32Array.from(rows.flatMap((r) => r.labels.map(([, value]) => id(value)))),
      table,
    },
    counts: {
      kind: 'int64-list',
      starts: starts(counts),
      lengths: Int32Array.from(counts),
      words: words(rows.flatMap((r) => r.counts)),
    },
    bounds: {
      kind: 'double-list',
      starts: starts(bounds),
      lengths: Int32Array.from(bounds),
      values: Float64Array.from(rows.flatMap((r) => r.bounds)),
    },
  };
}

function write(groups: readonly (readonly Row[])[]): Uint8Array<ArrayBuffer> {
  const writer = new ParquetWriter(COLUMNS);
  for (const rows of groups) {
    const data = columnData(rows);
    writer.rowGroup(rows.length, ({ name }) => data[name]);
  }
  return writer.finish();
}

/** Rows as JSON-like text that tells -0 from 0, and integers from doubles. */
function canonical(rows: readonly Row[]): string[] {
  return rows.map((r) =>
    JSON.stringify([
      r.timestamp.toString(),
      r.text,
      r.big?.toString() ?? null,
      r.small,
      r.real === null ? null : String(r.real),
      r.flag,
      [...r.labels].map(([key, value]) => [key, value]),
      r.counts.map(String),
      r.bounds.map(String),
    ]),
  );
}

async function readWithHyparquet(file: Uint8Array<ArrayBuffer>): Promise<string[]> {
  const rows = await parquetReadObjects({ file: file.buffer, compressors });
  return canonical(
    rows.map((r) => ({
      ...(r as unknown as Row),
      timestamp: BigInt((r.timestamp as Date).getTime()) * 1000n + BigInt((r.big_micros as number) ?? 0),
      labels: Object.entries(r.labels as Record<string, string | null>),
    })),
  );
}

describe('ParquetWriter', () => {
  let directory: string;
  let database: DuckDBInstance;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'lakewright-parquet-'));
    database = await DuckDBInstance.create();
  });
  afterAll(() => {
    database.closeSync();
    rmSync(directory, { recursive: true });
  });

  async function readWithDuckDb(file: Uint8Array): Promise<string[]> {
    const path = join(directory, 'file.parquet');
    writeFileSync(path, file);
    const connection = await database.connect();
    try {
      const reader = await connection.runAndReadAll(
        `select epoch_us("timestamp") as timestamp, text, big, small, real, flag,
           map_keys(labels) as keys, map_values(labels) as vals, counts, bounds
           from read_parquet('${path}')`,
      );
      return canonical(
        reader.getRowObjectsJS().map((r) => ({
          ...(r as unknown as Row),
          labels: (r.keys as string[]).map((key, i) => [key, (r.vals as (string | null)[])[i]] as const),
        })),
      );
    } finally {
      connection.closeSync();
    }
  }

  it('writes what DuckDB reads back equal, whatever the values', async () => {
    const groups = fc.array(fc.array(row, { minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(groups, async (rows) => {
        expect(await readWithDuckDb(write(rows))).toEqual(canonical(rows.flat()));
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  it('writes what hyparquet reads back equal, whatever the values', async () => {
    // hyparquet gives times as Dates, which hold milliseconds, and maps as objects, whose numeric keys move.
    const plain = row.map((r) => ({
      ...r,
      timestamp: (r.timestamp / 1000n) * 1000n,
      labels: r.labels.map(([key, value], i): [string, string | null] => [`k${i}${key}`, value]),
    }));
    await fc.assert(
      fc.asyncProperty(fc.array(plain, { minLength: 1, maxLength: 300 }), async (rows) => {
        expect(await readWithHyparquet(write([rows]))).toEqual(canonical(rows));
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  it('takes columns in which every value is NULL and every list empty', async () => {
    const rows: Row[] = Array.from({ length: 20 }, () => ({
      timestamp: 0n,
      text: null,
      big: null,
      small: 0,
      real: null,
      flag: false,
      labels: [],
      counts: [],
      bounds: [],
    }));
    const file = write([rows]);
    expect(await readWithDuckDb(file)).toEqual(canonical(rows));
    expect(await readWithHyparquet(file)).toEqual(canonical(rows));
  });

  it('keeps NaN and the infinities', async () => {
    const rows: Row[] = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0].map((real) => ({
      timestamp: 1n,
      text: 'x',
      big: 1n,
      small: 1,
      real,
      flag: true,
      labels: [],
      counts: [],
      bounds: [real],
    }));
    const back = await parquetReadObjects({ file: write([rows]).buffer, compressors });
    expect(back.map((r) => r.real)).toEqual(rows.map((r) => r.real));
    expect(back.map((r) => (r.bounds as number[])[0])).toEqual(rows.map((r) => r.real));
  });

  it('gives equal bytes for equal input', () => {
    const rows = fc.sample(row, { numRuns: 100, seed: 7 });
    expect(write([rows])).toEqual(write([rows]));
  });

  it('lets a reader skip row groups by their bounds', async () => {
    const group = (from: bigint): Row[] =>
      fc
        .sample(row, { numRuns: 50, seed: 1 })
        .map((r, i) => ({ ...r, timestamp: from + BigInt(i), text: `t${from}` }));
    const path = join(directory, 'bounds.parquet');
    writeFileSync(path, write([group(0n), group(1000n)]));
    const connection = await database.connect();
    const reader = await connection.runAndReadAll(
      `select path_in_schema, stats_min_value, stats_max_value from parquet_metadata('${path}')
       where path_in_schema = 'text' order by row_group_id`,
    );
    connection.closeSync();
    expect(reader.getRows()).toEqual([
      ['text', 't0', 't0'],
      ['text', 't1000', 't1000'],
    ]);
  });
});
