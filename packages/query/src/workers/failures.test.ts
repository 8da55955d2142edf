import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ObjectStore } from '@lakewright/core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { HOUR, ORG, rowsOf, T0, type TestLake, testLake } from '../../test/lake.ts';
import { startWorkerProcess } from '../../test/worker-process.ts';
import { connect, KEY, startWorker } from '../../test/workers.ts';
import type { WorkerSource } from './members.ts';
import type { WorkerReport } from './protocol.ts';
import type { QueryWorkersOptions } from './query-workers.ts';

let lake: TestLake;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  lake = await testLake();
  for (let i = 0; i < 12; i++) {
    await lake.add({
      rows: [0n, 1n, 2n].map((n) => ({ time: T0 + BigInt(i) * HOUR + n, service: `s${i % 3}` })),
    });
  }
  return () => lake.close();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const closing = <T extends { close(): unknown }>(thing: T): T => {
  closers.push(() => thing.close());
  return thing;
};
const UNITS_OF_ONE = { maxUnitSegments: 1, patienceMs: 20 };
let engines = 0;

function engineOver(
  addresses: readonly string[] | WorkerSource,
  limits: object = {},
  more: Partial<QueryWorkersOptions> = {},
) {
  const source = 'addresses' in addresses ? { source: addresses } : {};
  const list = 'addresses' in addresses ? ['http://127.0.0.1:1'] : addresses;
  const workers = closing(connect(list, { limits: { ...UNITS_OF_ONE, ...limits }, ...source, ...more }));
  return lake.engine({ workers, tempDirectory: join(lake.root, `api-${engines++}`) });
}

const count = async (engine: ReturnType<typeof engineOver>, signal?: AbortSignal) =>
  rowsOf(await engine.query({ organization: ORG, sql: 'SELECT count(*) FROM logs', signal }));

/** The process' own store, whose files of the first `hangs` look-ups are never found. */
function hangingStore(hangs = Infinity): ObjectStore & { release(): void } {
  let left = hangs;
  const released = Promise.withResolvers<void>();
  return {
    ...lake.store,
    release: () => released.resolve(),
    async localPath(key) {
      if (left-- > 0) await released.promise;
      return lake.store.localPath(key);
    },
  };
}

async function hangingWorker(hangs?: number, limits: object = {}) {
  const store = hangingStore(hangs);
  const worker = closing(await startWorker({ ...lake, store }, { limits: { drainMs: 50, ...limits } }));
  return { store, worker };
}

const reportOf = async (url: string) => (await (await fetch(`${url}/ready`)).json()) as WorkerReport;
const isRunning = (url: string) => waitFor('a unit to run', async () => (await reportOf(url)).running > 0);
const isIdle = (url: string) => waitFor('no unit to run', async () => (await reportOf(url)).running === 0);

describe('a worker that dies', () => {
  it('with kill -9 in the midst of a query: its units are run by the others', async () => {
    const [dying, living] = await Promise.all([
      startWorkerProcess(lake.root, { name: 'dying', hangs: true }),
      startWorkerProcess(lake.root, { name: 'living' }),
    ]);
    closers.push(() => living.stop());
    const engine = engineOver([dying.url, living.url]);
    const answer = count(engine);
    await isRunning(dying.url);
    await dying.kill();
    expect(await answer).toEqual([[36n]]);
  });

  it('as the only one: the query fails and names a segment', async () => {
    const dying = await startWorkerProcess(lake.root, { name: 'only', hangs: true });
    const engine = engineOver([dying.url], { maxUnitWaitSeconds: 1, maxUnitAttempts: 1 });
    const failure = count(engine).catch((error) => error);
    await isRunning(dying.url);
    await dying.kill();
    expect(await failure).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^1 query workers could not read segment db\/.*\.parquet: \w+$/),
    });
  });

  it('politely ends its units, refuses new ones, and leaves with code 0', async () => {
    const worker = await startWorkerProcess(lake.root, { name: 'polite' });
    const engine = engineOver([worker.url]);
    expect(await count(engine)).toEqual([[36n]]);
    expect(await worker.stop()).toBe(0);
    await expect(fetch(`${worker.url}/healthz`)).rejects.toThrow();
  });
});

