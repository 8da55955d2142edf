import {
  DEFAULT_ORGANIZATION_LIMITS,
  defaultLimits,
  type LimitBook,
  LimitError,
  type OrganizationLimits,
} from '@lakewright/core';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ORG, OTHER_ORG, rowsOf, T0, type TestLake, testLake } from '../../test/lake.ts';
import { type Answer, bodyOf, type TestServer, testServer } from '../../test/server.ts';
import { RequestError } from '../errors.ts';
import { type QueryQuotaOptions, withQuota } from './quota.ts';

/** Limits of ORG that a test may change; nobody else has any. */
function changing(own: Partial<OrganizationLimits>) {
  const limits: LimitBook & { own: Partial<OrganizationLimits> } = {
    ...defaultLimits,
    own,
    of: (organization) => ({ ...DEFAULT_ORGANIZATION_LIMITS, ...(organization === ORG ? limits.own : {}) }),
    reason: () => 'ask ops@example.org',
  };
  return limits;
}

describe('withQuota', () => {
  let lake: TestLake;
  let bytes: number;
  beforeEach(async () => {
    lake = await testLake();
    bytes = (await lake.add({ rows: [{ time: T0 }] })).bytes;
  });
  afterEach(() => lake.close());

  const limited = (options: Omit<QueryQuotaOptions, 'metrics'>) => {
    const metrics = new Registry();
    const engine = withQuota(lake.engine(), { ...options, metrics });
    const ask = (sql = 'SELECT 1', organization = ORG) => engine.query({ organization, sql });
    return { ask, metrics };
  };

  it('refuses the queries of an organization that are switched off, and nobody else’s', async () => {
    const limits = changing({ query: false });
    const { ask, metrics } = limited({ limits });
    await expect(ask()).rejects.toThrow(RequestError);
    await expect(ask()).rejects.toMatchObject({ status: 403, code: 'SWITCHED_OFF' });
    await expect(ask()).rejects.toThrow(/switched off .*limits\.default\.query of lakewright\.yaml: ask ops/);
    expect(await rowsOf(await ask('SELECT 1', OTHER_ORG))).toEqual([[1]]);
    limits.own = {};
    expect(await rowsOf(await ask())).toEqual([[1]]);
    expect(await metrics.metrics()).toContain(`{organization="${ORG}",limit="query"} 3`);
  });

  it('bounds the bytes that a query may read, by what is left after pruning', async () => {
    const limits = changing({ scannedBytesPerQuery: bytes });
    const { ask } = limited({ limits });
    const sql = 'SELECT count(*)::int FROM logs';
    expect(await rowsOf(await ask(sql))).toEqual([[1]]);
    await lake.add({ rows: [{ time: T0 + 3_600_000_000_000n }] });
    const asked = ask(sql);
    await expect(asked).rejects.toThrow(LimitError);
    await expect(asked).rejects.toMatchObject({
      limit: 'scanned_bytes_per_query',
      hint: expect.stringContaining('narrow'),
    });
    await expect(ask(sql)).rejects.toThrow(/at most \d+ are read; set by limits\.default/);
    expect(await rowsOf(await ask(`${sql} WHERE time_unix_nano <= ${T0}`))).toEqual([[1]]);
    // Each table alone is small enough.
    await lake.add({ table: 'gauge', rows: [{ time: T0 }] });
    limits.own = { scannedBytesPerQuery: 2 * bytes };
    await expect(ask('SELECT (SELECT count(*) FROM logs) + (SELECT count(*) FROM gauge)')).rejects.toThrow(
      'scanned_bytes_per_query',
    );
  });

  it('lets so many queries run at a time, and the others wait until rows are read or given up', async () => {
    const limits = changing({ concurrentQueries: 1 });
    const { ask } = limited({ limits });
    const first = await ask();
    let second = false;
    const waiting = ask().then((result) => {
      second = true;
      return result;
    });
    expect(await rowsOf(await ask('SELECT 2', OTHER_ORG))).toEqual([[2]]);
    expect(second).toBe(false);
    await rowsOf(first);
    const third = ask('SELECT 3');
    await (await waiting).close();
    expect(await rowsOf(await third)).toEqual([[3]]);
    // One that fails gives its place back, too.
    await expect(ask('SELEC')).rejects.toMatchObject({ code: 'BAD_QUERY' });
    expect(await rowsOf(await ask())).toEqual([[1]]);
  });

  it('refuses what is too many to wait', async () => {
    const { ask } = limited({ limits: changing({ concurrentQueries: 1 }), maxQueuedQueries: 1 });
    const first = await ask();
    const second = ask();
    await expect(ask()).rejects.toMatchObject({ limit: 'concurrent_queries' });
    await expect(ask()).rejects.toThrow(/1 queries of organization .* run at a time/);
    await first.close();
    await (await second).close();
  });
});

describe('over HTTP', () => {
  let server: TestServer;
  let limits: ReturnType<typeof changing>;
  beforeEach(async () => {
    limits = changing({});
    server = await testServer((engine, metrics) =>
      withQuota(engine, { limits, metrics, maxQueuedQueries: 0 }),
    );
  });
  afterEach(() => server.close());

  const ask = (query: string) => server.post({ query });

  it('says 403 with why when queries are switched off', async () => {
    limits.own = { query: false };
    const response = await ask('SELECT 1');
    expect(response.status).toBe(403);
    expect((await bodyOf(response)).error).toMatchObject({
      code: 'SWITCHED_OFF',
      message: expect.stringContaining('ask ops@example.org'),
    });
  });

  it('says 422 for a query that reads too much', async () => {
    limits.own = { scannedBytesPerQuery: 1 };
    const response = await ask('SELECT count(*) FROM logs');
    expect(response.status).toBe(422);
    const { error } = (await response.json()) as Answer & { error: { limit: string } };
    expect(error.limit).toBe('scanned_bytes_per_query');
  });

  it('says 429 with Retry-After when too many run', async () => {
    limits.own = { concurrentQueries: 1 };
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => ask('SELECT count(*) FROM range(30000000) a')),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses[0]).toBe(200);
    expect(statuses.at(-1)).toBe(429);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.headers.get('retry-after')).toBe('1');
  });
});
