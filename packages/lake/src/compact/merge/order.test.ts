import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KeyGroup, type KeyRows, mergeOrder, UnsortedError } from './order.ts';

interface Key {
  readonly rank: number;
  readonly id: number;
  readonly time: number;
}

const pairs = (values: readonly number[]) => Uint32Array.from(values.flatMap((value) => [value, 0]));

/** A row group of sorted keys; it says its ends where it may, and tells `read` when it is read. */
function groupOf(keys: readonly Key[], tellsEnds: boolean, read = () => {}): KeyGroup {
  const [first, last] = [keys[0], keys[keys.length - 1]];
  const isOne = first.rank === last.rank && first.id === last.id;
  return {
    count: keys.length,
    ends:
      tellsEnds && isOne
        ? { rank: first.rank, id: pairs([first.id]), first: pairs([first.time]), last: pairs([last.time]) }
        : undefined,
    read(): KeyRows {
      read();
      return {
        ranks: Int32Array.from(keys, ({ rank }) => rank),
        ids: pairs(keys.map(({ id }) => id)),
        times: pairs(keys.map(({ time }) => time)),
      };
    },
  };
}

/** The order with neighbouring runs of one input put together. */
function ordered(inputs: readonly (readonly KeyGroup[])[]) {
  const {
    count,
    inputs: of,
    lengths,
    keyStarts,
    nameStarts,
  } = mergeOrder(inputs.map((groups) => groups.values()));
  const runs: [number, number][] = [];
  for (let i = 0; i < count; i++) {
    const last = runs.at(-1);
    if (last?.[0] === of[i]) last[1] += lengths[i];
    else runs.push([of[i], lengths[i]]);
  }
  return { runs, keyStarts: [...keyStarts], nameStarts: [...nameStarts] };
}

const compare = (a: Key, b: Key) => a.rank - b.rank || a.id - b.id || a.time - b.time;
const key = fc.record({
  rank: fc.integer({ min: 0, max: 2 }),
  id: fc.integer({ min: 0, max: 2 }),
  time: fc.nat({ max: 40 }),
});
const input = fc
  .tuple(fc.array(key, { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 8 }))
  .map(([keys, size]) => {
    const sorted = keys.toSorted(compare);
    return Array.from({ length: Math.ceil(sorted.length / size) }, (_, i) =>
      sorted.slice(i * size, (i + 1) * size),
    );
  });

describe('mergeOrder', () => {
  it('is the order of all rows, whether row groups say their ends or not', () => {
    fc.assert(
      fc.property(fc.array(input, { minLength: 1, maxLength: 5 }), (inputs) => {
        const rows = inputs.flatMap((groups, i) => groups.flat().map((one) => ({ ...one, input: i })));
        rows.sort((a, b) => compare(a, b) || a.input - b.input);
        const expected: [number, number][] = [];
        for (const { input: of } of rows) {
          const last = expected.at(-1);
          if (last?.[0] === of) last[1]++;
          else expected.push([of, 1]);
        }
        const starts = (isNew: (a: Key, b: Key) => boolean) =>
          rows.flatMap((row, i) => (i === 0 || isNew(rows[i - 1], row) ? [i] : []));
        for (const tellsEnds of [false, true]) {
          const groups = inputs.map((each) => each.map((keys) => groupOf(keys, tellsEnds)));
          expect(ordered(groups)).toEqual({
            runs: expected,
            keyStarts: starts((a, b) => a.rank !== b.rank || a.id !== b.id),
            nameStarts: starts((a, b) => a.rank !== b.rank),
          });
        }
      }),
    );
  });

  it('does not read a row group that no other input has rows between, and reads one that it has', () => {
    const at = (...times: number[]) => times.map((time): Key => ({ rank: 0, id: 0, time }));
    const wasRead: string[] = [];
    const group = (name: string, keys: Key[]) => groupOf(keys, true, () => wasRead.push(name));
    mergeOrder([
      [group('before', at(1, 2)), group('into', at(3, 9)), group('behind', at(20, 21))].values(),
      [group('late', at(5, 6)), group('after', at(30, 31))].values(),
    ]);
    expect(wasRead).toEqual(['into']);
  });

  it.each([false, true])('says which row of which input is not in order (ends: %s)', (tellsEnds) => {
    const at = (time: number): Key => ({ rank: 0, id: 0, time });
    const merge = () =>
      mergeOrder([
        [groupOf([at(1), at(2)], tellsEnds)].values(),
        [groupOf([at(1), at(5)], tellsEnds), groupOf([at(4), at(6)], tellsEnds)].values(),
      ]);
    expect(merge).toThrow(UnsortedError);
    expect(merge).toThrow('row 2 comes before the row in front of it');
  });
});
