import { type ObjectDescription, parseRules } from '@lakewright/core';
import { describe, expect, it } from 'vitest';
import { stand } from '../test/stand.ts';
import {
  completionKey,
  completionState,
  inputKeyOf,
  parseCompletion,
  writeCompletion,
} from './completion.ts';
import { CompletionError } from './errors.ts';
import { extensionOf, outputKey } from './outputs.ts';

const [rule] = parseRules([{ name: 'Refiner' }], 'test');
const parse = (text: string) => parseCompletion('RefinerComplete/a.json', new TextEncoder().encode(text));

describe('completionKey', () => {
  it.each([
    ['RefinerInput/helloworld.txt', 'RefinerComplete/helloworld.txt.json'],
    ['RefinerInput/a/b.xml', 'RefinerComplete/a/b.xml.json'],
    ['RefinerInput/none', 'RefinerComplete/none.json'],
  ])('%s is completed at %s', (input, completion) => {
    expect(completionKey(rule, input)).toBe(completion);
    expect(inputKeyOf(rule, completion)).toBe(input);
  });
});

describe('parseCompletion', () => {
  it.each<[string, string[]]>([
    ['["RefinerOutput/a.txt","RefinerOutput/b.txt"]', ['RefinerOutput/a.txt', 'RefinerOutput/b.txt']],
    ['["/RefinerOutput/a.txt"]', ['RefinerOutput/a.txt']],
    ['[]', []],
  ])('%s', (text, keys) => {
    expect(parse(text)).toEqual(keys);
  });

  it.each<[string, RegExp]>([
    ['Jane Roe', /RefinerComplete\/a.json: is not JSON/],
    ['{"patient":"Jane Roe"}', /is not an array/],
    ['["a",1]', /element 1/],
    ['["/"]', /element 0/],
    ['[null]', /element 0/],
  ])('refuses %s and does not repeat it', (text, message) => {
    expect(() => parse(text)).toThrow(CompletionError);
    expect(() => parse(text)).toThrow(message);
    expect(() => parse(text)).not.toThrow(/Jane/);
  });
});

describe('outputKey', () => {
  const source = { bucket: 'data-repository', key: 'RefinerInput/a.txt', version: 'v1' };

  it('is the same for the same bucket, key, version and index, in every release', () => {
    expect(outputKey(rule, source, 0, '.txt')).toBe('RefinerOutput/05bc0460-a8da-5c2f-9acc-7b58a42f2cb5.txt');
    expect(outputKey(rule, source, 1, '.txt')).toBe('RefinerOutput/14090025-7deb-58a4-af29-c54978c55d52.txt');
  });

  it('differs as soon as one of them does', () => {
    const keys = [
      outputKey(rule, source, 0, ''),
      outputKey(rule, source, 1, ''),
      outputKey(rule, { ...source, version: 'v2' }, 0, ''),
      outputKey(rule, { ...source, key: 'RefinerInput/b.txt' }, 0, ''),
      outputKey(rule, { ...source, bucket: 'other' }, 0, ''),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('extensionOf', () => {
  it.each([
    ['a/b.txt', '.txt'],
    ['a.b/c', ''],
    ['a.tar.gz', '.gz'],
    ['.hidden', '.hidden'],
    ['a.', ''],
    ['a.ö', ''],
  ])('%s has %j', (key, extension) => {
    expect(extensionOf(key)).toBe(extension);
  });
});

describe('completions of versions', () => {
  const version = (versionId: string | undefined, etag: string): ObjectDescription => ({
    key: 'RefinerInput/a.txt',
    etag,
    size: 1,
    lastModifiedMs: 0,
    contentType: 'text/plain',
    metadata: {},
    versionId,
  });

  async function completed(input: ObjectDescription, sequencer: string | undefined) {
    const on = await stand();
    await writeCompletion(on.store, rule, input, { sequencer }, { outputs: [], current: undefined });
    return (next: ObjectDescription, nextSequencer: string | undefined) =>
      completionState(on.store, rule, next, { sequencer: nextSequencer });
  }

  it('never go back to an earlier version', async () => {
    const state = await completed(version('v2', 'e2'), 'B0');
    expect(await state(version('v1', 'e1'), 'A0')).toEqual({ kind: 'superseded' });
    expect(await state(version('v2', 'e2'), 'B0')).toEqual({ kind: 'done' });
    expect(await state(version('v3', 'e3'), 'C0')).toMatchObject({ kind: 'open', current: {} });
  });

  it('tell versions of the same bytes apart', async () => {
    const state = await completed(version('v1', 'e1'), 'A0');
    expect(await state(version('v2', 'e1'), 'B0')).toMatchObject({ kind: 'open' });
  });

  it('go by the object alone where there are no versions', async () => {
    const state = await completed(version(undefined, 'e2'), 'B0');
    expect(await state(version(undefined, 'e1'), 'A0')).toMatchObject({ kind: 'open' });
    expect(await state(version(undefined, 'e2'), 'A0')).toEqual({ kind: 'done' });
  });

  it('are not known by their place alone: a record that somebody else wrote completes nothing', async () => {
    const on = await stand();
    await on.store.put('RefinerComplete/a.txt.json', new TextEncoder().encode('[]'));
    expect(
      await completionState(on.store, rule, version(undefined, 'e1'), { sequencer: undefined }),
    ).toMatchObject({
      kind: 'open',
      current: { key: 'RefinerComplete/a.txt.json' },
    });
  });
});
