import { NotFoundError, type Sql } from '@lakewright/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeEmbedded } from '../../../local/test/adapters.ts';
import { IngestStand } from '../../test/ingest-stand.ts';
import { ORGANIZATION, OTHER_ORGANIZATION } from '../../test/raw-objects.ts';
import { createLakeAdmin, type LakeAdmin } from '../index.ts';

describeEmbedded('the administration', (empty) => {
  let sql: Sql;
  let stand: IngestStand;
  let admin: LakeAdmin;
  let id: bigint;

  beforeEach(async () => {
    sql = await empty();
    stand = await IngestStand.open(sql);
    admin = createLakeAdmin(stand);
    await stand.catalog.announce([await stand.put('bad')]);
    const [claimed] = await stand.catalog.claim({
      owner: 'a',
      maxBytes: 1e9,
      maxObjects: 1,
      ripeBeforeMs: Date.now(),
      ripeBytes: 0,
    });
    id = claimed.id;
    await stand.catalog.bury('a', id, 'it was bad');
  });
  afterEach(() => stand.close());

  test('shows a dead letter to its organization alone', async () => {
    expect(await admin.deadLetters(ORGANIZATION)).toMatchObject([{ id, reason: 'it was bad' }]);
    expect(await admin.deadLetter(ORGANIZATION, id)).toMatchObject({ id });
    expect(await admin.deadLetter(OTHER_ORGANIZATION, id)).toBeUndefined();
    await expect(admin.replay(OTHER_ORGANIZATION, id)).rejects.toThrow(NotFoundError);
    expect((await admin.status(ORGANIZATION)).rawObjects.dead).toBe(1);
  });

  test('replays the same bytes: they wait again, with all their attempts', async () => {
    expect(await admin.replay(ORGANIZATION, id)).toBe('queued');
    expect(await stand.states()).toEqual({ pending: 1, claimed: 0, done: 0, dead: 0 });
    await expect(admin.replay(ORGANIZATION, id)).rejects.toThrow(NotFoundError);
    stand.start();
    await expect.poll(() => stand.published(), { timeout: 20_000 }).toEqual(['bad']);
  });

  test('replays other bytes under the same key: they take its place', async () => {
    await stand.put('bad', 'good');
    expect(await admin.replay(ORGANIZATION, id)).toBe('superseded');
    expect(await stand.states()).toEqual({ pending: 1, claimed: 0, done: 0, dead: 0 });
    stand.start();
    await expect.poll(() => stand.published(), { timeout: 20_000 }).toEqual(['good']);
  });

  test('replays nothing when the object is gone, and keeps the letter', async () => {
    const [{ key }] = await admin.deadLetters(ORGANIZATION);
    await stand.store.delete(key);
    expect(await admin.replay(ORGANIZATION, id)).toBe('missing');
    expect(await admin.deadLetters(ORGANIZATION)).toHaveLength(1);
  });
});
