import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR, ORG, T0 } from '../../test/lake.ts';
import { BIG, bodyOf, SWEPT, type TestServer, testServer } from '../../test/server.ts';

let api: TestServer;
beforeAll(async () => {
  api = await testServer();
});
afterAll(() => api.close());

describe('keys', () => {
  it('decide whose lake is asked', async () => {
    const theirs = await api.post({ query: 'SELECT count(*) FROM logs' }, { authorization: 'Bearer two' });
    expect((await bodyOf(theirs)).rows).toEqual([[0]]);
    expect(
      await (await api.call('/api/v1/services', { headers: { authorization: 'Bearer two' } })).json(),
    ).toEqual({ services: [] });
  });

  it.each([
    ['POST', '/api/v1/sql'],
    ['GET', '/api/v1/services'],
    ['GET', '/api/v1/status'],
    ['GET', '/api/v1/dead-letters'],
    ['GET', '/api/v1/dead-letters/1'],
    ['POST', '/api/v1/dead-letters/1/replay'],
    ['GET', '/api/v1/sweep'],
    ['POST', '/api/v1/sweep'],
    ['GET', '/api/v1/nothing'],
  ])('are needed for %s %s', async (method, path) => {
    for (const authorization of ['', 'Bearer wrong']) {
      const response = await api.call(path, { method, headers: { authorization } });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect((await bodyOf(response)).error.code).toBe('UNAUTHENTICATED');
    }
  });

  it.each(['/healthz', '/ready', '/metrics'])('are not needed for %s', async (path) => {
    expect((await fetch(api.url + path)).status).toBe(200);
  });
});

describe("the operator's routes", () => {
  const get = async (path: string, init = {}) => {
    const response = await api.call(path, init);
    return [response.status, await response.json()];
  };
  const shownLetter = {
    id: String(BIG),
    organization: ORG,
    signal: 'logs',
    key: 'otel-raw/x',
    etag: 'e',
    size: 5,
    arrived: '2024-01-01T00:00:00Z',
    arrivedNs: String(T0),
    failed: '2024-01-01T00:00:00.000000001Z',
    failedNs: String(T0 + 1n),
    attempts: 3,
    reason: 'truncated',
  };
  const path = `/api/v1/dead-letters/${BIG - 1n}`;

  it.each([
    [
      'GET',
      '/api/v1/services',
      200,
      {
        services: [
          {
            service: 'cart',
            tables: ['logs'],
            lastSeen: '2024-01-01T00:00:00.000000005Z',
            lastSeenNs: String(T0 + 5n),
          },
        ],
      },
    ],
    ['GET', '/api/v1/dead-letters', 200, { deadLetters: [shownLetter] }],
    [
      'POST',
      '/api/v1/dead-letters/7/replay',
      404,
      { error: { code: 'NOT_FOUND', message: 'there is no dead letter 7' } },
    ],
    [
      'GET',
      '/api/v1/dead-letters/7',
      404,
      { error: { code: 'NOT_FOUND', message: 'there is no dead letter 7' } },
    ],
    [
      'GET',
      '/api/v1/dead-letters/x',
      400,
      { error: { code: 'BAD_REQUEST', message: '"x" is not the id of a dead letter' } },
    ],
    [
      'GET',
      '/api/v1/nothing',
      404,
      { error: { code: 'NOT_FOUND', message: 'there is no GET /api/v1/nothing' } },
    ],
    ['GET', '/api/v1/sql', 404, { error: { code: 'NOT_FOUND', message: 'there is no GET /api/v1/sql' } }],
  ])('%s %s', async (method, route, status, body) => {
    expect(await get(route, { method })).toEqual([status, body]);
  });

  it('GET one dead letter, and replay it', async () => {
    const id = String(BIG - 1n);
    expect(await get(path)).toEqual([200, { ...shownLetter, id }]);
    expect(await get(`${path}/replay`, { method: 'POST' })).toEqual([200, { outcome: 'queued' }]);
  });

  it('GET and POST /api/v1/sweep, the first as a dry run', async () => {
    expect(await get('/api/v1/sweep')).toEqual([200, SWEPT]);
    expect(await get('/api/v1/sweep', { method: 'POST' })).toEqual([200, { ...SWEPT, dryRun: false }]);
    const theirs = { headers: { authorization: 'Bearer two' } };
    expect(await get('/api/v1/sweep', theirs)).toEqual([200, { ...SWEPT, history: 0 }]);
  });

  it('GET /api/v1/status', async () => {
    expect(await get('/api/v1/status')).toEqual([
      200,
      {
        rawObjects: { pending: 1, claimed: 0, done: 2, dead: 1 },
        oldestPendingSeconds: 1.5,
        tables: [
          {
            table: 'logs',
            segments: 1,
            rows: 3,
            bytes: String(BIG),
            minTime: '2024-01-01T00:00:00Z',
            minTimeNs: String(T0),
            maxTime: '2024-01-01T01:00:00Z',
            maxTimeNs: String(T0 + HOUR),
          },
          {
            table: 'sum',
            segments: 0,
            rows: 0,
            bytes: 0,
            minTime: null,
            minTimeNs: null,
            maxTime: null,
            maxTimeNs: null,
          },
        ],
      },
    ]);
  });

  it('GET /ready tells what is missing', async () => {
    const good = api.readiness;
    api.readiness = { ready: false, parts: { catalog: { ready: false, detail: 'starting' } } };
    expect(await get('/ready')).toEqual([503, api.readiness]);
    api.readiness = new Error('no answer');
    expect(await get('/ready')).toEqual([
      503,
      { ready: false, parts: { check: { ready: false, detail: 'no answer' } } },
    ]);
    api.readiness = good;
    expect(await get('/ready')).toEqual([200, api.readiness]);
  });

  it('GET /metrics counts requests by route and status', async () => {
    await (await api.post({ query: 'SELECT 1' })).text();
    const text = await (await fetch(`${api.url}/metrics`)).text();
    expect(text).toMatch(/lakewright_query_http_requests_total\{route="\/api\/v1\/sql",status="200"\} \d+/);
    expect(text).toMatch(/lakewright_sql_queries_total\{outcome="ok"\} \d+/);
  });
});
