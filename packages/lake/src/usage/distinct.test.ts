import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Distinct } from './distinct.ts';

const MAX_ID = 2 ** 53 - 1;

function of(ids: Iterable<number>): Distinct {
  const distinct = new Distinct();
  for (const id of ids) distinct.add(id);
  return distinct;
}

/** Ids that look like hashes, the same for the same seed. */
function hashes(count: number, seed = 1): number[] {
  let state = BigInt(seed);
  return Array.from({ length: count }, () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    return Number(state >> 11n);
  });
}

describe('Distinct', () => {
  test('is exact up to 512, and says what changed something', () => {
    const id = fc.integer({ min: 0, max: MAX_ID });
    fc.assert(
      fc.property(fc.array(id, { maxLength: 600 }), (ids) => {
        const seen = new Set<number>();
        const distinct = new Distinct();
        for (const one of ids.slice(0, 512)) {
          expect(distinct.add(one)).toBe(!seen.has(one));
          seen.add(one);
        }
        expect(distinct.count()).toBe(seen.size);
      }),
    );
  });

  test.each([
    ['hashes', (n: number) => hashes(n)],
    ['numbers in a row', (n: number) => Array.from({ length: n }, (_, i) => i)],
    [
      'numbers that differ in their high bits',
      (n: number) => Array.from({ length: n }, (_, i) => i * 2 ** 33),
    ],
  ])('is right within 6 % beyond that: %s', (_, make) => {
    for (const count of [513, 1_000, 4_096, 10_000, 20_000, 100_000, 1_000_000]) {
      const error = Math.abs(of(make(count)).count() - count) / count;
      expect(error).toBeLessThan(0.06);
    }
  });

  test('merges into what one would have counted, in any order, and as often as one likes', () => {
    const part = fc.record({ count: fc.nat(1500), seed: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const lists = parts.map(({ count, seed }) => hashes(count, seed));
        const whole = of(lists.flat());
        for (const order of [lists, lists.toReversed(), [...lists, ...lists]]) {
          const merged = new Distinct();
          for (const ids of order) merged.merge(of(ids));
          expect(merged.count()).toBe(whole.count());
        }
      }),
      { numRuns: 40 },
    );
  });

  test('comes back as it was encoded, in 4 KiB', () => {
    for (const count of [0, 1, 512, 513, 50_000]) {
      const distinct = of(hashes(count));
      const bytes = distinct.encode();
      expect(bytes.length).toBeLessThanOrEqual(4097);
      const back = Distinct.decode(bytes);
      expect(back.count()).toBe(distinct.count());
      expect(back.add(hashes(count)[0] ?? 5)).toBe(count === 0);
    }
  });

  test('bytes that are none count nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const count = Distinct.decode(bytes).count();
        expect(count).toBeLessThanOrEqual(5);
      }),
    );
  });
});
