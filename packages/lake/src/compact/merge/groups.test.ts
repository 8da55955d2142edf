import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROW_GROUP_ROWS } from '../../cook/index.ts';
import { MIN_GROUP_ROWS, type OutputGroup, OWN_GROUP_ROWS, planGroups, rowGroups } from './groups.ts';
import type { Runs } from './runs.ts';

const runsOf = (
  runs: readonly (readonly [input: number, rows: number])[],
  keyStarts: number[] = [],
  nameStarts: number[] = [],
): Runs => ({
  count: runs.length,
  inputs: Int32Array.from(runs, ([input]) => input),
  lengths: Int32Array.from(runs, ([, rows]) => rows),
  keyStarts: Int32Array.from([0, ...keyStarts]),
  nameStarts: Int32Array.from([0, ...nameStarts]),
});
const copy = (rows: number, input: number, group: number): OutputGroup => ({ rows, copy: { input, group } });

describe('planGroups', () => {
  it.each<[string, Runs, number[][], OutputGroup[]]>([
    ['nothing', { ...runsOf([]), keyStarts: new Int32Array(0) }, [], []],
    [
      'few rows in one group',
      runsOf([
        [0, 5],
        [1, 7],
      ]),
      [[5], [7]],
      [{ rows: 12 }],
    ],
    [
      'rows of many keys of one name in groups of nearly one size',
      runsOf(
        [
          [0, 70_000],
          [1, 70_000],
        ],
        Array.from({ length: 139 }, (_, i) => (i + 1) * 1000),
      ),
      [Array(70).fill(1000), Array(70).fill(1000)],
      [{ rows: 46_666 }, { rows: 46_667 }, { rows: 46_667 }],
    ],
    [
      'a big key in groups of its own, nearly of one size, but for its edges',
      runsOf([[0, 171_000]], [500, 140_500]),
      [Array(171).fill(1000)],
      [{ rows: 500 + 4096 }, { rows: 43_936 }, { rows: 43_936 }, { rows: 43_936 }, { rows: 4096 + 30_500 }],
    ],
    [
      'edges as deep as inputs were in each other',
      runsOf([
        [0, 60_000],
        [1, 5000],
        [0, 1000],
        [1, 60_000],
      ]),
      [Array(61).fill(1000), Array(65).fill(1000)],
      [{ rows: 8192 }, { rows: 54_808 }, { rows: 54_808 }, { rows: 8192 }],
    ],
    [
      'copies between the edges of inputs that overlap',
      runsOf([
        [0, 52_000],
        [1, 10],
        [0, 96],
        [1, 52_086],
      ]),
      [
        [4096, 44_000, 4000],
        [4096, 44_000, 4000],
      ],
      [{ rows: 4096 }, copy(44_000, 0, 1), { rows: 8096 }, copy(44_000, 1, 1), { rows: 4000 }],
    ],
    [
      'copies of whole groups, and not of one that is interrupted',
      runsOf([
        [0, 40_000],
        [1, 40_000],
        [0, 39_000],
        [1, 10],
        [0, 1000],
      ]),
      [
        [40_000, 40_000],
        [40_000, 10],
      ],
      [copy(40_000, 0, 0), copy(40_000, 1, 0), { rows: 40_010 }],
    ],
    [
      'a copy of the group in the middle of a run',
      runsOf([
        [0, 100],
        [1, 1],
        [0, 50_000],
      ]),
      [[200, 49_000, 900], [1]],
      [{ rows: 201 }, copy(49_000, 0, 1), { rows: 900 }],
    ],
    [
      'no copies of small groups',
      runsOf([
        [0, 300],
        [1, 300],
      ]),
      [[300], [300]],
      [{ rows: 600 }],
    ],
  ])('makes %s', (_what, runs, inputGroups, expected) => {
    expect(planGroups(runs, inputGroups)).toEqual(expected);
  });

  it('takes every row once, and copies only what is whole', () => {
    const size = fc.oneof(
      fc.integer({ min: 1, max: 2000 }),
      fc.integer({ min: OWN_GROUP_ROWS, max: 70_000 }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.array(size, { maxLength: 4 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.nat({ max: 3 }), fc.integer({ min: 1, max: 90_000 })), { maxLength: 20 }),
        fc.array(fc.nat({ max: 500_000 }), { maxLength: 8 }),
        (inputGroups, wanted, keys) => {
          const left = inputGroups.map((groups) => groups.reduce((sum, rows) => sum + rows, 0));
          const total = left.reduce((sum, rows) => sum + rows, 0);
          const runs: [number, number][] = [];
          for (const [input, rows] of [...wanted, ...left.map((_, i): [number, number] => [i, 1e9])]) {
            const taken = Math.min(rows, left[input] ?? 0);
            if (taken === 0) continue;
            left[input] -= taken;
            runs.push([input, taken]);
          }
          const keyStarts = [...new Set(keys)].filter((at) => at > 0 && at < total).sort((a, b) => a - b);
          const groups = planGroups(runsOf(runs, keyStarts), inputGroups);
          expect(groups.reduce((sum, { rows }) => sum + rows, 0)).toBe(total);
          for (const { rows, copy: of } of groups) {
            expect(rows).toBeGreaterThan(0);
            if (of === undefined) expect(rows).toBeLessThanOrEqual(65_536);
            else expect(inputGroups[of.input][of.group]).toBe(rows);
          }
        },
      ),
      { endOnFailure: true },
    );
  });
});

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
