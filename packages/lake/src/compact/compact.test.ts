import { createHash } from 'node:crypto';
import { type Logger, type Sql, systemClock, UnavailableError } from '@lakewright/core';
import { createDemo } from '@lakewright/otlp';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { describeEmbedded, temporaryStore } from '../../../local/test/adapters.ts';
import { input } from '../../test/cooking.ts';
import { FailingStore } from '../../test/fakes.ts';
import { ORGANIZATION, rawObject } from '../../test/raw-objects.ts';
import { Catalog } from '../catalog/index.ts';
import { cook } from '../cook/index.ts';
import { Places } from '../places.ts';
import type { PlannedSegment } from '../types.ts';
import { type CompactSettings, createThreadMerger, type Merger, runCompaction } from './index.ts';

const QUICK = { intervalMs: 5, backoffMs: 5, maxBackoffMs: 20, minInputs: 4, yieldAfterMs: 60_000 };

describeEmbedded('compaction', (empty) => {
  let sql: Sql;
  let catalog: Catalog;
  let store: FailingStore;
  let merger: Merger;
  let remove: () => Promise<void>;
  let registry: Registry;
  let lines: string[];
  let stop: AbortController;
  let running: Promise<void>;

  beforeEach(async () => {
    sql = await empty();
    catalog = await Catalog.open(sql, systemClock);
    const temporary = await temporaryStore();
    store = new FailingStore(temporary.store);
    remove = temporary.remove;
    merger = createThreadMerger({ threads: 2 });
    running = Promise.resolve();
    stop = new AbortController();
    lines = [];
  });
  afterEach(async () => {
    stop.abort();
    await merger.close();
    await running;
    await remove();
  });

  function start(settings: Partial<CompactSettings> = {}, places?: Places): void {
    registry = new Registry();
    stop = new AbortController();
    const logger: Logger = {
      log: (level, message, fields = {}) => void lines.push(`${level} ${message} ${fields.error ?? ''}`),
      with: () => logger,
    };
    const shared = { store, catalog, merger, clock: systemClock, logger, metrics: registry };
    running = runCompaction(
      { ...shared, ...(places && { places }), settings: { owner: 'test', ...QUICK, ...settings } },
      stop.signal,
    );
  }

  /** Cooks, stores and publishes `count` requests of the demo's logs. */
  async function ingest(count: number, seed = 1): Promise<void> {
    const demo = createDemo({ seed, startNs: 1_760_000_000_000_000_000n, rate: 1000 });
    for (let i = 0; i < count; i++) {
      const raw = input('logs', demo.logsRequest(20).body, `${seed}-${i}`);
      const { segments } = cook({ organization: ORGANIZATION, signal: 'logs', inputs: [raw] });
      for (const { key, parquet } of segments) await store.put(key, parquet);
      await catalog.announce([rawObject(`${seed}-${i}`, Date.now())]);
      const claimed = await catalog.claim({
        owner: 'ingest',
        maxBytes: 1e9,
        maxObjects: 100,
        ripeBeforeMs: Date.now() + 1000,
        ripeBytes: 0,
      });
      await catalog.publish({
        owner: 'ingest',
        inputs: claimed.map(({ id }) => ({ id, records: 20, rejected: 0, reasons: [] })),
        segments: segments.map(({ parquet, ...segment }) => ({
          organization: ORGANIZATION,
          ...segment,
          bytes: parquet.length,
        })),
      });
    }
  }
  const live = (): Promise<PlannedSegment[]> =>
    catalog.segments({ organization: ORGANIZATION, table: 'logs' });
  const liveCount = async () => (await live()).length;

  /** Every live row as a digest, sorted: equal before and after. */
  async function rows(): Promise<string[]> {
    const all: string[] = [];
    for (const { key, rows: count } of await live()) {
      const file = new Uint8Array(await store.get(key)).buffer;
      const read = await parquetReadObjects({ file, compressors });
      expect(read).toHaveLength(count);
      const text = (row: object) =>
        JSON.stringify(row, (_name, value) => (typeof value === 'bigint' ? `${value}n` : value));
      all.push(...read.map((row) => createHash('md5').update(text(row)).digest('hex')));
    }
    return all.sort();
  }
  const metric = async (name: string) => (await registry.getSingleMetricAsString(name)).split('\n').slice(2);

  test('merges small segments until few are left, and every row stays', async () => {
    await ingest(16);
    const before = await rows();
    const services = async () => {
      const found = await sql.query<{ services: string[] }>(
        'select services from segment where retired_at_ms is null',
      );
      return [...new Set(found.flatMap((segment) => segment.services))].sort();
    };
    const namedBefore = await services();
    expect(namedBefore.length).toBeGreaterThan(2);
    start();
    await waitFor('one segment', async () => (await liveCount()) === 1);
    expect(await rows()).toEqual(before);
    const [merged] = await live();
    expect(merged.rows).toBe(320);
    expect(await services()).toEqual(namedBefore);
    expect(await store.head(merged.key)).toMatchObject({ size: merged.bytes });
    const [replaced] = await metric('lakewright_compact_input_segments_total');
    expect(Number(replaced.split(' ')[1])).toBeGreaterThanOrEqual(16);
  });

  test('does nothing while there is nothing to do', async () => {
    await ingest(3);
    start({ closeAfterMs: 1e15 });
    await waitFor('some turns', async () =>
      (await metric('lakewright_compact_small_segments'))[0]?.endsWith(' 3'),
    );
    expect(await liveCount()).toBe(3);
    expect(lines).toEqual([]);
  });

  test('leaves what is in a bucket that was left, and is not held up by it', async () => {
    const left = ['1', '2'].map((digit) =>
      ORGANIZATION.replace(/^./, digit === ORGANIZATION[0] ? '9' : digit),
    );
    for (const [i, organization] of left.entries()) {
      await ingest(8, 10 + i);
      await sql.query(
        `update segment set key = 's3://left/' || key, organization = $1 where organization = $2`,
        [organization, ORGANIZATION],
      );
    }
    await ingest(4, 30);
    const homes = new Map([...left, ORGANIZATION].map((organization) => [organization, '']));
    start(
      {},
      new Places([{ base: 'db/', organizations: new Set(homes.keys()), dropsBelongTo: undefined }], homes),
    );
    await waitFor('one segment', async () => (await liveCount()) === 1);
    expect(lines.filter((line) => !line.startsWith('debug'))).toEqual([]);
    for (const organization of left)
      expect(await catalog.segments({ organization, table: 'logs' })).toHaveLength(8);
  });

  test('leaves time to ingest while raw objects wait', async () => {
    await ingest(8);
    await catalog.announce([rawObject('waits', Date.now())]);
    await sql.query(`update raw_object set announced_at_ms = 0 where state = 'pending'`);
    start({ yieldAfterMs: 1000 });
    await waitFor('a look', async () =>
      (await metric('lakewright_compact_small_segments'))[0]?.endsWith(' 8'),
    );
    expect(await liveCount()).toBe(8);
    await sql.query(`delete from raw_object where state = 'pending'`);
    await waitFor('a merge', async () => (await liveCount()) < 8);
  });

  test('tries again when the store fails, and at the end there is one object for each segment', async () => {
    await ingest(8);
    const before = await rows();
    let failures = 3;
    store.fault = (operation, key) =>
      operation === 'put' && key.startsWith('db/') && failures-- > 0
        ? new UnavailableError('full')
        : undefined;
    start();
    await waitFor('one segment', async () => (await liveCount()) <= 2);
    expect(await rows()).toEqual(before);
    expect(lines.filter((line) => line.includes('held up'))).not.toEqual([]);
  });

  test('a segment that cannot be read stays as it is, named in the log, and the others are merged', async () => {
    await ingest(9);
    const [bad] = await live();
    const good = await store.get(bad.key);
    await store.put(bad.key, good.slice(0, 200));
    start();
    await waitFor('the others', async () => (await liveCount()) <= 3);
    expect((await live()).some(({ key }) => key === bad.key)).toBe(true);
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^error .*${bad.key}: it does not end`)));
    await store.put(bad.key, good);
    expect(await rows()).toHaveLength(180);
  });

  test('dies after the object was stored: the next start stores the same object and publishes it', async () => {
    await ingest(4);
    const before = await rows();
    const publish = catalog.merges.publish.bind(catalog.merges);
    let died = false;
    catalog.merges.publish = () => {
      died = true;
      stop.abort();
      return Promise.reject(new UnavailableError('died'));
    };
    catalog.merges.giveBack = () => Promise.reject(new UnavailableError('died'));
    start();
    await waitFor('the death', () => died);
    await running;
    const [left] = store.puts.slice(-1);
    expect(await liveCount()).toBe(4);
    catalog.merges.publish = publish;
    start();
    await waitFor('one segment', async () => (await liveCount()) === 1);
    expect((await live())[0].key).toBe(left);
    expect(store.puts.slice(-1)).toEqual([left]);
    expect(await rows()).toEqual(before);
  });

  test('two at once merge everything once', async () => {
    await ingest(12, 7);
    const before = await rows();
    start({ owner: 'one' });
    const first = { running, stop };
    start({ owner: 'two' });
    await waitFor('few segments', async () => (await liveCount()) <= 3);
    first.stop.abort();
    await first.running;
    expect(await rows()).toEqual(before);
  });
});
