import { PreconditionError } from '@lakewright/core';
import { expect, test } from 'vitest';
import type { StoreUnderTest } from '../object-store-suite.ts';
import { bytes, keysOf, LARGE_BYTES, noise, pieces, textOf } from './support.ts';

const WRITERS = 8;

/** `only`: writes that happen if something holds. */
export function conditionTests({ store }: StoreUnderTest): void {
  const shapes = [
    ['at once', (text: string) => bytes(text)],
    ['bit by bit', (text: string) => pieces(bytes(text), 2)],
  ] as const;

  test.each(shapes)("only: 'absent' writes where nothing is, %s", async (_, body) => {
    const first = await store().put('k', body('first'), { only: 'absent' });
    await expect(store().put('k', body('second'), { only: 'absent' })).rejects.toThrow(PreconditionError);
    expect(textOf(await store().get('k'))).toBe('first');
    expect(await store().head('k')).toMatchObject({ etag: first.etag });
    await store().delete('k');
    await store().put('k', body('third'), { only: 'absent' });
    expect(textOf(await store().get('k'))).toBe('third');
  });

  test.each(shapes)('only: an etag writes over that object and no other, %s', async (_, body) => {
    const first = await store().put('k', body('first'));
    const second = await store().put('k', body('second'), { only: { etag: first.etag } });
    const stale = store().put('k', body('third'), { only: { etag: first.etag } });
    await expect(stale).rejects.toThrow(PreconditionError);
    expect(textOf(await store().get('k'))).toBe('second');
    const nowhere = store().put('nowhere', body('x'), { only: { etag: second.etag } });
    await expect(nowhere).rejects.toThrow(PreconditionError);
    expect(await keysOf(store(), '')).toEqual(['k']);
  });

  test('a large body is bound by a condition as a small one', async () => {
    const large = () => pieces(noise(LARGE_BYTES), 1024 * 1024);
    const first = await store().put('k', large(), { only: 'absent' });
    expect(await store().head('k')).toMatchObject({ size: LARGE_BYTES });
    await expect(store().put('k', large(), { only: 'absent' })).rejects.toThrow(PreconditionError);
    const second = await store().put('k', bytes('small'), { only: { etag: first.etag } });
    expect(await store().head('k')).toMatchObject({ etag: second.etag, size: 5 });
  });

  test('metadata of a write that did not happen is not there', async () => {
    await store().put('k', bytes('x'), { metadata: { by: 'first' } });
    const second = store().put('k', bytes('x'), { metadata: { by: 'second' }, only: 'absent' });
    await expect(second).rejects.toThrow(PreconditionError);
    expect((await store().describe('k'))?.metadata).toEqual({ by: 'first' });
  });

  test('of many writers at once exactly one wins', async () => {
    let { etag } = await store().put('known', bytes('start'));
    for (let round = 0; round < 5; round++) {
      const writers = Array.from({ length: WRITERS }, (_, i) => `writer ${i} of round ${round}`);
      const absent = await race(writers, (text) =>
        store().put(`new/${round}`, bytes(text), { only: 'absent' }),
      );
      expect(absent).toHaveLength(1);
      expect(textOf(await store().get(`new/${round}`))).toBe(absent[0]);
      const known = await race(writers, (text) => store().put('known', bytes(text), { only: { etag } }));
      expect(known).toHaveLength(1);
      expect(textOf(await store().get('known'))).toBe(known[0]);
      etag = (await store().head('known'))?.etag ?? '';
    }
  });

  test('a write without a condition does not slip under one', async () => {
    for (let round = 0; round < 10; round++) {
      const key = `k/${round}`;
      const [plain, careful] = await Promise.allSettled([
        store().put(key, bytes('plain')),
        store().put(key, bytes('careful'), { only: 'absent' }),
      ]);
      expect(plain.status).toBe('fulfilled');
      // Either order is right: first the careful one and then the plain one over it, or the plain one alone.
      if (careful.status === 'rejected') expect(careful.reason).toBeInstanceOf(PreconditionError);
      expect(textOf(await store().get(key))).toBe('plain');
    }
  });
}

/** Those that were written, of all that are put at once; the others must be refused for the condition. */
async function race(texts: readonly string[], put: (text: string) => Promise<unknown>): Promise<string[]> {
  const outcomes = await Promise.allSettled(texts.map(put));
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(PreconditionError);
  }
  return texts.filter((_, i) => outcomes[i].status === 'fulfilled');
}
