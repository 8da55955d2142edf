import { NotFoundError } from '@lakewright/core';
import { expect, test } from 'vitest';
import type { StoreUnderTest } from '../object-store-suite.ts';
import { bytes, keysOf, textOf, wholeOf } from './support.ts';

/** The versions under one key, where a store keeps more than the last. */
export function versionTests({ store, capabilities }: StoreUnderTest): void {
  test.skipIf(capabilities.versions)(
    'a store that keeps only the last version has no version ids',
    async () => {
      await store().put('k', bytes('x'));
      expect((await store().describe('k'))?.versionId).toBeUndefined();
    },
  );

  test.skipIf(!capabilities.versions)(
    'each version is read by its id, also after it was removed',
    async () => {
      await store().put('k', bytes('one'), { metadata: { n: '1' }, contentType: 'text/plain' });
      const first = await store().describe('k');
      await store().put('k', bytes('two!'), { metadata: { n: '2' } });
      const second = await store().describe('k');
      expect(first?.versionId).toMatch(/./);
      expect(second?.versionId).not.toBe(first?.versionId);
      await store().delete('k');
      expect(await store().describe('k')).toBeUndefined();
      expect(await keysOf(store(), '')).toEqual([]);
      for (const [version, text] of [
        [first, 'one'],
        [second, 'two!'],
      ] as const) {
        const { versionId, etag } = version ?? {};
        expect(await store().describe('k', { versionId })).toEqual(version);
        const { body, ...description } = await store().open('k', { versionId, etag });
        expect(description).toEqual(version);
        expect(textOf(await wholeOf(body))).toBe(text);
      }
      await expect(store().open('k')).rejects.toThrow(NotFoundError);
    },
  );

  test.skipIf(!capabilities.versions)('a version that never was', async () => {
    await store().put('k', bytes('x'));
    const versionId = `${(await store().describe('k'))?.versionId}`.replaceAll(/\w/g, '0');
    expect(await store().describe('k', { versionId })).toBeUndefined();
    await expect(store().open('k', { versionId })).rejects.toThrow(NotFoundError);
  });
}
