import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { edgeRows, Overlaps } from './edges.ts';
import type { Runs } from './runs.ts';

const runsOf = (runs: readonly (readonly [input: number, rows: number])[]): Runs => ({
  count: runs.length,
  inputs: Int32Array.from(runs, ([input]) => input),
  lengths: Int32Array.from(runs, ([, rows]) => rows),
  keyStarts: new Int32Array(0),
  nameStarts: new Int32Array(0),
});

describe('edgeRows', () => {
  it.each<[string, number, number, number]>([
    ['the smallest edge where nothing overlaps', 0, 100_000, 4096],
    ['the smallest edge where it is enough', 4096, 100_000, 4096],
    ['the next power of two where it is not', 4097, 100_000, 8192],
    ['the deepest edge that is smaller than a row group', 16_384, 100_000, 16_384],
    ['no edge that would be a row group itself', 16_385, 1_000_000, 0],
    ['no edges that leave less than a row group', 0, 40_959, 0],
    ['edges that leave just a row group', 0, 40_960, 4096],
  ])('cuts %s', (_, overlap, rows, edge) => {
    expect(edgeRows(overlap, rows, 32_768)).toBe(edge);
  });
});

describe('Overlaps', () => {
  it.each<[string, [number, number][], number, number, number]>([
    ['nothing of one input', [[0, 50]], 0, 50, 0],
    [
      'nothing of inputs that follow each other',
      [
        [0, 50],
        [1, 50],
        [2, 50],
      ],
      0,
      150,
      0,
    ],
    [
      'how many rows lie between the first of the next and the last of the one before',
      [
        [0, 50],
        [1, 3],
        [0, 4],
        [1, 50],
      ],
      0,
      107,
      7,
    ],
    [
      'only what is within the rows asked about',
      [
        [0, 50],
        [1, 3],
        [0, 4],
        [1, 50],
      ],
      0,
      55,
      5,
    ],
    [
      'the median, whatever one late row in one input does',
      [
        [0, 10],
        [5, 1],
        [0, 40],
        [1, 2],
        [0, 2],
        [1, 40],
        [2, 1],
        [1, 3],
        [2, 40],
        [3, 2],
        [2, 2],
        [3, 40],
        [4, 40],
        [5, 40],
      ],
      0,
      263,
      4,
    ],
  ])('are %s', (_, runs, from, to, depth) => {
    expect(new Overlaps(runsOf(runs)).of(from, to)).toBe(depth);
  });

  it('are those of the rows themselves, wherever they are asked about from front to back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 4 }), fc.integer({ min: 1, max: 20 })), {
          minLength: 1,
          maxLength: 30,
        }),
        fc.array(fc.nat({ max: 600 }), { maxLength: 4 }),
        (runs, cuts) => {
          const rows = runs.flatMap(([input, length]) => Array<number>(length).fill(input));
          const places = [0, ...cuts.map((cut) => cut % rows.length), rows.length];
          const sorted = [...new Set(places)].sort((a, b) => a - b);
          const overlaps = new Overlaps(runsOf(runs));
          for (let i = 1; i < sorted.length; i++) {
            const [from, to] = [sorted[i - 1], sorted[i]];
            expect(overlaps.of(from, to)).toBe(depthOf(rows, from, to));
          }
        },
      ),
    );
  });
});

/** The median over inputs that follow each other, by looking at every row. */
function depthOf(rows: readonly number[], from: number, to: number): number {
  const part = rows.slice(from, to);
  const inOrder = [...new Set(part)];
  const depths = inOrder
    .slice(1)
    .map((input, i) => Math.max(0, part.lastIndexOf(inOrder[i]) + 1 - part.indexOf(input)))
    .sort((a, b) => a - b);
  return depths[depths.length >> 1] ?? 0;
}
