import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Segment } from '@lakewright/lake';
import { Registry } from 'prom-client';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { HOUR, ORG, rowsOf, T0, type TestLake, testLake } from '../../test/lake.ts';
import { RemoteStore } from '../../test/remote-store.ts';
import { connect, startWorker } from '../../test/workers.ts';
import { remoteFiles, type SegmentFiles } from '../files/index.ts';
import type { SqlEngine } from '../sql/engine.ts';
import type { Unit, UnitSegment } from './unit.ts';
import { wantedOf } from './wanted.ts';

const ROWS = 20_000;

let lake: TestLake;
let segments: Segment[];
let store: RemoteStore;
let held = 0;
let opened = 0;
let made = 0;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  lake = await testLake();
  segments = [];
  for (const hour of [0n, 1n, 2n, 3n]) {
    const columns = {
      time_unix_nano: `${T0 + hour * HOUR} + (hash(i) % ${HOUR})::BIGINT`,
      service_name: "['ad', 'cart', 'email', 'quote'][(1 + hash(i + 1) % 4)::INT]",
      body: "CASE WHEN i % 7 = 0 THEN NULL ELSE 'request ' || hash(i + 3) END",
      severity_number: 'i % 25',
      log_attributes: "MAP {'user': 'u' || i % 100, 'n': i::VARCHAR}",
    };
    segments.push(await lake.addMany({ rows: ROWS, columns, orderBy: 'service_name, time_unix_nano' }));
  }
  return () => lake.close();
});
beforeEach(async () => {
  [held, opened] = [0, 0];
  store = await RemoteStore.over(lake.root);
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** `files`, and how much of them is not released. */
function counted(files: SegmentFiles): SegmentFiles {
  return {
    async open(wanted, signal) {
      const open = await files.open(wanted, signal);
      opened++;
      held++;
      let released = false;
      const release = () => {
        if (!released) held--;
        released = true;
        open.release();
      };
      return { ...open, release };
    },
    close: () => files.close(),
  };
}

/** An engine over two workers, each with a cache of its own of a remote store. */
async function spread(limits: object = {}, sql: object = {}): Promise<SqlEngine> {
  const addresses: string[] = [];
  for (let i = 0; i < 2; i++) {
    const directory = join(lake.root, `cache-${made++}`);
    const cache = { backoffMs: 1, smallObjectBytes: 4096, minTailBytes: 4096, maxTailBytes: 4096 };
    const files = await remoteFiles({ store, directory, limits: cache, metrics: new Registry() });
    const worker = await startWorker(lake, {}, counted(files));
    closers.push(async () => {
      await worker.close();
      await files.close();
    });
    addresses.push(worker.url);
  }
  const workers = connect(addresses, { limits: { maxUnitSegments: 1, ...limits } });
  closers.push(() => workers.close());
  return lake.engine({ workers, tempDirectory: join(lake.root, `api-${made++}`), limits: sql });
}

async function ask(engine: SqlEngine, sql: string, more: object = {}) {
  const result = await engine.query({ organization: ORG, sql, limit: 100_000, ...more });
  return { rows: await rowsOf(result), stats: result.stats };
}

describe('workers over a remote store', () => {
  it.each([
    'SELECT count(*) FROM logs',
    "SELECT count(*), max(body) FROM logs WHERE service_name = 'cart' AND severity_number > 17",
    "SELECT count(*) FROM logs WHERE service_name = 'nobody'",
    "SELECT body FROM logs WHERE service_name = 'nobody' ORDER BY time_unix_nano LIMIT 3",
    "SELECT service_name, count(*) FROM logs WHERE service_name IN ('ad', 'x') GROUP BY ALL ORDER BY ALL",
    "SELECT log_attributes['user'], count(*) FROM logs WHERE log_attributes['n'] = '77' GROUP BY ALL ORDER BY ALL",
    'SELECT * EXCLUDE (resource_attributes) FROM logs ORDER BY time_unix_nano, body LIMIT 20',
    'SELECT a.service_name, count(*) FROM logs a JOIN logs b USING (body) GROUP BY ALL ORDER BY ALL',
    "SELECT count(*) FROM (PIVOT logs ON service_name IN ('ad') USING count(*))",
    'DESCRIBE logs',
  ])('answer %s as one process over whole files does', async (sql) => {
    const engine = await spread();
    const more = { startNs: T0 + HOUR / 2n, endNs: T0 + 3n * HOUR };
    for (const bounds of [{}, more]) {
      const { rows } = await ask(lake.engine(), sql, bounds);
      expect((await ask(engine, sql, bounds)).rows).toEqual(rows);
    }
    await waitFor('every file to be released', () => held === 0);
  });

  it('read the columns and row groups that are needed, and say how much that is', async () => {
    const sql = "SELECT max(severity_number) FROM logs WHERE service_name = 'cart'";
    const { stats } = await ask(await spread(), sql);
    expect(stats.segments).toBe(4);
    expect(stats.bytesRead).toBeGreaterThan(0);
    expect(stats.bytesRead).toBeLessThan(stats.bytes / 8);
    expect(store.bytesRead).toBeLessThan(stats.bytes / 4);
  });

  it('read nothing to describe a table', async () => {
    const { stats } = await ask(await spread(), 'DESCRIBE SELECT * FROM logs');
    expect(stats).toMatchObject({ segments: 0, bytes: 0, bytesRead: 0 });
    expect(store.reads).toEqual([]);
  });

  it('refuse to read more bytes than the asker may', async () => {
    const engine = await spread();
    const refused = ask(engine, 'SELECT max(body) FROM logs', { maxBytes: segments[0].bytes });
    await expect(refused).rejects.toMatchObject({ code: 'LIMIT', limit: 'scanned_bytes_per_query' });
    expect(store.reads).toEqual([]);
  });

  it('let go of the files of a unit that fails', async () => {
    const tooLarge = await spread({}, { maxSpillBytes: 10_000 });
    const refused = ask(tooLarge, 'SELECT body FROM logs');
    await expect(refused).rejects.toMatchObject({ code: 'LIMIT', limit: 'maxSpillBytes' });
    expect(opened).toBeGreaterThan(0);
    const tooSlow = await spread({ maxUnitSeconds: 0.001, maxUnitAttempts: 1 });
    await expect(ask(tooSlow, 'SELECT max(body) FROM logs')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await waitFor('every file to be released', () => held === 0);
  });

  it('let go of files that come when nobody waits for them any more', async () => {
    const gate = Promise.withResolvers<void>();
    let reading = false;
    store.before = () => {
      reading = true;
      return gate.promise;
    };
    const engine = await spread();
    const gone = new AbortController();
    const asked = ask(engine, 'SELECT max(body) FROM logs', { signal: gone.signal });
    const failure = asked.catch((error) => error);
    await waitFor('a worker to read', () => reading);
    gone.abort();
    expect(await failure).toMatchObject({ code: 'CANCELLED' });
    gate.resolve();
    await waitFor('every file to be released', () => held === 0);
  });

  it('name the segment that is gone', async () => {
    const { key } = await lake.addMany({
      ...{ rows: 10, orderBy: 'i', table: 'traces' },
      columns: { time_unix_nano: `${T0} + i`, span_name: "'x'" },
    });
    rmSync(join(lake.root, key));
    await expect(ask(await spread(), 'SELECT max(span_name) FROM traces')).rejects.toMatchObject({
      code: 'SEGMENT_UNREADABLE',
      message: expect.stringContaining(key),
    });
  });
});

describe('what of its files a unit reads', () => {
  const segment: UnitSegment = { segmentId: '1', key: 'k', rows: 1, bytes: 1, minTimeNs: T0, maxTimeNs: T0 };
  const unit: Unit = {
    ...{ organization: ORG, table: 'logs', columns: ['body'], keys: [], counted: false },
    ...{ conditions: [], segments: [segment], maxAnswerBytes: 1 },
  };
  const text = (op: '=' | 'in' | 'like', ...values: string[]) =>
    ({ column: 'service_name', key: null, op, values }) as const;
  it.each<[string, Partial<Unit>, string[], [string, string[]][]]>([
    ['its columns', {}, ['body'], []],
    ['none to count rows', { columns: [] }, [], []],
    ['the time for bounds', { startNs: T0 }, ['body', 'time_unix_nano'], []],
    [
      'maps for their keys',
      { keys: [{ column: 'log_attributes', key: 'a' }] },
      ['body', 'log_attributes'],
      [],
    ],
    [
      'what it is ordered by',
      { take: { rows: 1, order: [{ column: 'flags', descending: true, nullsFirst: false }] } },
      ['body', 'flags'],
      [],
    ],
    [
      'rows of a service',
      { conditions: [text('=', 'a')] },
      ['body', 'service_name'],
      [['service_name', ['a']]],
    ],
    [
      'rows of some services',
      { conditions: [text('in', 'a', 'b')] },
      ['body', 'service_name'],
      [['service_name', ['a', 'b']]],
    ],
    ['any row for a pattern', { conditions: [text('like', 'a%')] }, ['body', 'service_name'], []],
    [
      'any row for a number',
      { conditions: [{ column: 'flags', key: null, op: '=', values: [1] }] },
      ['body', 'flags'],
      [],
    ],
    [
      'any row for the key of a map',
      { conditions: [{ column: 'log_attributes', key: 'a', op: '=', values: ['x'] }] },
      ['body', 'log_attributes'],
      [],
    ],
  ])('%s', (_name, more, columns, values) => {
    const wanted = wantedOf({ ...unit, ...more });
    expect([...wanted.columns].sort()).toEqual(columns);
    expect([...wanted.conditions.values]).toEqual(values);
    expect(wanted.segments).toEqual([{ ...segment, organization: ORG, table: 'logs' }]);
  });
});
