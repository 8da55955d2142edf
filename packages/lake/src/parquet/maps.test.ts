import { isDeepStrictEqual } from 'node:util';
import { ByteTable } from '@lakewright/otlp';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Column } from '../tables.ts';
import { type MapRows, ParquetFile, ParquetWriter } from './index.ts';

const COLUMN: Column = { name: 'attributes', type: 'MAP(VARCHAR, VARCHAR)', doc: '' };

type Entry = [key: string, value: string | null];

const text = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'a longer text');
const entries = fc.oneof(
  fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 24 }),
  fc.array(fc.tuple(text, fc.option(text, { freq: 5 })), { maxLength: 24 }),
  fc.nat({ max: 24 }).map((length) => Array.from({ length }, (): Entry => ['a', 'b'])),
);
/** Rows in a row that have the same entries. */
const stretch = fc.record({
  entries,
  rows: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 20, max: 120 })),
});

/** The file of one map column; with `shared`, rows of equal entries share them. */
function write(stretches: readonly { entries: readonly Entry[]; rows: number }[], shared: boolean) {
  const table = new ByteTable();
  const starts: number[] = [];
  const lengths: number[] = [];
  const keys: number[] = [];
  const values: number[] = [];
  const places = new Map<readonly Entry[], number>();
  for (const { entries, rows } of stretches) {
    for (let row = 0; row < rows; row++) {
      const place = shared ? places.get(entries) : undefined;
      starts.push(place ?? keys.length);
      lengths.push(entries.length);
      if (place !== undefined) continue;
      places.set(entries, keys.length);
      for (const [key, value] of entries) {
        keys.push(table.internString(key));
        values.push(value === null ? -1 : table.internString(value));
      }
    }
  }
  const writer = new ParquetWriter([COLUMN]);
  writer.rowGroup(starts.length, () => ({
    kind: 'map',
    starts: Int32Array.from(starts),
    lengths: Int32Array.from(lengths),
    keys: Int32Array.from(keys),
    values: Int32Array.from(values),
    table,
  }));
  return writer.finish();
}

function read(bytes: Uint8Array): Entry[][] {
  const source = {
    size: bytes.length,
    read: (at: number, length: number) => bytes.subarray(at, at + length),
  };
  const rows = ParquetFile.open(source, [COLUMN]).column(COLUMN, 0) as MapRows;
  const string = ({ bytes: of, starts, ends }: MapRows['keyStrings'], place: number) =>
    Buffer.from(of.subarray(starts[place], ends[place])).toString();
  return Array.from(rows.starts, (start, row) =>
    Array.from({ length: rows.lengths[row] }, (_, i): Entry => {
      const value = rows.values[start + i];
      return [
        string(rows.keyStrings, rows.keys[start + i]),
        value < 0 ? null : string(rows.valueStrings, value),
      ];
    }),
  );
}

test('maps that repeat are written as all of their rows would be, and are read back', () => {
  fc.assert(
    fc.property(fc.array(stretch, { minLength: 1, maxLength: 6 }), (stretches) => {
      const file = write(stretches, true);
      expect(Buffer.compare(file, write(stretches, false))).toBe(0);
      expect(read(file)).toEqual(
        stretches.flatMap(({ entries, rows }) => Array.from({ length: rows }, () => entries)),
      );
    }),
    { numRuns: 150, endOnFailure: true },
  );
});

/** Stretches of few different entries that come again and again, as resources do where rows are sorted by time. */
const returning = fc.array(entries, { minLength: 1, maxLength: 5 }).chain((pool) =>
  fc.array(fc.record({ entries: fc.constantFrom(...pool), rows: fc.integer({ min: 1, max: 130 }) }), {
    minLength: 1,
    maxLength: 60,
  }),
);

test('maps that come again later are written as all of their rows would be, and are read back', () => {
  fc.assert(
    fc.property(returning, (stretches) => {
      const file = write(stretches, true);
      expect(Buffer.compare(file, write(stretches, false))).toBe(0);
      const rows = stretches.flatMap(({ entries, rows }) => Array.from({ length: rows }, () => entries));
      expect(isDeepStrictEqual(read(file), rows)).toBe(true);
    }),
    { numRuns: 100, endOnFailure: true },
  );
});

test('maps of which few come again, and those late, are written as all of their rows would be, and are read back', () => {
  const unlike = Array.from({ length: 3000 }, (_, i): Entry[] => [
    ['a', `${i}`],
    ['b', `${i % 7}`],
  ]);
  const again = Array.from({ length: 3000 }, (_, i) => unlike[i % 3]);
  const stretches = [...unlike, ...again].map((entries) => ({ entries, rows: 1 }));
  const file = write(stretches, true);
  expect(Buffer.compare(file, write(stretches, false))).toBe(0);
  expect(isDeepStrictEqual(read(file), [...unlike, ...again])).toBe(true);
});

/** Rows that have the same keys, as those of a service do, and one of a few lists of values, in any order. */
const sameKeys = fc
  .record({ length: fc.integer({ min: 1, max: 24 }), values: fc.array(fc.array(text, { minLength: 24 })) })
  .chain(({ length, values }) => {
    const pool = values.map((row) => Array.from({ length }, (_, i): Entry => [`key ${i}`, row[i]]));
    const other = Array.from({ length }, (_, i): Entry => [`key ${length - i}`, 'a']);
    const rows = fc.array(fc.constantFrom(...pool, other), { minLength: 1, maxLength: 200, size: 'max' });
    // Where the other keys come last, the rows in front of them look as if all had the same.
    return fc.tuple(
      fc.array(fc.constantFrom(...pool, pool[0] ?? other), { size: 'max', maxLength: 200 }),
      rows,
    );
  })
  .map(([alike, any]) => [...alike, ...any.slice(0, alike.length % 3 === 0 ? undefined : 1)]);

test('maps with the same keys are written as all of their rows would be, and are read back', () => {
  fc.assert(
    fc.property(sameKeys, (rows) => {
      const stretches = rows.map((entries) => ({ entries, rows: 1 }));
      const file = write(stretches, true);
      expect(Buffer.compare(file, write(stretches, false))).toBe(0);
      expect(isDeepStrictEqual(read(file), rows)).toBe(true);
    }),
    { numRuns: 150, endOnFailure: true },
  );
});
