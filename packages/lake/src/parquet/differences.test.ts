import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { expect, test } from 'vitest';
import type { Column } from '../tables.ts';
import { ParquetFile, ParquetWriter, type WordRows } from './index.ts';

const COLUMN: Column = { name: 'value', type: 'BIGINT', doc: '' };

/** Numbers whose differences take so many bits. */
const numbers = fc
  .record({
    first: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
    least: fc.bigInt({ min: -(2n ** 50n), max: 2n ** 50n }),
    bits: fc.integer({ min: 0, max: 50 }),
    count: fc.integer({ min: 17, max: 400 }),
  })
  .chain(({ first, least, bits, count }) =>
    fc
      .array(fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }), { minLength: count, maxLength: count })
      .map((above) => {
        let value = first;
        // The bigger half of the widths comes in some mini blocks only.
        const deltas = above.map((delta, i) => least + (i % 64 < 40 ? delta : delta % 5n));
        return [first, ...deltas.map((delta) => (value = BigInt.asIntN(64, value + delta)))];
      }),
  );

test('differences of any width are read back, and by hyparquet', async () => {
  await fc.assert(
    fc.asyncProperty(numbers, async (values) => {
      const writer = new ParquetWriter([COLUMN]);
      const words = new Uint32Array(BigInt64Array.from(values).buffer);
      writer.rowGroup(values.length, () => ({ kind: 'int64', words }));
      const file = writer.finish();
      const source = { size: file.length, read: (at: number, n: number) => file.subarray(at, at + n) };
      const rows = ParquetFile.open(source, [COLUMN]).column(COLUMN, 0) as WordRows;
      expect([...new BigInt64Array(rows.words.buffer)]).toEqual(values);
      const read = await parquetReadObjects({ file: file.buffer, compressors });
      expect(read.map(({ value }) => value)).toEqual(values);
    }),
    { numRuns: 150, endOnFailure: true },
  );
});
