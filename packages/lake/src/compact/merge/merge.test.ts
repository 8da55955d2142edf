import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { createDemo } from '@lakewright/otlp';
import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { input, ORGANIZATION, type Signal } from '../../../test/cooking.ts';
import { compareRows, rowOf, type TableRow, writeRows } from '../../../test/table-rows.ts';
import { cook } from '../../cook/index.ts';
import { UnmergeableError } from '../../errors.ts';
import { ParquetFile } from '../../parquet/index.ts';
import { type Column, METRIC_TABLES, storedColumns, type TableName } from '../../tables.ts';
import { type MergeInput, mergeSegments } from '../index.ts';

const inMemory = (key: string, rows: number, bytes: Uint8Array): MergeInput => ({
  key,
  rows,
  source: {
    size: bytes.length,
    read(offset, length) {
      if (offset + length > bytes.length) throw new RangeError('it points past its end');
      return bytes.subarray(offset, offset + length);
    },
  },
});

const merged = (table: TableName, inputs: readonly MergeInput[]) =>
  Buffer.concat(mergeSegments(table, inputs));

/** Rows of several inputs, each sorted, with the size of its row groups. */
const inputsOf = (table: TableName) =>
  fc.array(
    fc.record({
      rows: fc
        .array(rowOf(table), { minLength: 1, maxLength: 12 })
        .map((rows) => rows.toSorted(compareRows(table))),
      groupRows: fc.integer({ min: 1, max: 12 }),
    }),
    { minLength: 1, maxLength: 5 },
  );

