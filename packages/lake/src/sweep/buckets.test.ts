import { joinedStore, type ObjectStore, type Sql, silentLogger } from '@lakewright/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeEmbedded, temporaryStore } from '../../../local/test/adapters.ts';
import { ManualClock, ORGANIZATION, rawObject } from '../../test/raw-objects.ts';
import { Catalog } from '../catalog/index.ts';
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
  const sweeperWith = (settings: Partial<SweepSettings> = {}) =>
    new Sweeper({
      ...{ store, catalog, clock, logger: silentLogger },
      places: new Places([place]),
      runningMs: () => runningMs,
      settings: { ...SWEEP_SETTINGS, ...settings },
    });
  const put = (key: string) => store.put(key, new Uint8Array(10));

  test('removes received raw objects past their retention, and never a dropped file', async () => {
    const raw = rawObject('raw', clock.now());
    const received = { ...raw, key: BASE + raw.key };
    const dropped = { ...raw, key: `${BASE}logs-raw/otel-raw/a.csv` };
    await catalog.announce([received, dropped]);
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
    expect((await sweeper.sweep()).rawObjects.count).toBe(1);
    expect(await store.head(received.key)).toBeUndefined();
    expect(await store.head(dropped.key)).toBeDefined();
    clock.advance(2 * DAY);
    expect((await sweeper.sweep()).history).toBe(1);
  });
});
