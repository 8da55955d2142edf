import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EntrySets } from './entry-sets.ts';

/** Puts each set behind the others that are kept, as a merge does, and answers where each is. */
function placesOf(
  sets: readonly (readonly number[])[],
  found: EntrySets,
): { places: number[]; kept: Int32Array } {
  const kept = new Int32Array(sets.reduce((sum, set) => sum + set.length, 0));
  let end = 0;
  const places = sets.map((set) => {
    kept.set(set, end);
    const place = found.placeOf(kept, kept, end, set.length);
    if (place === end) end += set.length;
    return place;
  });
  return { places, kept };
}

test('equal entries have one place, and no entries have the place of others', () => {
  const set = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 });
  const sets = new EntrySets();
  fc.assert(
    fc.property(fc.array(set, { maxLength: 1500, size: 'max' }), (rows) => {
      sets.begin();
      const { places, kept } = placesOf(rows, sets);
      for (const [i, row] of rows.entries()) {
        expect([...kept.subarray(places[i], places[i] + row.length)]).toEqual(row);
      }
      expect(new Set(places).size).toBe(new Set(rows.map(String)).size);
    }),
    { numRuns: 30 },
  );
});

test('of sets that hardly repeat, neighbours still share a place', () => {
  const rows = Array.from({ length: 3000 }, (_, i) => [i < 1000 ? i : Math.floor(i / 2), 7]);
  const { places, kept } = placesOf(rows, new EntrySets());
  for (const [i, row] of rows.entries()) expect([...kept.subarray(places[i], places[i] + 2)]).toEqual(row);
  for (let i = 1000; i < 3000; i += 2) expect(places[i]).toBe(places[i + 1]);
});
