import { BadInputError, LimitError } from '@lakewright/core';
import { expect, test } from 'vitest';
import type { StoreUnderTest } from '../object-store-suite.ts';
import { bytes, pieces, wholeOf } from './support.ts';

/** Content types and user metadata. */
export function descriptionTests({ store }: StoreUnderTest): void {
  test.each([
    ['a/b.json', undefined, 'application/json'],
    ['a/b.txt', undefined, 'text/plain'],
    ['a/B.XML', undefined, /^(text|application)\/xml$/],
    ['a/b.unheard-of', undefined, 'application/octet-stream'],
    ['a/b', undefined, 'application/octet-stream'],
    ['a/.json/b', undefined, 'application/octet-stream'],
    ['a/b.json', 'text/plain; charset=iso-8859-1', 'text/plain; charset=iso-8859-1'],
    ['a/b', 'application/fhir+json', 'application/fhir+json'],
  ])('the content type of %s put as %s is %s', async (key, contentType, expected) => {
    const wanted = typeof expected === 'string' ? expected : expect.stringMatching(expected);
    await store().put(key, bytes('x'), { contentType });
    expect(await store().describe(key)).toMatchObject({ contentType: wanted });
    await store().put(key, pieces(bytes('x')), { contentType });
    expect(await store().describe(key)).toMatchObject({ contentType: wanted });
    const { body, ...rest } = await store().open(key);
    expect(rest).toMatchObject({ contentType: wanted, key, size: 1 });
    await wholeOf(body);
  });

  const metadata = { input: 'RefinerInput/a b+c%20d.txt', 'x-count': '2', 'quoted-value': '=?~ "quoted"' };

  test('names of metadata come back in lower case', async () => {
    await store().put('k', bytes('x'), { metadata: { 'X-Name': 'Value' } });
    expect((await store().describe('k'))?.metadata).toEqual({ 'x-name': 'Value' });
  });

  test.each(['at once', 'bit by bit'])('metadata comes back from a body put %s', async (how) => {
    const body = how === 'at once' ? bytes('x') : pieces(bytes('x'));
    await store().put('k', body, { metadata, contentType: 'text/csv' });
    expect(await store().describe('k')).toMatchObject({ metadata, contentType: 'text/csv' });
    const opened = await store().open('k');
    expect(opened.metadata).toEqual(metadata);
    await wholeOf(opened.body);
  });

  test('metadata and content type go with the object that had them', async () => {
    await store().put('k.json', bytes('x'), { metadata, contentType: 'text/csv' });
    await store().put('k.json', bytes('x'));
    expect(await store().describe('k.json')).toMatchObject({ metadata: {}, contentType: 'application/json' });
    await store().put('k.json', bytes('x'), { metadata: { other: '1' } });
    expect((await store().describe('k.json'))?.metadata).toEqual({ other: '1' });
    await store().delete('k.json');
    await store().put('k.json', bytes('x'));
    expect((await store().describe('k.json'))?.metadata).toEqual({});
  });

  test.each([
    ['one name twice', { name: 'x', Name: 'y' }],
    ['a name with a space', { 'a b': 'x' }],
    ['an empty name', { '': 'x' }],
    ['a name beyond ASCII', { größe: 'x' }],
    ['a value beyond ASCII', { name: 'Zoë' }],
    ['a value with a line break', { name: 'a\r\nx: b' }],
  ])('metadata with %s is refused and nothing stored', async (_, wrong) => {
    await expect(store().put('k', bytes('x'), { metadata: wrong })).rejects.toThrow(BadInputError);
    expect(await store().head('k')).toBeUndefined();
  });

  test('2 KiB of metadata, and not one byte more', async () => {
    const value = 'v'.repeat(2048 - 'name'.length);
    await store().put('k', bytes('x'), { metadata: { name: value } });
    expect((await store().describe('k'))?.metadata).toEqual({ name: value });
    const over = store().put('over', bytes('x'), { metadata: { name: `${value}v` } });
    await expect(over).rejects.toThrow(LimitError);
    await expect(over).rejects.toMatchObject({ limit: 'maxMetadataBytes' });
    expect(await store().head('over')).toBeUndefined();
  });
}
