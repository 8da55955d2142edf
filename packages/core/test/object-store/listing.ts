import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StoreUnderTest } from '../object-store-suite.ts';
import { bytes, collect, keysOf } from './support.ts';

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Listings: their order, their prefix and where they start. */
export function listingTests({ store }: StoreUnderTest): void {
  test('the order is that of the UTF-8 bytes, folders or not', async () => {
    const keys = ['a', 'a-b', 'a.b', 'a/b/c', 'a0', 'B', 'é', 'z', '\uff5e', '\u{1f600}'].filter(
      (key) => key !== 'a',
    );
    for (const key of [...keys].reverse()) await store().put(key, bytes(key));
    expect(await keysOf(store(), '')).toEqual([...keys].sort(byBytes));
    // A surrogate's code unit sorts before U+FF5E, its bytes after: a listing goes by the bytes.
    expect((await keysOf(store(), '')).slice(-2)).toEqual(['\uff5e', '\u{1f600}']);
  });

  const keys = ['p/a', 'p/ab/1', 'p/ab/2', 'p/abc', 'p/b', 'q/a'];

  test.each<[string, string | undefined, readonly string[]]>([
    ['', undefined, keys],
    ['p/', undefined, keys.slice(0, 5)],
    ['p/ab', undefined, ['p/ab/1', 'p/ab/2', 'p/abc']],
    ['p/ab/', undefined, ['p/ab/1', 'p/ab/2']],
    ['p/ab/1', undefined, ['p/ab/1']],
    ['p', 'p/ab/1', ['p/ab/2', 'p/abc', 'p/b']],
    ['', 'p/ab', keys.slice(1)],
    ['', 'p/ab/', keys.slice(1)],
    ['p/ab', 'o', ['p/ab/1', 'p/ab/2', 'p/abc']],
    ['p/', 'p/b', []],
    ['p/ab', 'q', []],
    ['', 'q/a', []],
    ['nothing/', undefined, []],
    ['p/ac', undefined, []],
    ['P/', undefined, []],
  ])('the prefix %j after %j', async (prefix, startAfter, expected) => {
    for (const key of keys) await store().put(key, bytes(key));
    expect(await keysOf(store(), prefix, startAfter)).toEqual(expected);
  });

  test('more keys than come in one answer', async () => {
    const many = Array.from({ length: 1_005 }, (_, i) => `n/${String(i).padStart(4, '0')}`);
    for (let at = 0; at < many.length; at += 15) {
      await Promise.all(many.slice(at, at + 15).map((key) => store().put(key, bytes(key))));
    }
    await store().put('o', bytes('x'));
    expect(await keysOf(store(), 'n/')).toEqual(many);
    expect(await keysOf(store(), 'n/', 'n/0001')).toEqual(many.slice(2));
    const infos = await collect(store().list('n/', { startAfter: 'n/1003' }));
    expect(infos).toEqual([await store().head('n/1004')]);
    for await (const { key } of store().list('n/')) {
      expect(key).toBe('n/0000');
      break;
    }
  });

  test('any set of keys, by any prefix and start', async () => {
    const part = fc.stringMatching(/^[a-c.!0é+ %&\u{1f600}\uff5e]{1,3}$/u).filter((p) => !/^\.\.?$/.test(p));
    const key = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { maxLength: 8 }), key, key, async (generated, prefix, start) => {
        const base = `round-${round++}/`;
        // What one store has as a file and a folder at once another cannot: such keys are left out.
        const apart = generated.filter((k) => !generated.some((other) => other.startsWith(`${k}/`)));
        for (const k of apart) await store().put(base + k, bytes(k));
        const sorted = apart.map((k) => base + k).sort(byBytes);
        expect(await keysOf(store(), base)).toEqual(sorted);
        expect(await keysOf(store(), base + prefix)).toEqual(
          sorted.filter((k) => k.startsWith(base + prefix)),
        );
        expect(await keysOf(store(), base, base + start)).toEqual(
          sorted.filter((k) => byBytes(k, base + start) > 0),
        );
      }),
      { numRuns: 25 },
    );
  });
}
