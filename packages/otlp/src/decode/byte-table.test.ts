import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteTable } from './byte-table.ts';

test('a table that was cleared numbers strings as a new one', () => {
  const strings = fc.array(fc.string({ maxLength: 60 }), { maxLength: 5000, size: 'max' });
  fc.assert(
    fc.property(strings, strings, (before, after) => {
      const cleared = new ByteTable();
      for (const text of before) cleared.internString(text);
      cleared.clear();
      const table = new ByteTable();
      for (const text of after) {
        const id = cleared.internString(text);
        expect(id).toBe(table.internString(text));
        expect(cleared.text(id)).toBe(text.toWellFormed());
      }
      expect(cleared.count).toBe(table.count);
    }),
    { numRuns: 20 },
  );
});
