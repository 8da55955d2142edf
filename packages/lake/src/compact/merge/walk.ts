import type { OutputGroup } from './groups.ts';
import type { Runs } from './runs.ts';

/** A row group of the output, and where its rows are in the inputs. */
export interface PlacedGroup extends OutputGroup {
  /** The run that its first row is of, and how many rows of that run are in front. */
  readonly run: number;
  readonly skipped: number;
  /** Of each input, the row group and the row in it that come next: those of input `i` are at `2 * i`. */
  readonly next: Int32Array;
  /** The row groups of inputs that it has rows of. */
  readonly sources: readonly { readonly input: number; readonly group: number }[];
}

/** Says of each row group of the output where its rows are, so that any column of it can be made by itself. */
export function placeGroups(
  groups: readonly OutputGroup[],
  runs: Runs,
  inputGroups: readonly (readonly number[])[],
): PlacedGroup[] {
  let next = new Int32Array(inputGroups.length * 2);
  let run = 0;
  let skipped = 0;
  return groups.map((group) => {
    const begin = { run, skipped, next: next.slice() };
    const sources: { input: number; group: number }[] = [];
    const last = new Int32Array(inputGroups.length).fill(-1);
    const end = walk({ ...group, ...begin, sources }, runs, inputGroups, (input, of) => {
      if (last[input] !== of) sources.push({ input, group: of });
      last[input] = of;
    });
    ({ run, skipped, next } = end);
    return { ...group, ...begin, sources };
  });
}

/**
 * Goes through the rows of `group` in their order: `visit` is told of `count` rows of a row group of an input, from
 * row `from` on, and whether they are its last ones. Answers where the rows behind them are.
 */
export function walk(
  { rows, run: firstRun, skipped: firstSkipped, next: first }: PlacedGroup,
  { inputs, lengths }: Pick<Runs, 'inputs' | 'lengths'>,
  inputGroups: readonly (readonly number[])[],
  visit: (input: number, group: number, from: number, count: number, isEnd: boolean) => void,
): { run: number; skipped: number; next: Int32Array<ArrayBuffer> } {
  const next = first.slice();
  let run = firstRun;
  let skipped = firstSkipped;
  for (let left = rows; left > 0; ) {
    const input = inputs[run];
    const group = next[input * 2];
    const from = next[input * 2 + 1];
    const size = inputGroups[input][group];
    const count = Math.min(left, lengths[run] - skipped, size - from);
    const isEnd = from + count === size;
    visit(input, group, from, count, isEnd);
    next[input * 2] = isEnd ? group + 1 : group;
    next[input * 2 + 1] = isEnd ? 0 : from + count;
    left -= count;
    skipped += count;
    if (skipped < lengths[run]) continue;
    run++;
    skipped = 0;
  }
  return { run, skipped, next };
}
