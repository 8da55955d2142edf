import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ORG, rowsOf, T0, type TestLake, testLake } from '../../test/lake.ts';
import { createAdmission } from './admission.ts';

let lake: TestLake;
beforeAll(async () => {
  lake = await testLake();
  for (let i = 0; i < 3; i++) await lake.add({ rows: [{ time: T0 }] });
});
afterAll(() => lake.close());

/** Runs until it is interrupted. */
const ENDLESS = 'SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range + b.range = -1';
const MIB = 1024 * 1024;

describe('limits', () => {
  it.each([
    ['maxSqlBytes', { maxSqlBytes: 20 }, "SELECT '0123456789é'", {}],
    ['maxRows', { maxRows: 5 }, 'SELECT 1', { limit: 6 }],
    ['maxSegments', { maxSegments: 2 }, 'SELECT count(*) FROM logs', {}],
    ['maxQuerySeconds', { maxQuerySeconds: 0.2 }, ENDLESS, {}],
    [
      'maxQueryMemoryBytes',
      { maxQueryMemoryBytes: 32 * MIB },
      'SELECT list(md5(i::VARCHAR)) FROM range(3000000) t(i)',
      {},
    ],
    [
      'maxQueryMemoryBytes',
      { maxQueryMemoryBytes: 32 * MIB, maxSpillBytes: 4 * MIB },
      'SELECT md5(i::VARCHAR) AS s FROM range(3000000) t(i) ORDER BY s OFFSET 2999990',
      {},
    ],
  ])('%s', async (name, limits, sql, more) => {
    const engine = lake.engine({ limits });
    await expect(engine.query({ organization: ORG, sql, ...more })).rejects.toMatchObject({
      code: 'LIMIT',
      limit: name,
      message: expect.not.stringContaining(lake.root),
    });
  });

  it.each([0, -1, 1.5, Number.NaN])('a limit of %d rows is no limit', async (limit) => {
    const asked = lake.engine().query({ organization: ORG, sql: 'SELECT 1', limit });
    await expect(asked).rejects.toMatchObject({ code: 'BAD_QUERY' });
  });

  it('a result counts as memory, and what does not fit is refused, not cut', async () => {
    const engine = lake.engine({ limits: { maxQueryMemoryBytes: 32 * MIB, maxSpillBytes: MIB } });
    const sql = "SELECT md5(i::VARCHAR) || repeat('x', 10000) || md5(i::VARCHAR) FROM range(100000) t(i)";
    await expect(engine.query({ organization: ORG, sql, limit: 100_000 })).rejects.toMatchObject({
      code: 'LIMIT',
    });
  });

  it('spills what does not fit and removes it afterwards', async () => {
    const engine = lake.engine({ limits: { maxQueryMemoryBytes: 64 * MIB } });
    const sql = 'SELECT i, md5(i::VARCHAR) AS s FROM range(1500000) t(i) ORDER BY s OFFSET 1499990';
    expect(await rowsOf(await engine.query({ organization: ORG, sql }))).toHaveLength(10);
    await engine.close();
    expect(readdirSync(join(lake.root, 'tmp')).filter((name) => name.includes('spill'))).toEqual([]);
  });

  it('a reader that never comes is given up', async () => {
    const engine = lake.engine({
      limits: { maxDeliverySeconds: 0.05, maxConcurrentQueries: 1 },
      ioThreads: 3,
    });
    const left = await engine.query({ organization: ORG, sql: 'FROM range(10)' });
    // There is one place: this one is let in when the first one's is free again.
    const next = await engine.query({ organization: ORG, sql: 'SELECT 1' });
    await next.close();
    await expect(rowsOf(left)).rejects.toMatchObject({ code: 'LIMIT', limit: 'maxDeliverySeconds' });
  });
});

describe('cancelling', () => {
  it('ends a query that runs, and frees its place', async () => {
    const engine = lake.engine({ limits: { maxConcurrentQueries: 1 } });
    const aborter = new AbortController();
    const running = engine.query({ organization: ORG, sql: ENDLESS, signal: aborter.signal });
    aborter.abort();
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await rowsOf(await engine.query({ organization: ORG, sql: 'SELECT 1' }))).toEqual([[1]]);
  });

  it('ends the reading of rows', async () => {
    const aborter = new AbortController();
    const result = await lake
      .engine()
      .query({ organization: ORG, sql: 'FROM range(10000)', signal: aborter.signal });
    const chunks = result.chunks();
    await chunks.next();
    aborter.abort();
    await expect(chunks.next()).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('admission', () => {
  it('lets so many in, so many wait in order, and refuses the rest', async () => {
    const admission = createAdmission(1, 2);
    const order: string[] = [];
    const leave = await admission.enter();
    const second = admission.enter().then((done) => {
      order.push('second');
      return done;
    });
    const third = admission.enter().then((done) => {
      order.push('third');
      return done;
    });
    expect(admission).toMatchObject({ running: 1, waiting: 2 });
    await expect(admission.enter()).rejects.toMatchObject({ code: 'LIMIT', limit: 'maxQueuedQueries' });
    leave();
    leave();
    (await second)();
    (await third)();
    expect(order).toEqual(['second', 'third']);
    expect(admission).toMatchObject({ running: 0, waiting: 0 });
  });

  it('forgets who gives up waiting', async () => {
    const admission = createAdmission(1, 1);
    const leave = await admission.enter();
    const aborter = new AbortController();
    const waiting = admission.enter(aborter.signal);
    aborter.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(admission.waiting).toBe(0);
    leave();
    (await admission.enter())();
  });

  it('is seen in the metrics with every outcome', async () => {
    const metrics = new Registry();
    const engine = lake.engine({ metrics, limits: { maxConcurrentQueries: 1 } });
    await rowsOf(await engine.query({ organization: ORG, sql: 'FROM logs' }));
    await engine.query({ organization: ORG, sql: 'FROM nowhere' }).catch(() => {});
    const aborter = new AbortController();
    const running = engine.query({ organization: ORG, sql: ENDLESS, signal: aborter.signal });
    await vi.waitFor(async () => expect(await metrics.metrics()).toContain('lakewright_sql_running 1'));
    aborter.abort();
    await running.catch(() => {});
    const text = await metrics.metrics();
    expect(text).toContain('lakewright_sql_queries_total{outcome="ok"} 1');
    expect(text).toContain('lakewright_sql_queries_total{outcome="BAD_QUERY"} 1');
    expect(text).toContain('lakewright_sql_queries_total{outcome="CANCELLED"} 1');
    expect(text).toContain('lakewright_sql_segments_total 3');
  });
});
