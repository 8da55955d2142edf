import { ByteTable } from '@lakewright/otlp';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Column, ColumnType } from '../tables.ts';
import { type ColumnData, MIN_CONSTANT_ROWS, ParquetFile, ParquetWriter } from './index.ts';

interface Value {
  readonly type: ColumnType;
  /** `rows` rows of the value, as the writer is given any other values. */
  readonly all: (rows: number) => ColumnData;
}

const repeated = (type: ColumnType, of: (rows: number) => ColumnData): Value => ({ type, all: of });

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.string({ maxLength: 80 }).map((text) => {
    const table = new ByteTable();
    table.internString('not this one');
    const id = table.internString(text);
    return repeated('VARCHAR', (rows) => ({ kind: 'strings', ids: new Int32Array(rows).fill(id), table }));
  }),
  fc
    .tuple(fc.constantFrom<ColumnType>('BIGINT', 'TIMESTAMP'), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n))
    .map(([type, number]) =>
      repeated(type, (rows) => ({
        kind: 'int64',
        words: new Uint32Array(new BigInt64Array(rows).fill(number).buffer),
      })),
    ),
  fc
    .double()
    .map((number) =>
      repeated('DOUBLE', (rows) => ({ kind: 'double', values: new Float64Array(rows).fill(number) })),
    ),
  fc
    .integer()
    .map((number) =>
      repeated('INTEGER', (rows) => ({ kind: 'int32', values: new Int32Array(rows).fill(number) })),
    ),
  fc.constantFrom(
    repeated('VARCHAR', (rows) => ({
      kind: 'strings',
      ids: new Int32Array(rows).fill(-1),
      table: new ByteTable(),
    })),
    repeated('INTEGER', (rows) => ({
      kind: 'int32',
      values: new Int32Array(rows),
      nulls: new Uint8Array(rows).fill(1),
    })),
  ),
);

function write(column: Column, rows: number, data: ColumnData): Uint8Array {
  const writer = new ParquetWriter([column]);
  writer.rowGroup(rows, () => data);
  return writer.finish();
}

test('a column of one value is written as any other would be, and is known when it is read', () => {
  fc.assert(
    fc.property(value, fc.integer({ min: MIN_CONSTANT_ROWS, max: 300 }), ({ type, all }, rows) => {
      const column: Column = { name: 'value', type, doc: '' };
      const file = write(column, rows, all(rows));
      const read = { size: file.length, read: (at: number, n: number) => file.subarray(at, at + n) };
      const constant = ParquetFile.open(read, [column]).constant(column, 0);
      const isNull =
        all(1).kind === 'strings' ? (all(1) as { ids: Int32Array }).ids[0] < 0 : 'nulls' in all(1);
      // A short text is not worth a dictionary, which is what a constant is known by.
      if (!isNull && type !== 'VARCHAR') expect(constant?.row).toBeDefined();
      if (isNull) expect(constant).toMatchObject({ row: undefined });
      const one = isNull ? undefined : all(1);
      expect(Buffer.compare(write(column, rows, { kind: 'constant', one }), file)).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test('a column of empty maps is written as any other would be, and is known when it is read', () => {
  const column: Column = { name: 'value', type: 'MAP(VARCHAR, VARCHAR)', doc: '' };
  const table = new ByteTable();
  const id = table.internString('a');
  const maps = (lengths: number[]): ColumnData => ({
    kind: 'map',
    starts: new Int32Array(lengths.length),
    lengths: Int32Array.from(lengths),
    keys: Int32Array.of(id),
    values: Int32Array.of(id),
    table,
  });
  const constantOf = (file: Uint8Array) => {
    const read = { size: file.length, read: (at: number, n: number) => file.subarray(at, at + n) };
    return ParquetFile.open(read, [column]).constant(column, 0);
  };
  for (const rows of [MIN_CONSTANT_ROWS, 300]) {
    const empty = new Array<number>(rows).fill(0);
    const file = write(column, rows, maps(empty));
    expect(constantOf(file)).toMatchObject({ row: undefined });
    expect(Buffer.compare(write(column, rows, { kind: 'constant', one: undefined }), file)).toBe(0);
    expect(constantOf(write(column, rows, maps([...empty.slice(1), 1])))).toBeUndefined();
  }
});
