import { BadInputError } from '@lakewright/core';
import { expect, test } from 'vitest';
import type { StoreUnderTest } from '../object-store-suite.ts';
import { bytes, keysOf, pieces, textOf, wholeOf } from './support.ts';

/** Keys that are hard to spell, and those that cannot be. */
export function keyTests({ store, capabilities }: StoreUnderTest): void {
  test.each([
    'with space/and  two',
    'plus+and%20percent%',
    '100%25.txt',
    `quotes'"\`/<tag>&amp;`,
    'question?versionId=1&a=b#hash',
    'Größe/雪/\u{1f600}.txt',
    'é and e\u0301',
    'a\\b|c*d:e',
    'trailing. /dots...',
    ' leading',
    '~tilde/(brackets)/[square]/{curly}',
    'semi;colon,comma=equals@at$dollar!',
    'tab\there',
  ])('the key %j', (key) => roundTrip(key));

  test('a long key', () => roundTrip(`${'long/'.repeat(50)}${'x'.repeat(250)}`));

  async function roundTrip(key: string): Promise<void> {
    await store().put(key, bytes(key), { metadata: { a: 'b' } });
    expect(textOf(await store().get(key))).toBe(key);
    expect(textOf(await wholeOf((await store().open(key)).body))).toBe(key);
    expect(await store().describe(key)).toMatchObject({ key, metadata: { a: 'b' } });
    expect(await keysOf(store(), '')).toEqual([key]);
    expect(await keysOf(store(), key.slice(0, -1), key.slice(0, -1))).toEqual([key]);
    await store().put(key, pieces(bytes('again')));
    expect(textOf(await store().get(key))).toBe('again');
    await store().delete(key);
    expect(await keysOf(store(), '')).toEqual([]);
  }

  test('keys that differ by one letter are different objects', async () => {
    const keys = ['a b', 'a%20b', 'a+b', 'A b', 'é', 'e\u0301'];
    for (const key of keys) await store().put(key, bytes(key));
    for (const key of keys) expect(textOf(await store().get(key))).toBe(key);
  });

  const long = { 'a key of 1,025 bytes': 'x'.repeat(1025), 'a key of 513 é': 'é'.repeat(513) };
  test.each([
    ...['', '/a', '/', '\ud800', 'a\0b', ...capabilities.impossibleKeys].map((key) => [
      JSON.stringify(key),
      key,
    ]),
    ...Object.entries(long),
  ])('%s is no key', async (_, key) => {
    await expect(store().put(key, bytes('x'))).rejects.toThrow(BadInputError);
    await expect(store().put(key, pieces(bytes('x')))).rejects.toThrow(BadInputError);
    await expect(store().get(key)).rejects.toThrow(BadInputError);
    await expect(store().open(key)).rejects.toThrow(BadInputError);
    await expect(store().head(key)).rejects.toThrow(BadInputError);
    await expect(store().describe(key)).rejects.toThrow(BadInputError);
    await expect(store().delete(key)).rejects.toThrow(BadInputError);
    await expect(store().localPath(key)).rejects.toThrow(BadInputError);
    expect(await keysOf(store(), '')).toEqual([]);
  });
}
