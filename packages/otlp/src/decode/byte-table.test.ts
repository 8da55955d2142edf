import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BatchMemory } from './batch-memory.ts';
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

test('a table that is cleared again and again takes no more memory than the first time', () => {
  const memory = new BatchMemory(64 * 1024 * 1024);
  const table = new ByteTable(memory);
  const fill = () => {
    table.clear();
    for (let i = 0; i < 5000; i++) table.internString(`string ${i}`);
    return memory.mark();
  };
  const first = fill();
  expect(Array.from({ length: 10 }, fill)).toEqual(Array(10).fill(first));
});
