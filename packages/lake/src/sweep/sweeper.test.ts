import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, type Sql, silentLogger, UnavailableError } from '@lakewright/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeEmbedded, temporaryStore } from '../../../local/test/adapters.ts';
import { FailingStore } from '../../test/fakes.ts';
import { ManualClock, ORGANIZATION, OTHER_ORGANIZATION, rawObject, segment } from '../../test/raw-objects.ts';
import { Catalog } from '../catalog/index.ts';
import { ONE_PLACE } from '../places.ts';
import type { NewSegment } from '../types.ts';
import { createSweeper, SWEEP_SETTINGS, Sweeper, type SweepReport, type SweepSettings } from './index.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const none = { count: 0, bytes: 0 };
const id = (name: string) => Buffer.from(name).toString('hex').padEnd(32, '0');
const keyOf = (name: string, organization = ORGANIZATION) =>
  `db/${organization}/logs/20260102/03/${id(name)}.parquet`;

describeEmbedded('the sweeper', (empty) => {
  let sql: Sql;
  let clock: ManualClock;
  let catalog: Catalog;
  let store: FailingStore;
  let root: string;
  let runningMs: number;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    sql = await empty();
    clock = new ManualClock(Date.now());
    catalog = await Catalog.open(sql, clock);
    const temporary = await temporaryStore();
    store = new FailingStore(temporary.store);
    ({ root, remove } = temporary);
    runningMs = 0;
  });
  afterEach(() => remove());

  const sweeperWith = (settings: Partial<SweepSettings> = {}) =>
    new Sweeper({
      store,
      catalog,
      clock,
      places: ONE_PLACE,
      runningMs: () => runningMs,
      logger: silentLogger,
      settings: { ...SWEEP_SETTINGS, ...settings },
    });
  const put = (key: string, bytes = 10) => store.put(key, new Uint8Array(bytes));
  const keys = async (prefix = '') => {
    const found: string[] = [];
    for await (const { key } of store.list(prefix)) found.push(key);
    return found;
  };
  const named = (name: string, more: Partial<NewSegment> = {}) =>
    segment(id(name), { key: keyOf(name, more.organization), bytes: 10, ...more });

  /** Publishes segments, with their objects, out of a raw object `raw`. */
  async function publish(raw: string, ...segments: NewSegment[]): Promise<void> {
    for (const { key } of segments) await put(key);
    await catalog.announce([rawObject(raw, clock.now())]);
    const claimed = await catalog.claim({
      owner: 'ingest',
      maxBytes: 1e9,
      maxObjects: 100,
      ripeBeforeMs: clock.now(),
      ripeBytes: 0,
    });
    const inputs = claimed.map((object) => ({ id: object.id, records: 1, rejected: 0, reasons: [] }));
    await catalog.publish({ owner: 'ingest', inputs, segments });
  }

  /** Merges all live segments of the default organization's logs into `name`. */
  async function merge(name: string): Promise<void> {
    const full = { bytes: 1e9, rows: 1e9 };
    const groups = await catalog.merges.groups(full);
    const inputs = await catalog.merges.candidates(groups[0], full);
    await put(keyOf(name));
    await catalog.merges.claim('m', inputs);
    const { lastSeenNs, ...output } = named(name);
    await catalog.merges.publish({ owner: 'm', inputs, output, level: 1 });
  }

  /** A dry run says what the sweep then does, and changes nothing. */
  async function sweepAfterLooking(sweeper: Sweeper, organization?: string): Promise<SweepReport> {
    const before = await keys();
    const look = await sweeper.sweep({ dryRun: true, organization });
    expect(await keys()).toEqual(before);
    const report = await sweeper.sweep({ organization });
    expect({ ...report, waiting: none }).toEqual({ ...look, dryRun: false, waiting: none });
    return report;
  }

  test('removes what others replaced when no query can be reading it any more, and not before', async () => {
    const sweeper = sweeperWith();
    await publish('raw', named('a'), named('b'));
    await merge('ab');
    clock.advance(10 * MINUTE);
    expect(await sweepAfterLooking(sweeper)).toMatchObject({
      retired: none,
      waiting: { count: 2, bytes: 20 },
    });
    expect(await keys('db/')).toHaveLength(3);
    clock.advance(1);
    expect(await sweepAfterLooking(sweeper)).toMatchObject({
      retired: { count: 2, bytes: 20 },
      waiting: none,
    });
    expect(await keys('db/')).toEqual([keyOf('ab')]);
    expect(await sweeper.sweep()).toMatchObject({ retired: none });
    expect(await catalog.segments({ organization: ORGANIZATION, table: 'logs' })).toHaveLength(1);
  });

  test('goes on where it died between an object and its row', async () => {
    await publish('raw', named('a'));
    await merge('m');
    await store.delete(keyOf('a'));
    clock.advance(HOUR);
    expect(await sweeperWith().sweep()).toMatchObject({ retired: { count: 1 }, failed: 0 });
    expect(await sql.query('select 1 from segment')).toHaveLength(1);
  });

  test('keeps the row of an object that cannot be removed, and tries again', async () => {
    await publish('raw', named('a'));
    await merge('m');
    clock.advance(HOUR);
    const sweeper = sweeperWith();
    store.delete = () => Promise.reject(new UnavailableError('not now'));
    await expect(sweeper.sweep()).rejects.toThrow(UnavailableError);
    expect(await sql.query('select 1 from segment')).toHaveLength(2);
    Reflect.deleteProperty(store, 'delete');
    expect(await sweeper.sweep()).toMatchObject({ retired: { count: 1 } });
  });

  test('removes an object that no row names when it was seen twice while the machine was awake', async () => {
    const sweeper = sweeperWith();
    await publish('raw', named('live'));
    await put(keyOf('left'));
    clock.advance(HOUR + MINUTE);
    expect(await sweeper.sweep()).toMatchObject({ orphans: none, unconfirmed: { count: 1, bytes: 10 } });
    // The clock went on and the machine did not: it slept, and what was half done is half done still.
    clock.advance(8 * HOUR);
    expect(await sweeper.sweep()).toMatchObject({ orphans: none, unconfirmed: { count: 1 } });
    runningMs += 10 * MINUTE;
    expect(await sweepAfterLooking(sweeper)).toMatchObject({
      orphans: { count: 1, bytes: 10 },
      unconfirmed: none,
    });
    expect(await keys('db/')).toEqual([keyOf('live')]);
  });

  test('does not remove what was written again, published, or is young', async () => {
    const sweeper = sweeperWith();
    await put(keyOf('again'));
    await put(keyOf('published'));
    clock.advance(HOUR + MINUTE);
    expect(await sweeper.sweep()).toMatchObject({ unconfirmed: { count: 2 } });
    runningMs += 10 * MINUTE;
    await put(keyOf('again'), 11);
    await publish('raw', named('published'));
    expect(await sweeper.sweep()).toMatchObject({ orphans: none, unconfirmed: { count: 1 } });
    expect(await keys('db/')).toHaveLength(2);
    clock.advance(-HOUR);
    runningMs += HOUR;
    expect(await sweeper.sweep()).toMatchObject({ orphans: none, unconfirmed: none });
  });

  test.each<[string, string, number]>([
    ['of an earlier catalog', keyOf('old'), -MINUTE],
    ['of somebody else', `db/${ORGANIZATION}/logs/notes.txt`, MINUTE],
    ['of no table', `db/${ORGANIZATION}/prices/20260102/03/${id('x')}.parquet`, MINUTE],
    ['of nobody', `db/me/logs/20260102/03/${id('x')}.parquet`, MINUTE],
    ['a raw one', 'logs-raw/mine.csv', MINUTE],
  ])('never removes an object that this catalog did not make: %s', async (_what, key, ageMs) => {
    const sweeper = sweeperWith();
    await put(key);
    const seconds = (clock.now() + ageMs) / 1000;
    await utimes(join(root, key), seconds, seconds);
    for (let i = 0; i < 3; i++) {
      clock.advance(2 * HOUR);
      runningMs += HOUR;
      const foreign = key.startsWith('db/') ? { count: 1, bytes: 10 } : none;
      expect(await sweepAfterLooking(sweeper)).toMatchObject({ orphans: none, unconfirmed: none, foreign });
    }
    expect(await keys()).toEqual([key]);
  });

  test('frees claims that nobody renewed before it looks for orphans', async () => {
    await publish('raw', named('a'), named('b'));
    const full = { bytes: 1e9, rows: 1e9 };
    const [group] = await catalog.merges.groups(full);
    const inputs = await catalog.merges.candidates(group, full);
    await catalog.merges.claim('asleep', inputs);
    await catalog.announce([rawObject('claimed', clock.now())]);
    await catalog.claim({
      owner: 'asleep',
      maxBytes: 1,
      maxObjects: 1,
      ripeBeforeMs: clock.now(),
      ripeBytes: 0,
    });
    clock.advance(HOUR);
    expect(await sweepAfterLooking(sweeperWith())).toMatchObject({ claims: { rawObjects: 1, segments: 2 } });
    expect(await catalog.merges.claim('awake', inputs)).toBe(true);
  });

  test('retires what is past the retention of its organization and table, and removes it after its grace', async () => {
    const dayNs = (days: number) => BigInt(clock.now() - days * 24 * HOUR) * 1_000_000n;
    const at = (days: number) => ({ minTimeNs: dayNs(days), maxTimeNs: dayNs(days) });
    await publish(
      'raw',
      named('old', { ...at(40), services: ['gone'] }),
      named('new', { ...at(20), services: ['here'] }),
      named('span', { ...at(40), table: 'traces', services: ['gone'] }),
      named('theirs', {
        ...at(20),
        organization: OTHER_ORGANIZATION,
        key: keyOf('theirs', OTHER_ORGANIZATION),
      }),
    );
    const sweeper = sweeperWith({
      retention: [
        { table: 'logs', keepMs: 30 * 24 * HOUR },
        { organization: OTHER_ORGANIZATION, keepMs: 10 * 24 * HOUR },
      ],
    });
    expect((await sweeper.sweep({ dryRun: true, organization: ORGANIZATION })).expired).toEqual({
      count: 1,
      bytes: 10,
    });
    expect((await sweepAfterLooking(sweeper)).expired).toEqual({ count: 2, bytes: 20 });
    const live = async (organization: string, table: 'logs' | 'traces') =>
      (await catalog.segments({ organization, table })).map(({ segmentId }) => segmentId);
    expect(await live(ORGANIZATION, 'logs')).toEqual([id('new')]);
    expect(await live(ORGANIZATION, 'traces')).toEqual([id('span')]);
    expect(await live(OTHER_ORGANIZATION, 'logs')).toEqual([]);
    expect(await catalog.services(ORGANIZATION)).toMatchObject([
      { service: 'gone', tables: ['traces'] },
      { service: 'here' },
    ]);
    expect(await keys('db/')).toHaveLength(4);
    clock.advance(11 * MINUTE);
    expect((await sweepAfterLooking(sweeper)).retired.count).toBe(2);
    expect(await keys('db/')).toHaveLength(2);
  });

  test('keeps everything for ever unless it is told otherwise', async () => {
    await publish('raw', named('ancient', { minTimeNs: 1n, maxTimeNs: 2n }));
    await put(rawObject('raw', 0).key);
    clock.advance(10_000 * 24 * HOUR);
    expect(await sweepAfterLooking(sweeperWith())).toMatchObject({
      expired: none,
      rawObjects: none,
      retired: none,
    });
    expect(await keys()).toHaveLength(2);
  });

  test('removes received raw objects past their retention, later their rows, and never a dropped file', async () => {
    const DAY = 24 * HOUR;
    const dropped = 'logs-raw/a.csv';
    await put(dropped);
    await catalog.announce([rawObject('b', clock.now(), { key: dropped })]);
    await publish('first', named('a'));
    const { key } = rawObject('raw', clock.now());
    await put(key);
    await publish('raw', named('b'));
    const sweeper = sweeperWith({ rawRetentionMs: 7 * DAY });
    clock.advance(6 * DAY);
    expect(await sweepAfterLooking(sweeper)).toMatchObject({ rawObjects: none });
    clock.advance(2 * DAY);
    expect((await sweepAfterLooking(sweeper)).rawObjects.count).toBe(2);
    expect((await keys()).filter((each) => !each.startsWith('db/'))).toEqual([dropped]);
    // The object came back, as one that was removed without a sync may: it is not ingested again.
    await put(key);
    expect(await catalog.unknownObjects([{ key, etag: 'other' }])).toEqual([]);
    clock.advance(2 * DAY);
    expect((await sweeper.sweep()).history).toBe(1);
    expect(await catalog.unknownObjects([{ key, etag: 'other' }])).toEqual([]);
    await store.delete(key);
    expect((await sweeper.sweep()).history).toBe(1);
    expect(await catalog.unknownObjects([{ key: dropped, etag: 'e1' }])).toEqual([]);
  });

  test.each<[string, Partial<SweepSettings>]>([
    ['graceMs', { graceMs: 150_000 }],
    ['orphanAgeMs', { orphanAgeMs: 10 * MINUTE }],
  ])('refuses settings that would take files from under a query or a publication: %s', (name, settings) => {
    const create = () => createSweeper({ store, catalog, clock, logger: silentLogger, settings });
    expect(create).toThrow(ConfigError);
    expect(create).toThrow(name);
  });
});
