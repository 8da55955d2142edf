import { ByteTable } from '@lakewright/otlp';
import fc from 'fast-check';
import { type ColumnData, ParquetWriter } from '../src/parquet/index.ts';
import { type Column, storedColumns, type TableName } from '../src/tables.ts';
import { text } from './random-otlp.ts';

type Value =
  | string
  | bigint
  | number
  | boolean
  | null
  | readonly (readonly [string, string | null])[]
  | readonly (bigint | number)[];

/** A row of any table, by column. */
export type TableRow = Readonly<Record<string, Value>>;

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -2n, max: 3n }),
  fc.bigInt({ min: 1_700_000_000_000_000_000n, max: 1_700_000_001_000_000_000n }),
);
const odd = fc.constantFrom('', 'a', 'bb', '\0', 'ÿ', '😀', "it's", '\u{10ffff}', 'x'.repeat(300));
const string = fc.oneof(text, odd);
const label = fc.tuple(
  string.filter((key) => key !== '__proto__'),
  fc.option(string, { freq: 6, nil: null }),
);

function arbitraryOf({ name, type }: Column): fc.Arbitrary<Value> {
  if (name === 'time_unix_nano') return fc.bigInt({ min: 0n, max: 3_000_000n });
  if (name === 'timestamp') return fc.bigInt({ min: 0n, max: 4_000_000_000_000_000n });
  if (name === 'service_name' || name === 'metric_name')
    return fc.constantFrom('', 'a', 'ab', 'b', 'é', '￿', '😀');
  if (name === 'stream_id' || name === 'series_id')
    return fc.constantFrom(-(2n ** 63n), -1n, 0n, 1n, 2n ** 63n - 1n);
  const optional = (values: fc.Arbitrary<Value>) => fc.option(values, { freq: 4, nil: null });
  switch (type) {
    case 'VARCHAR':
      return optional(string);
    case 'BIGINT':
    case 'TIMESTAMP':
      return optional(int64);
    case 'INTEGER':
      return optional(fc.oneof(fc.integer(), fc.integer({ min: 0, max: 2 })));
    case 'DOUBLE':
      return optional(fc.oneof(fc.double(), fc.constantFrom(0, -0, 1.5)));
    case 'BOOLEAN':
      return optional(fc.boolean());
    case 'MAP(VARCHAR, VARCHAR)':
      return fc.oneof(
        fc.uniqueArray(label, { selector: ([key]) => key, maxLength: 4 }),
        fc.constant([['host', 'a'] as const, ['zone', null] as const]),
      );
    case 'BIGINT[]':
      return fc.array(int64, { maxLength: 4 });
    case 'DOUBLE[]':
      return fc.array(fc.double({ noNaN: true }), { maxLength: 4 });
  }
}

/** Any row of `table`, whatever ingest would make of it. */
export function rowOf(table: TableName): fc.Arbitrary<TableRow> {
  return fc.record(
    Object.fromEntries(storedColumns(table).map((column) => [column.name, arbitraryOf(column)])),
  );
}

const utf8 = (value: string) => Buffer.from(value, 'utf8');

/** The order of a table's rows, said without the merge: name by bytes, identity without sign, time. */
export function compareRows(table: TableName): (a: TableRow, b: TableRow) => number {
  const name = table === 'logs' || table === 'traces' ? 'service_name' : 'metric_name';
  const id = table === 'logs' ? 'stream_id' : table === 'traces' ? undefined : 'series_id';
  const unsigned = (value: Value) => BigInt.asUintN(64, value as bigint);
  const compare = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);
  return (a, b) =>
    Buffer.compare(utf8(a[name] as string), utf8(b[name] as string)) ||
    (id === undefined ? 0 : compare(unsigned(a[id]), unsigned(b[id]))) ||
    compare(a.time_unix_nano as bigint, b.time_unix_nano as bigint);
}

/** Writes rows as a Parquet file of `columns`, in row groups of `groupRows`. */
export function writeRows(
  columns: readonly Column[],
  rows: readonly TableRow[],
  groupRows = rows.length,
): Uint8Array<ArrayBuffer> {
  const writer = new ParquetWriter(columns);
  for (let from = 0; from < rows.length; from += groupRows) {
    const group = rows.slice(from, from + groupRows);
    writer.rowGroup(group.length, (column) =>
      columnData(
        column,
        group.map((row) => row[column.name]),
      ),
    );
  }
  return writer.finish();
}

function columnData({ type }: Column, values: readonly Value[]): ColumnData {
  const nulls = Uint8Array.from(values, (value) => (value === null ? 1 : 0));
  switch (type) {
    case 'VARCHAR': {
      const table = new ByteTable();
      const ids = Int32Array.from(values, (value) =>
        value === null ? -1 : table.internString(value as string),
      );
      return { kind: 'strings', ids, table };
    }
    case 'BIGINT':
    case 'TIMESTAMP':
      return { kind: 'int64', words: words(values.map((value) => (value as bigint | null) ?? 7n)), nulls };
    case 'INTEGER':
      return {
        kind: 'int32',
        values: Int32Array.from(values, (value) => (value as number | null) ?? 7),
        nulls,
      };
    case 'DOUBLE':
      return {
        kind: 'double',
        values: Float64Array.from(values, (value) => (value as number | null) ?? 7),
        nulls,
      };
    case 'BOOLEAN':
      return { kind: 'boolean', values: Uint8Array.from(values, (value) => (value === true ? 1 : 0)), nulls };
    case 'MAP(VARCHAR, VARCHAR)': {
      const table = new ByteTable();
      const maps = values as readonly (readonly (readonly [string, string | null])[])[];
      const entries = maps.flat();
      return {
        kind: 'map',
        ...places(maps),
        keys: Int32Array.from(entries, ([key]) => table.internString(key)),
        values: Int32Array.from(entries, ([, value]) => (value === null ? -1 : table.internString(value))),
        table,
      };
    }
    case 'BIGINT[]': {
      const lists = values as readonly (readonly bigint[])[];
      return { kind: 'int64-list', ...places(lists), words: words(lists.flat()) };
    }
    case 'DOUBLE[]': {
      const lists = values as readonly (readonly number[])[];
      return { kind: 'double-list', ...places(lists), values: Float64Array.from(lists.flat()) };
    }
  }
}

function words(values: readonly bigint[]): Uint32Array {
  return new Uint32Array(BigInt64Array.from(values).buffer);
}

function places(lists: readonly { readonly length: number }[]): { starts: Int32Array; lengths: Int32Array } {
  let at = 0;
  const starts = Int32Array.from(lists, ({ length }) => {
    at += length;
    return at - length;
  });
  return { starts, lengths: Int32Array.from(lists, ({ length }) => length) };
}