describe('a worker that is slow', () => {
  it('is left for another one after maxUnitSeconds', async () => {
    const { worker: slow } = await hangingWorker();
    const fast = closing(await startWorker(lake));
    expect(await count(engineOver([slow.url, fast.url], { maxUnitSeconds: 2 }))).toEqual([[36n]]);
    await isIdle(slow.url);
  });

  it('fails the query with the reason when there is no other', async () => {
    const { worker: slow } = await hangingWorker();
    const engine = engineOver([slow.url], { maxUnitSeconds: 0.2, maxUnitAttempts: 2 });
    await expect(count(engine)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('maxUnitSeconds'),
    });
  });

  it('hears when the asker goes away', async () => {
    const { worker: slow } = await hangingWorker();
    const gone = new AbortController();
    const asked = count(engineOver([slow.url]), gone.signal).catch((error) => error);
    await isRunning(slow.url);
    gone.abort();
    expect(await asked).toMatchObject({ code: 'CANCELLED' });
    await isIdle(slow.url);
  });
});

describe('a worker that is busy', () => {
  it('is waited for', async () => {
    const { worker, store } = await hangingWorker(1, { capacity: 1 });
    const first = count(engineOver([worker.url]));
    await isRunning(worker.url);
    // This one has units of its own, and does not know of those that run.
    const second = count(engineOver([worker.url]));
    store.release();
    expect(await Promise.all([first, second])).toEqual([[[36n]], [[36n]]]);
  });

  it('sends units to the others', async () => {
    const { worker: busy } = await hangingWorker(undefined, { capacity: 1 });
    const gone = new AbortController();
    const first = count(engineOver([busy.url]), gone.signal).catch((error) => error);
    await isRunning(busy.url);
    const free = closing(await startWorker(lake));
    expect(await count(engineOver([busy.url, free.url]))).toEqual([[36n]]);
    gone.abort();
    await first;
  });

  it('fails the query when it stays so', async () => {
    const { worker: busy } = await hangingWorker(undefined, { capacity: 1 });
    const gone = new AbortController();
    const first = count(engineOver([busy.url]), gone.signal).catch((error) => error);
    await isRunning(busy.url);
    await expect(count(engineOver([busy.url], { maxUnitWaitSeconds: 0.3 }))).rejects.toMatchObject({
      code: 'LIMIT',
      limit: 'maxUnitWaitSeconds',
    });
    gone.abort();
    await first;
  });

  it('is not queued for without end', async () => {
    const { worker: busy } = await hangingWorker(undefined, { capacity: 1 });
    await expect(count(engineOver([busy.url], { maxQueuedUnits: 5 }))).rejects.toMatchObject({
      code: 'LIMIT',
      limit: 'maxQueuedUnits',
    });
  });
});

