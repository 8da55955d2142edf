import { type Logger, type Sql, systemClock, UnavailableError } from '@lakewright/core';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { describeEmbedded, temporaryStore } from '../../../local/test/adapters.ts';
import { encodeRequest } from '../../../otlp/test/otlp-proto.ts';
import { input } from '../../test/cooking.ts';
import { FailingStore } from '../../test/fakes.ts';
import { ORGANIZATION, rawObject } from '../../test/raw-objects.ts';
import { HOUR, HOUR_NS } from '../../test/rollup-points.ts';
import { Catalog } from '../catalog/index.ts';
import { cook } from '../cook/index.ts';
import { Places } from '../places.ts';
import { ROLLUP_TABLES, type RollupTable } from '../tables.ts';
import { createThreadRoller, dueAgainMs, type Roller, type RollupSettings, runRollups } from './index.ts';

const QUICK = { intervalMs: 1, restRatio: 0, pollMs: 5, backoffMs: 5, maxBackoffMs: 20, retryMs: 60_000 };

describeEmbedded('rollups', (empty) => {
  let sql: Sql;
  let catalog: Catalog;
  let store: FailingStore;
  let remove: () => Promise<void>;
  let roller: Roller;
  let lines: string[];
  let stop: AbortController;
  let running: Promise<void>;
  let sent = 0;

  beforeEach(async () => {
    sql = await empty();
    catalog = await Catalog.open(sql, systemClock);
    const temporary = await temporaryStore();
    store = new FailingStore(temporary.store);
    remove = temporary.remove;
    roller = createThreadRoller({ threads: 2 });
    running = Promise.resolve();
    stop = new AbortController();
    lines = [];
  });
  afterEach(async () => {
    stop.abort();
    await roller.close();
    await running;
    await remove();
  });

  function start(settings: Partial<RollupSettings> = {}, places?: Places): void {
    stop = new AbortController();
    const logger: Logger = {
      log: (level, message, fields = {}) => void lines.push(`${level} ${message} ${fields.error ?? ''}`),
      with: () => logger,
    };
    const shared = { store, catalog, roller, clock: systemClock, logger, metrics: new Registry() };
    running = runRollups(
      { ...shared, ...(places && { places }), settings: { owner: 'test', ...QUICK, ...settings } },
      stop.signal,
    );
  }

  /** Publishes a request of a counter's points: second in the hour, and value. */
  async function ingest(points: readonly (readonly [at: number, value: number])[]): Promise<void> {
    const name = `r${sent++}`;
    const data_points = points.map(([at, value]) => ({
      time_unix_nano: String(HOUR_NS + BigInt(at) * 1_000_000_000n),
      as_double: value,
    }));
    const metric = { name: 'requests', sum: { data_points, aggregation_temporality: 2, is_monotonic: true } };
    const body = encodeRequest('metrics', { resource_metrics: [{ scope_metrics: [{ metrics: [metric] }] }] });
    const raw = input('metrics', body, name);
    const { segments } = cook({ organization: ORGANIZATION, signal: 'metrics', inputs: [raw] });
    for (const { key, parquet } of segments) await store.put(key, parquet);
    await catalog.announce([rawObject(name, Date.now())]);
    const limits = { maxBytes: 1e9, maxObjects: 100, ripeBeforeMs: Date.now() + 1000, ripeBytes: 0 };
    const claimed = await catalog.claim({ owner: 'ingest', ...limits });
    await catalog.publish({
      owner: 'ingest',
      inputs: claimed.map(({ id }) => ({ id, records: 1, rejected: 0, reasons: [] })),
      segments: segments.map(({ parquet, ...segment }) => ({
        organization: ORGANIZATION,
        ...segment,
        bytes: parquet.length,
      })),
    });
  }

  const live = (table: RollupTable) => catalog.segments({ organization: ORGANIZATION, table });
  /** Of every window in order: its start in seconds of the hour, points, increase and resets. */
  async function windows(table: RollupTable): Promise<number[][]> {
    const segments = await live(table);
    const files = await Promise.all(segments.map(({ key }) => store.get(key)));
    const read = await Promise.all(
      files.map((file) => parquetReadObjects({ file: new Uint8Array(file).buffer, compressors })),
    );
    return read
      .flat()
      .map((row) => [
        Number((row.time_unix_nano - HOUR_NS) / 1_000_000_000n),
        Number(row.points),
        Number(row.increase),
        Number(row.resets),
      ])
      .sort((a, b) => a[0] - b[0]);
  }
  const isIdle = async () => {
    const [{ open }] = await sql.query<{ open: bigint }>(
      'select count(*) as open from rollup_unit where version > rolled_version or claimed_by is not null',
    );
    return open === 0n;
  };
  const settled = () => waitFor('all hours to be rolled up', isIdle);

  test('rolls what was published up on every level', async () => {
    await ingest([
      [5, 1],
      [15, 4],
      [65, 6],
    ]);
    await ingest([
      [18, 5],
      [3599, 2],
    ]);
    start();
    await settled();
    expect(await windows('rollup_10s')).toEqual([
      [0, 1, 0, 0],
      [10, 2, 4, 0],
      [60, 1, 1, 0],
      [3590, 1, 2, 1],
    ]);
    expect(await windows('rollup_60s')).toEqual([
      [0, 3, 4, 0],
      [60, 1, 1, 0],
      [3540, 1, 2, 1],
    ]);
    expect(await windows('rollup_1200s')).toEqual([
      [0, 4, 5, 0],
      [2400, 1, 2, 1],
    ]);
    expect(await windows('rollup_3600s')).toEqual([[0, 5, 7, 1]]);
    expect(lines.filter((line) => !line.startsWith('debug'))).toEqual([]);
  });

  test('late points change the windows that they belong to, and those of the next hour', async () => {
    await ingest([[0, 10]]);
    await ingest([[3610, 30]]);
    start();
    await settled();
    expect(await windows('rollup_3600s')).toEqual([
      [0, 1, 0, 0],
      [3600, 1, 0, 0],
    ]);
    await ingest([
      [100, 13],
      [3590, 24],
    ]);
    await settled();
    expect(await windows('rollup_3600s')).toEqual([
      [0, 3, 14, 0],
      [3600, 1, 6, 0],
    ]);
    for (const table of ROLLUP_TABLES) expect(await live(table)).toHaveLength(2);
  });

  test('dies after the objects were stored: the next start stores the same ones and publishes them', async () => {
    await ingest([
      [0, 1],
      [10, 2],
    ]);
    const publish = catalog.rollups.publish.bind(catalog.rollups);
    const giveBack = catalog.rollups.giveBack.bind(catalog.rollups);
    let died = false;
    catalog.rollups.publish = () => {
      died = true;
      stop.abort();
      return Promise.reject(new UnavailableError('died'));
    };
    catalog.rollups.giveBack = () => Promise.reject(new UnavailableError('died'));
    start();
    await waitFor('the death', () => died);
    await running;
    const left = store.puts.slice(-5).sort();
    expect(await windows('rollup_10s')).toEqual([]);
    catalog.rollups.publish = publish;
    catalog.rollups.giveBack = giveBack;
    start();
    await settled();
    expect(store.puts.slice(-5).sort()).toEqual(left);
    expect(await windows('rollup_10s')).toEqual([
      [0, 1, 0, 0],
      [10, 1, 1, 0],
    ]);
  });

  test('tries again when the store fails', async () => {
    await ingest([[0, 1]]);
    let failures = 3;
    store.fault = (operation, key) =>
      operation === 'put' && key.includes('/rollup_60s/') && failures-- > 0
        ? new UnavailableError('full')
        : undefined;
    start();
    await settled();
    expect(await windows('rollup_60s')).toEqual([[0, 1, 0, 0]]);
    expect(lines.filter((line) => line.includes('held up'))).not.toEqual([]);
  });

  test('an hour with a segment that cannot be read is named and waits, and the others are rolled up', async () => {
    await ingest([[0, 1]]);
    const [bad] = await catalog.segments({ organization: ORGANIZATION, table: 'sum' });
    const good = await store.get(bad.key);
    await store.put(bad.key, good.slice(0, 200));
    await ingest([[7300, 1]]);
    start();
    await waitFor('the other hour', async () => (await windows('rollup_60s')).length === 1);
    expect(await windows('rollup_60s')).toEqual([[7260, 1, 0, 0]]);
    const named = new RegExp(`^error .*${bad.key}: it does not end`);
    await waitFor('the hour that waits', () => lines.some((line) => named.test(line)));
  });

  test.each([
    ['a bucket that was left', `update segment set key = 'left/' || key`, true],
    ['an organization without a place', 'select 1', false],
  ])('an hour of %s waits, and holds nothing up', async (_what, leave, hasHome) => {
    await ingest([[5, 1]]);
    await sql.query(leave);
    const homes = new Map(hasHome ? [[ORGANIZATION, '']] : []);
    const here = { base: 'db/', organizations: undefined, dropsBelongTo: undefined };
    start({ maxBackoffMs: 3_600_000 }, new Places([here], homes));
    await waitFor('the hour to wait', () => lines.length > 0 || undefined);
    await waitFor('its claim to be given back', async () => {
      const [{ held }] = await sql.query<{ held: bigint }>(
        'select count(*) as held from rollup_unit where claimed_by is not null',
      );
      return held === 0n || undefined;
    });
    expect(lines).toEqual([
      expect.stringMatching(/^warn an hour will be rolled up when what is missing is there /),
    ]);
  });

  test('two at once, with points coming meanwhile, end with every point once', async () => {
    start({ owner: 'one' });
    const first = { running, stop };
    start({ owner: 'two' });
    const values = Array.from({ length: 20 }, (_, i) => i);
    for (const value of values) await ingest([[value * 10, value]]);
    await settled();
    first.stop.abort();
    await first.running;
    expect(await windows('rollup_10s')).toEqual(
      values.map((value) => [value * 10, 1, value === 0 ? 0 : 1, 0]),
    );
    expect(await windows('rollup_3600s')).toEqual([[0, 20, 19, 0]]);
  });

  test('leaves time to ingest while raw objects wait', async () => {
    await ingest([[0, 1]]);
    await catalog.announce([rawObject('waits', Date.now())]);
    await sql.query(`update raw_object set announced_at_ms = 0 where state = 'pending'`);
    const queue = catalog.queue.bind(catalog);
    let looks = 0;
    catalog.queue = () => {
      looks++;
      return queue();
    };
    start({ yieldAfterMs: 1000 });
    await waitFor('some looks', () => looks > 5);
    expect(await windows('rollup_60s')).toEqual([]);
    await sql.query(`delete from raw_object where state = 'pending'`);
    await settled();
    expect(await windows('rollup_60s')).toHaveLength(1);
  });
});

const HOUR_MS = 3_600_000;
const OPEN = HOUR * HOUR_MS;
const SETTINGS = { intervalMs: 60_000, restRatio: 10 };

test.each([
  { what: 'an open hour after its interval', nowMs: OPEN, tookMs: 100, due: OPEN + 60_000 },
  { what: 'one that took long after its rest', nowMs: OPEN, tookMs: 20_000, due: OPEN + 200_000 },
  {
    what: 'one whose rest is longer than the hour, soon after the hour',
    nowMs: OPEN + HOUR_MS - 100_000,
    tookMs: 50_000,
    due: OPEN + HOUR_MS + 60_000,
  },
  {
    what: 'an hour that is over after its rest',
    nowMs: OPEN + 2 * HOUR_MS,
    tookMs: 50_000,
    due: OPEN + 2 * HOUR_MS + 500_000,
  },
])('is due again: $what', ({ nowMs, tookMs, due }) => {
  expect(dueAgainMs(HOUR, nowMs, tookMs, SETTINGS)).toBe(due);
});
