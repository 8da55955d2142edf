import { joinedStore, type ObjectStore, type Sql, silentLogger } from '@lakewright/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeEmbedded, temporaryStore } from '../../../local/test/adapters.ts';
import { ManualClock, ORGANIZATION, OTHER_ORGANIZATION, rawObject } from '../../test/raw-objects.ts';
import { Catalog } from '../catalog/index.ts';
import { LivePlaces } from '../live-places.ts';
import { Places } from '../places.ts';
import { SWEEP_SETTINGS, Sweeper, type SweepSettings } from './index.ts';

const BASE = 's3://acme/';
const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;

describeEmbedded('the sweeper over buckets', (empty) => {
  let clock: ManualClock;
  let sql: Sql;
  let catalog: Catalog;
  let store: ObjectStore;
  let runningMs: number;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    sql = await empty();
    clock = new ManualClock(Date.now());
    catalog = await Catalog.open(sql, clock);
    const temporary = await temporaryStore();
    ({ remove } = temporary);
    store = joinedStore(new Map([[BASE, temporary.store]]));
    runningMs = 0;
  });
  afterEach(() => remove());

  const place = { base: BASE, organizations: new Set([ORGANIZATION]), dropsBelongTo: ORGANIZATION };
  const home = new Places([place], new Map([[ORGANIZATION, BASE]]));
  const sweeperWith = (settings: Partial<SweepSettings> = {}, places = home) =>
    new Sweeper({
      ...{ store, places, catalog, clock, logger: silentLogger },
      runningMs: () => runningMs,
      settings: { ...SWEEP_SETTINGS, ...settings },
    });
  const put = (key: string) => store.put(key, new Uint8Array(10));

  test('removes received raw objects past their retention, no dropped file, and goes on beside a lost bucket', async () => {
    const raw = rawObject('raw', clock.now());
    const received = { ...raw, key: BASE + raw.key };
    const dropped = { ...raw, key: `${BASE}logs-raw/otel-raw/a.csv` };
    const lost = { ...raw, key: `s3://lost/${raw.key}` };
    await catalog.announce([received, dropped, lost]);
    const objects = await catalog.claim({
      ...{ owner: 'ingest', maxBytes: 1e9, maxObjects: 100, ripeBytes: 0 },
      ripeBeforeMs: clock.now(),
    });
    const inputs = objects.map(({ id }) => ({ id, records: 1, rejected: 0, reasons: [] }));
    await catalog.publish({ owner: 'ingest', inputs, segments: [] });
    await put(received.key);
    await put(dropped.key);
    const sweeper = sweeperWith({ rawRetentionMs: 7 * DAY });
    clock.advance(8 * DAY);
    expect(await sweeper.sweep()).toMatchObject({ rawObjects: { count: 1 }, failed: 0 });
    expect(await store.head(received.key)).toBeUndefined();
    expect(await store.head(dropped.key)).toBeDefined();
    clock.advance(2 * DAY);
    expect((await sweeper.sweep()).history).toBe(1);
  });

  test('forgets no raw object of a bucket that is not looked into any more: it would be ingested again', async () => {
    const raw = rawObject('raw', clock.now());
    await catalog.announce([{ ...raw, key: BASE + raw.key }]);
    const [{ id }] = await catalog.claim({
      ...{ owner: 'ingest', maxBytes: 1e9, maxObjects: 100, ripeBytes: 0 },
      ripeBeforeMs: clock.now(),
    });
    const input = { id, records: 1, rejected: 0, reasons: [] };
    await catalog.publish({ owner: 'ingest', inputs: [input], segments: [] });
    const places = new LivePlaces(home);
    const sweeper = sweeperWith({ rawRetentionMs: 7 * DAY }, places);
    clock.advance(8 * DAY);
    expect((await sweeper.sweep()).rawObjects.count).toBe(1);
    places.become(new Places([], new Map()));
    clock.advance(20 * DAY);
    expect((await sweeper.sweep()).history).toBe(0);
    places.become(home);
    expect((await sweeper.sweep()).history).toBe(1);
  });

  const segmentOf = (organization: string) =>
    `${BASE}db/${organization}/logs/20260102/03/${'a'.repeat(32)}.parquet`;

  /** Whether two sweeps far apart remove `key`. */
  async function sweptTwice(sweeper: Sweeper, key: string): Promise<boolean> {
    await put(key);
    clock.advance(2 * HOUR);
    await sweeper.sweep();
    runningMs += HOUR;
    await sweeper.sweep();
    return (await store.head(key)) === undefined;
  }

  test('removes orphans of its own organizations, and leaves what others have in the bucket', async () => {
    const sweeper = sweeperWith();
    expect(await sweptTwice(sweeper, segmentOf(OTHER_ORGANIZATION))).toBe(false);
    expect(await sweptTwice(sweeper, segmentOf(ORGANIZATION))).toBe(true);
  });

  test('takes nothing for an orphan in a bucket of another lake', async () => {
    await store.put(`${BASE}db/lake.json`, Buffer.from('{"madeAtMs":1}'));
    expect(await sweptTwice(sweeperWith(), segmentOf(ORGANIZATION))).toBe(false);
  });

  test('marks a bucket when it sweeps, and not when it only looks', async () => {
    const sweeper = sweeperWith();
    await sweeper.sweep({ dryRun: true });
    expect(await store.head(`${BASE}db/lake.json`)).toBeUndefined();
    expect(await sweeper.sweep()).toMatchObject({ foreign: { count: 0 } });
    expect(await store.head(`${BASE}db/lake.json`)).toBeDefined();
    expect(await sweeper.sweep()).toMatchObject({ foreign: { count: 0 } });
  });
});