describe('workers that come and go', () => {
  it('while queries run: every answer is right', async () => {
    const start = (name: string) => startWorkerProcess(lake.root, { name });
    const [leaves, stays] = await Promise.all([start('leaves'), start('stays')]);
    let addresses = [leaves.url, stays.url];
    const engine = engineOver({ addresses: async () => addresses });
    const questions = [
      ['SELECT count(*) FROM logs', [[36n]]],
      ["SELECT count(*) FROM logs WHERE service_name = 's1'", [[12n]]],
      ['SELECT max(time_unix_nano) FROM logs', [[T0 + 11n * HOUR + 2n]]],
      ['SELECT time_unix_nano FROM logs ORDER BY 1 LIMIT 1', [[T0]]],
    ] as const;
    let asked = 0;
    let stop = false;
    const wrong: unknown[] = [];
    const asker = async () => {
      while (!stop) {
        const [sql, expected] = questions[asked++ % questions.length];
        const rows = await engine.query({ organization: ORG, sql }).then(rowsOf, (error: unknown) => error);
        if (!isDeepStrictEqual(rows, expected)) wrong.push([sql, rows]);
      }
    };
    const askers = [asker(), asker()];
    await waitFor('some answers', () => asked > 6);
    await leaves.kill();
    const joins = await start('joins');
    closers.push(
      () => stays.stop(),
      () => joins.stop(),
    );
    addresses = [stays.url, joins.url];
    await waitFor('a unit for who joined', async () =>
      /units_total\{outcome="ok"\} \d/.test(await (await fetch(`${joins.url}/metrics`)).text()),
    );
    stop = true;
    await Promise.all(askers);
    expect(wrong).toEqual([]);
  });

  it('a query that waits is run by one who joins', async () => {
    let addresses: string[] = [];
    const engine = engineOver({ addresses: async () => addresses });
    const answer = count(engine);
    addresses = [closing(await startWorker(lake)).url];
    expect(await answer).toEqual([[36n]]);
  });

  it('no worker at all is said so', async () => {
    await expect(
      count(engineOver({ addresses: async () => [] }, { maxUnitWaitSeconds: 0.2 })),
    ).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('no query worker was ready'),
    });
  });

  it('a name server that is away takes nobody away', async () => {
    const worker = closing(await startWorker(lake));
    let away = false;
    const engine = engineOver({
      async addresses() {
        if (away) throw new Error('EAI_AGAIN');
        return [worker.url];
      },
    });
    expect(await count(engine)).toEqual([[36n]]);
    away = true;
    expect(await count(engine)).toEqual([[36n]]);
  });
});

describe('a unit that fails for its own reason', () => {
  it('fails the query at once with the segment, and no path', async () => {
    const broken = await testLake();
    closers.push(() => broken.close());
    const segment = await broken.add({ rows: [{ time: T0 }] });
    writeFileSync(join(broken.root, segment.key), 'not a Parquet file');
    const worker = closing(await startWorker(broken));
    const workers = closing(connect([worker.url]));
    const engine = broken.engine({ workers });
    const failure = await engine
      .query({ organization: ORG, sql: 'SELECT count(*) FROM logs' })
      .catch((error) => error);
    expect(failure).toMatchObject({ code: 'SEGMENT_UNREADABLE', key: segment.key });
    expect(failure.message).not.toContain(broken.root);
    broken.announce({ ...segment, key: segment.key.replace('0.parquet', 'gone.parquet') });
    await expect(
      engine.query({ organization: ORG, sql: 'SELECT max(body) FROM logs' }),
    ).rejects.toMatchObject({
      code: 'SEGMENT_UNREADABLE',
    });
  });

  it('with more rows than the query may put aside: says so', async () => {
    const worker = closing(await startWorker(lake));
    const workers = closing(connect([worker.url]));
    const engine = lake.engine({ workers, limits: { maxSpillBytes: 300 } });
    await expect(
      engine.query({ organization: ORG, sql: 'SELECT max(time_unix_nano), max(flags) FROM logs' }),
    ).rejects.toMatchObject({
      code: 'LIMIT',
      limit: 'maxSpillBytes',
    });
  });
});

describe('keys', () => {
  it('that differ fail the query and are in no message', async () => {
    const worker = closing(await startWorker(lake, { key: 'x'.repeat(40) }));
    const failure = await count(engineOver([worker.url], { maxUnitAttempts: 1 })).catch((error) => error);
    expect(failure).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('TOKEN_HMAC256_KEY'),
    });
    expect(JSON.stringify({ ...failure, message: failure.message })).not.toMatch(/kkkk|xxxx/);
  });

  it('that are short are refused at the start', async () => {
    await expect(startWorker(lake, { key: 'short' })).rejects.toMatchObject({ code: 'CONFIG' });
    expect(() => connect(['http://127.0.0.1:1'], { key: KEY.slice(1) })).toThrow(/fewer than 32 characters/);
  });
});
