import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROW_GROUP_ROWS } from '../../cook/index.ts';
import { MIN_GROUP_ROWS, rowGroups } from './groups.ts';

describe('rowGroups', () => {
  it.each<[string, number[], number[]]>([
    ['no rows', [], []],
    ['one name with few rows', [5], [5]],
    ['names with few rows together', [3000, 3000, 3000, 10], [9000, 10]],
    ['a name with enough rows alone', [10, 8192, 10], [10, 8192, 10]],
    ['a name with too many rows in equal parts', [65_537], [32_768, 32_769]],
    ['names without rows', [0, 7, 0], [7]],
  ])('%s', (_, counts, groups) => {
    expect(rowGroups(counts)).toEqual(groups);
  });

  it('has every row once, keeps both limits, and splits only what is too big for one group', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3 * ROW_GROUP_ROWS }), { maxLength: 60 }), (counts) => {
        const groups = rowGroups(counts);
        expect(sum(groups)).toBe(sum(counts));
        expect(Math.max(0, ...groups)).toBeLessThanOrEqual(ROW_GROUP_ROWS);
        const big = counts.filter((count) => count >= MIN_GROUP_ROWS).length;
        expect(groups.length).toBeLessThanOrEqual(sum(counts) / MIN_GROUP_ROWS + big + 1);
        let from = 0;
        for (const count of counts) {
          // Rows of others in the groups that hold rows of this name.
          const read = groupsAt(groups, from, from + count);
          if (count > 0) expect(read - count).toBeLessThan(2 * MIN_GROUP_ROWS);
          from += count;
        }
      }),
    );
  });
});

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Rows of all groups that have a row from `start` up to `end`. */
function groupsAt(groups: readonly number[], start: number, end: number): number {
  let at = 0;
  let rows = 0;
  for (const group of groups) {
    if (at < end && at + group > start) rows += group;
    at += group;
  }
  return rows;
}