describe('mergeSegments', () => {
  let directory: string;
  let database: DuckDBInstance;
  let written = 0;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'lakewright-merge-'));
    database = await DuckDBInstance.create();
  });
  afterAll(() => {
    database.closeSync();
    rmSync(directory, { recursive: true });
  });

  /** What DuckDB reads of the files, in their order, each row as text that tells all values apart. */
  async function readWithDuckDb(files: readonly Uint8Array[]): Promise<string[]> {
    const connection = await database.connect();
    try {
      const rows: string[] = [];
      for (const file of files) {
        // A name of its own: DuckDB keeps what it read of a file, and knows it by name and time of change.
        const path = join(directory, `${written++}.parquet`);
        writeFileSync(path, file);
        const reader = await connection.runAndReadAll(
          `select * replace (epoch_us("timestamp") as "timestamp") from read_parquet('${path}')`,
        );
        rows.push(...reader.getRowsJson().map((row) => JSON.stringify(row)));
        rmSync(path);
      }
      return rows;
    } finally {
      connection.closeSync();
    }
  }

  async function readWithHyparquet(file: Uint8Array): Promise<Record<string, unknown>[]> {
    return parquetReadObjects({ file: new Uint8Array(file).buffer, compressors });
  }

  it.each(['logs', 'traces', ...METRIC_TABLES] as const)(
    'of %s: every row once, in order, with every value, as DuckDB and hyparquet read them',
    async (table) => {
      const columns = storedColumns(table);
      await fc.assert(
        fc.asyncProperty(inputsOf(table), async (inputs) => {
          const files = inputs.map(({ rows, groupRows }) => writeRows(columns, rows, groupRows));
          const output = merged(
            table,
            inputs.map(({ rows }, i) => inMemory(`${i}`, rows.length, files[i])),
          );
          // Array.prototype.sort is stable: equal rows stay in the order of the inputs.
          const order = inputs.flatMap(({ rows }) => rows).map((row, place) => ({ row, place }));
          order.sort((a, b) => compareRows(table)(a.row, b.row));
          const inOrder = <T>(rows: readonly T[]) => order.map(({ place }) => rows[place]);
          expect(await readWithDuckDb([output])).toEqual(inOrder(await readWithDuckDb(files)));
          const before = (await Promise.all(files.map(readWithHyparquet))).flat();
          expect(await readWithHyparquet(output)).toEqual(inOrder(before));
        }),
        { numRuns: 25, endOnFailure: true },
      );
    },
  );

  it.each<[Signal, number]>([
    ['logs', 40],
    ['traces', 40],
    ['metrics', 60],
  ])('of %s that were cooked apart gives the very bytes of cooking them together', (signal, records) => {
    const demo = createDemo({ seed: 3, startNs: 1_760_000_000_000_000_000n, rate: 1000 });
    const requests = Array.from({ length: 20 }, (_, i) => {
      const batch =
        signal === 'logs'
          ? demo.logsRequest(records + i)
          : signal === 'traces'
            ? demo.tracesRequest(records + i)
            : demo.pointsRequest(records + i);
      return input(signal, batch.body, String(i));
    });
    const cooked = (inputs: typeof requests) => cook({ organization: ORGANIZATION, signal, inputs }).segments;
    const apart = requests.flatMap((request) => cooked([request]));
    const together = cooked(requests);
    expect(together.length).toBe(signal === 'metrics' ? 5 : 1);
    for (const whole of together) {
      const parts = apart.filter(({ table }) => table === whole.table);
      const output = merged(
        whole.table,
        parts.map(({ key, rows, parquet }) => inMemory(key, rows, parquet)),
      );
      expect(output.equals(whole.parquet)).toBe(true);
    }
  });

  const columns = storedColumns('logs');
  const sorted = fc.sample(rowOf('logs'), { numRuns: 40, seed: 5 }).toSorted(compareRows('logs'));
  const file = writeRows(columns, sorted);

  describe('of many rows', () => {
    const [row] = sorted;
    const rows = Array.from({ length: 70_000 }, (_, i): TableRow => ({ ...row, time_unix_nano: BigInt(i) }));
    const halves = [rows.slice(0, 34_000), rows.slice(34_000)];
    const odds = [0n, 1n].map((odd) =>
      rows.filter(({ time_unix_nano }) => (time_unix_nano as bigint) % 2n === odd),
    );

    async function query(file: Uint8Array, sql: (path: string) => string): Promise<unknown[][]> {
      const path = join(directory, `${written++}.parquet`);
      writeFileSync(path, file);
      const connection = await database.connect();
      const reader = await connection.runAndReadAll(sql(path));
      connection.closeSync();
      return reader.getRows();
    }
    const timesOf = async (file: Uint8Array) =>
      (await query(file, (path) => `select time_unix_nano from read_parquet('${path}')`)).flat();

    it('makes row groups that end with a service and have 65,536 rows at most', async () => {
      const mixed = rows.map((one, i): TableRow => ({ ...one, service_name: i < 10_000 ? 'a' : 'b' }));
      const [even, odd] = [0n, 1n].map((rest) =>
        mixed.filter(({ time_unix_nano }) => (time_unix_nano as bigint) % 2n === rest),
      );
      const output = merged('logs', [
        inMemory('even', 35_000, writeRows(columns, even, 1000)),
        inMemory('odd', 35_000, writeRows(columns, odd, 777)),
      ]);
      const groups = await query(
        output,
        (
          path,
        ) => `select row_group_num_rows, stats_min_value, stats_max_value from parquet_metadata('${path}')
           where path_in_schema = 'time_unix_nano' order by row_group_id`,
      );
      expect(groups).toEqual([
        [10_000n, '0', '9999'],
        [60_000n, '10000', '69999'],
      ]);
    });

    it('goes on with the next row group of an input behind one that ends in a constant', async () => {
      const of = (service: string, body: string | null, count: number): TableRow[] =>
        rows.slice(0, count).map((one) => ({ ...one, service_name: service, body }));
      const first = [
        ...of('a', null, 10_000),
        ...of('b', null, 10_000),
        ...of('c', 'here', 5000),
        ...of('d', 'there', 5000),
      ];
      const output = merged('logs', [
        inMemory('first', 30_000, writeRows(columns, first, 20_000)),
        inMemory('second', 10, writeRows(columns, of('a', 'other', 10))),
      ]);
      const bodies = await query(
        output,
        (path) =>
          `select service_name, body, count(*) from read_parquet('${path}') group by all order by all`,
      );
      expect(bodies).toEqual([
        ['a', 'other', 10n],
        ['a', null, 10_000n],
        ['b', null, 10_000n],
        ['c', 'here', 5000n],
        ['d', 'there', 5000n],
      ]);
    });

    it('makes row groups of at most 65,536 rows of inputs with many small ones', async () => {
      const output = merged('logs', [
        inMemory('even', 35_000, writeRows(columns, odds[0], 1000)),
        inMemory('odd', 35_000, writeRows(columns, odds[1], 777)),
      ]);
      const groups = await query(
        output,
        (
          path,
        ) => `select row_group_num_rows, stats_min_value, stats_max_value from parquet_metadata('${path}')
          where path_in_schema = 'time_unix_nano' order by row_group_id`,
      );
      expect(groups).toEqual([
        [35_000n, '0', '34999'],
        [35_000n, '35000', '69999'],
      ]);
    });

    it('copies row groups that come whole, and only those', async () => {
      const files = halves.map((half) => writeRows(columns, half));
      const inputs = halves.map((half, i) => inMemory(`${i}`, half.length, files[i]));
      const output = merged('logs', inputs.toReversed());
      // Everything between the magic bytes and the footer.
      const bodyOf = (file: Buffer) => file.subarray(4, file.length - 8 - file.readUInt32LE(file.length - 8));
      expect(bodyOf(output).equals(Buffer.concat(files.map((file) => bodyOf(Buffer.from(file)))))).toBe(true);
      // What was copied can be merged again, with rows in between.
      const late = [{ ...row, time_unix_nano: 10n }];
      const again = merged('logs', [
        inMemory('m', 70_000, output),
        inMemory('l', 1, writeRows(columns, late)),
      ]);
      const times = [...rows.map(({ time_unix_nano: time }) => time as bigint), 10n].sort(compare);
      expect(await timesOf(again)).toEqual(times);
    });
  });

  it('fills a column that an older writer did not have with NULL', async () => {
    const older = writeRows(
      columns.filter(({ name }) => name !== 'event_name' && name !== 'severity_number'),
      sorted,
    );
    const output = merged('logs', [inMemory('old', 40, older), inMemory('new', 40, file)]);
    const named = (rows: Record<string, unknown>[]) =>
      rows.filter(
        ({ event_name: name, severity_number: number }) => name !== undefined && number !== undefined,
      );
    const rows = await readWithHyparquet(output);
    expect(named(rows)).toHaveLength(80);
    const events = (all: readonly Record<string, unknown>[]) =>
      all.flatMap((row) => row.event_name ?? []).length;
    expect(events(rows)).toBe(events(sorted));
  });

  describe('of texts that hardly repeat', () => {
    const spans = storedColumns('traces');
    const spanId = spans.find(({ name }) => name === 'span_id') as Column;
    const [span] = fc.sample(rowOf('traces'), { numRuns: 1, seed: 5 });
    const ROWS = 6000;
    const IDS = ROWS - 857;
    /** Every seventh row has no id; ids are of several lengths. */
    const rowsOf = (first: number, step: number, prefix = '') =>
      Array.from({ length: ROWS }, (_, i): TableRow => {
        const id = first + i * step;
        return {
          ...span,
          service_name: 'a',
          time_unix_nano: BigInt(id),
          span_id: i % 7 === 3 ? null : prefix + id * 977,
        };
      });
    const sortedRows = (rows: readonly TableRow[]) => rows.toSorted(compareRows('traces'));

    it('gives the very bytes of writing them together', () => {
      const inputs = [rowsOf(0, 2), rowsOf(1, 2)];
      const output = merged(
        'traces',
        inputs.map((rows, i) => inMemory(`${i}`, ROWS, writeRows(spans, rows))),
      );
      expect(output.equals(writeRows(spans, sortedRows(inputs.flat())))).toBe(true);
    });

    it.each<[string, readonly TableRow[][], number]>([
      ['in each input', [rowsOf(0, 2, 'a'), rowsOf(1, 2, 'b')], 2 * IDS],
      ['but for those of another input', [rowsOf(0, 1, 'a'), rowsOf(0, 1, 'a')], 2 * IDS],
      [
        'in one input, and do in another',
        [rowsOf(0, 1), rowsOf(0, 1).map((row, i) => ({ ...row, span_id: `${i % 9}` }))],
        IDS + ROWS,
      ],
    ])('has every one of those that do not repeat %s', async (_what, inputs, plain) => {
      const output = merged(
        'traces',
        inputs.map((rows, i) => inMemory(`${i}`, ROWS, writeRows(spans, rows))),
      );
      const read = await readWithHyparquet(output);
      expect(read.map(({ span_id: id }) => id)).toEqual(
        sortedRows(inputs.flat()).map(({ span_id: id }) => id),
      );
      const { source } = inMemory('output', 0, output);
      const texts = ParquetFile.open(source, spans).plainTexts(spanId, 0);
      expect(texts).toBe(plain);
    });
  });

  const extra: Column = { name: 'extra', type: 'VARCHAR', doc: '' };
  it.each<[string, () => Uint8Array, RegExp, number?]>([
    ['an empty file', () => new Uint8Array(0), /too short/],
    ['no Parquet', () => new Uint8Array(100), /does not end as a Parquet file/],
    ['a file that was cut', () => file.slice(0, file.length - 1), /does not end as/],
    ['a footer longer than the file', () => withLength(file, 1e6), /footer is longer/],
    [
      'another table',
      () => writeRows(storedColumns('traces'), fc.sample(rowOf('traces'), 3)),
      /not one of the table/,
    ],
    [
      'one more column',
      () =>
        writeRows(
          [...columns, extra],
          sorted.map((row) => ({ ...row, extra: 'x' })),
        ),
      /"extra" is not one of/,
    ],
    [
      'no times',
      () =>
        writeRows(
          columns.filter(({ name }) => name !== 'time_unix_nano'),
          sorted,
        ),
      /"time_unix_nano" is missing/,
    ],
    [
      'no attributes',
      () =>
        writeRows(
          columns.filter(({ name }) => name !== 'log_attributes'),
          sorted,
        ),
      /"log_attributes.key_value.key" is missing/,
    ],
    [
      'a column of another type',
      () =>
        writeRows(
          columns.map((column) =>
            column.name === 'flags' ? { ...column, type: 'VARCHAR' as const } : column,
          ),
          sorted.map((row) => ({ ...row, flags: 'x' })),
        ),
      /"flags" has another type/,
    ],
    [
      'rows out of order',
      () => writeRows(columns, sorted.toReversed()),
      /row \d+ comes before the row in front of it/,
    ],
    ['another number of rows', () => file, /has 40 rows and the catalog says 41/, 41],
  ])('refuses %s and names the segment', (_what, bad, message, rows = 40) => {
    const bytes = bad();
    const inputs = [inMemory('db/good', 40, file), inMemory('db/bad', rows, bytes)];
    const failure = failureOf(() => mergeSegments('logs', inputs));
    expect(failure).toBeInstanceOf(UnmergeableError);
    expect((failure as UnmergeableError).key).toBe('db/bad');
    expect((failure as UnmergeableError).message).toMatch(message);
  });

  it('refuses what another writer wrote', async () => {
    const path = join(directory, 'theirs.parquet');
    writeFileSync(path, file);
    const connection = await database.connect();
    const theirs = join(directory, 'duckdb.parquet');
    await connection.run(
      `copy (select * from read_parquet('${path}')) to '${theirs}' (format parquet, compression snappy)`,
    );
    connection.closeSync();
    const failure = failureOf(() => mergeSegments('logs', [inMemory('db/bad', 40, readFileSync(theirs))]));
    expect(failure).toBeInstanceOf(UnmergeableError);
  });

  it('of bytes that were changed either refuses or merges, and never does anything else', () => {
    fc.assert(
      fc.property(fc.nat({ max: file.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const bytes = file.slice();
        bytes[at] ^= by;
        try {
          mergeSegments('logs', [inMemory('db/bad', 40, bytes)]);
        } catch (error) {
          expect(error).toBeInstanceOf(UnmergeableError);
        }
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });
});

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

function failureOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** The file with another length of its footer. */
function withLength(file: Uint8Array, length: number): Uint8Array {
  const changed = file.slice();
  new DataView(changed.buffer).setUint32(changed.length - 8, length, true);
  return changed;
}
