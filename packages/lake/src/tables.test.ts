import { expect, test } from 'vitest';
import released from '../test/released-fields.json' with { type: 'json' };
import { storedColumns, type TableName, withFieldIds } from './tables.ts';

/**
 * Files that were written stay, and readers find columns in them by their ids. When this fails for a column
 * that a table was just given, name it in ADDED_COLUMNS and add it at the end of its list here.
 */
test.each(Object.entries(released))('the fields of %s are for ever what they were', (table, fields) => {
  const now = storedColumns(table as TableName).map(
    ({ fieldId, name, type }) => `${fieldId} ${name} ${type}`,
  );
  expect(now.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))).toEqual(fields);
});

test('a column that was added later comes after all others, wherever it stands in the table', () => {
  const columns = ['a', 'late', 'b', 'later'].map((name) => ({ name, type: 'BIGINT' as const, doc: '' }));
  const derived = { name: 'd', type: 'BIGINT' as const, doc: '', derived: 'a + b' };
  const ids = withFieldIds([derived, ...columns], ['late', 'later']).map(({ name, fieldId }) => [
    name,
    fieldId,
  ]);
  expect(ids).toEqual([
    ['a', 1],
    ['late', 3],
    ['b', 2],
    ['later', 4],
  ]);
});
