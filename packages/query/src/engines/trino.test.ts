import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BadInputError, ConfigError, type StatementProgress, UnavailableError } from '@lakewright/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { askEngine, EngineError, type Translation, trinoEngine } from '../index.ts';

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Reply = { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> };

/** A coordinator that answers one reply after the other; undefined keeps the client waiting. */
let replies: (Reply | object | undefined)[] = [];
let seen: Seen[] = [];
let url = '';
let close: () => Promise<void>;

beforeEach(async () => {
  replies = [];
  seen = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      seen.push({ method, path, headers, body: Buffer.concat(chunks).toString() });
      answer(method, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
});
afterEach(() => close());

function answer(method: string, response: ServerResponse): void {
  if (method === 'DELETE') {
    response.writeHead(204).end();
    return;
  }
  const reply = replies.shift();
  if (reply === undefined) return;
  const { status, body, headers } =
    'status' in reply ? (reply as Reply) : { status: 200, body: JSON.stringify(reply), headers: {} };
  response.writeHead(status, headers).end(body);
}

const page = (number: number, more: object = {}) => ({
  id: 'q1',
  nextUri: `${url}/v1/statement/executing/q1/y/${number}`,
  stats: { state: 'RUNNING' },
  ...more,
});
const engine = (more: object = {}) =>
  trinoEngine({ url, catalog: 'lakewright', schema: 'lake', user: 'ann', patienceMs: 400, ...more });
const translation = (types: string[], limit = 10): Translation => ({
  sql: 'SELECT 1',
  columns: types.map((type, i) => ({ name: `c${i}`, type })),
  limit,
});

describe('Trino', () => {
  it('is asked until there is no more, through queues and pages', async () => {
    replies = [
      page(1, { stats: { state: 'QUEUED' } }),
      { status: 503, body: 'busy' },
      page(2, { stats: { state: 'RUNNING', progressPercentage: 41.5 } }),
      page(3, { data: [[1, 'a']], columns: [] }),
      page(4),
      { id: 'q1', stats: { state: 'FINISHED' }, data: [[2, null]] },
    ];
    const states: StatementProgress[] = [];
    const answered = await askEngine(engine(), translation(['BIGINT', 'VARCHAR']), {
      onProgress: (progress) => states.push(progress),
    });
    expect(answered.rows).toEqual([
      [1, 'a'],
      [2, null],
    ]);
    expect(answered.stats).toMatchObject({ rowsReturned: 2, truncated: false, limit: 10 });
    expect(states).toContainEqual({ state: 'RUNNING', percent: 41.5 });
    expect(states[0]).toEqual({ state: 'QUEUED' });
    expect(seen.map(({ method }) => method)).toEqual(['POST', ...Array(6 - 1).fill('GET')]);
    expect(seen[0]).toMatchObject({
      path: '/v1/statement',
      body: 'SELECT 1',
      headers: {
        'x-trino-user': 'ann',
        'x-trino-catalog': 'lakewright',
        'x-trino-schema': 'lake',
        'x-trino-time-zone': 'UTC',
      },
    });
    expect(seen[0].headers.authorization).toBeUndefined();
  });

  it('answers values of every type as the query API does', async () => {
    const types = [
      'BIGINT',
      'HUGEINT',
      'DOUBLE',
      'DOUBLE',
      'BOOLEAN',
      'TIMESTAMP',
      'DATE',
      'DECIMAL(3,1)',
      'MAP(VARCHAR, VARCHAR)',
      'DOUBLE[]',
    ];
    const row =
      '[9007199254740993, 5, 1.5, "NaN", true, "2026-01-02 03:04:05.123456", "2026-01-02", "12.5", {"a": "b", "c": null}, [1, "-Infinity"]]';
    replies = [{ status: 200, body: `{"id": "q1", "stats": {}, "data": [${row}]}` }];
    const { rows } = await askEngine(engine(), translation(types));
    expect(rows[0]).toEqual([
      '9007199254740993',
      5,
      1.5,
      'NaN',
      true,
      '2026-01-02T03:04:05.123456Z',
      '2026-01-02',
      '12.5',
      { a: 'b', c: null },
      [1, '-Infinity'],
    ]);
  });

  it('says when there are more rows than were asked for', async () => {
    replies = [{ id: 'q1', stats: {}, data: [[1], [2], [3]] }];
    const { rows, stats } = await askEngine(engine(), translation(['BIGINT'], 2));
    expect(rows).toEqual([[1], [2]]);
    expect(stats.truncated).toBe(true);
  });

  it.each([
    ['a value of another type', [['x']], /column c0 that is no BIGINT/],
    ['more columns', [[1, 2]], /2 columns; the query has 1/],
  ])('fails with %s', async (_what, data, message) => {
    replies = [{ id: 'q1', stats: {}, data }];
    await expect(askEngine(engine(), translation(['BIGINT']))).rejects.toThrow(message);
  });

  it.each([
    [
      { message: "Table 'lake.logs' does not exist", errorName: 'TABLE_NOT_FOUND', errorType: 'USER_ERROR' },
      BadInputError,
      /does not exist.*TABLE_NOT_FOUND/,
    ],
    [
      { message: 'no memory', errorName: 'X', errorType: 'INSUFFICIENT_RESOURCES' },
      UnavailableError,
      /no memory/,
    ],
  ])('fails as Trino does: %j', async (error, type, message) => {
    replies = [page(1), { id: 'q1', stats: { state: 'FAILED' }, error }];
    const failure = await askEngine(engine(), translation(['BIGINT'])).catch((reason: unknown) => reason);
    expect(failure).toBeInstanceOf(type);
    expect((failure as Error).message).toMatch(message);
  });

  it.each([
    [{ status: 401, body: '' }, ConfigError, /answered 401/],
    [{ status: 404, body: 'nothing' }, EngineError, /answered 404/],
    [{ status: 200, body: '<html>' }, EngineError, /not answer as Trino/],
    [
      { id: 'q1', nextUri: 'http://elsewhere.example/v1', stats: {} },
      ConfigError,
      /goes on at http:\/\/elsewhere/,
    ],
  ])('does not take %j for an answer', async (reply, type, message) => {
    replies = [reply];
    const failure = await askEngine(engine(), translation(['BIGINT'])).catch((reason: unknown) => reason);
    expect(failure).toBeInstanceOf(type);
    expect((failure as Error).message).toMatch(message);
  });

  it('gives up on a coordinator that stays busy', async () => {
    replies = Array(50).fill({ status: 503, body: '' });
    await expect(askEngine(engine({ patienceMs: 200 }), translation(['BIGINT']))).rejects.toThrow(
      UnavailableError,
    );
    expect(seen.length).toBeGreaterThan(1);
  });

  it('is told to stop when the asker goes away', async () => {
    replies = [page(1), page(2)];
    const controller = new AbortController();
    const asked = askEngine(engine(), translation(['BIGINT']), { signal: controller.signal }).catch(
      (reason: unknown) => reason,
    );
    await waitFor('the third request', async () => seen.length === 3, 10_000);
    controller.abort();
    expect(await asked).toMatchObject({ name: 'AbortError' });
    expect(seen.at(-1)).toMatchObject({ method: 'DELETE', path: '/v1/statement/executing/q1/y/2' });
  });

  it('sends a password to this machine or over TLS, and nowhere else', async () => {
    expect(() => engine({ url: 'http://trino.example:8080', password: 'hunter2' })).toThrow(ConfigError);
    expect(() => engine({ url: 'http://trino.example:8080', password: 'hunter2' })).not.toThrow(/hunter2/);
    replies = [{ id: 'q1', stats: {}, data: [] }];
    await askEngine(engine({ password: 'hunter2' }), translation(['BIGINT']));
    expect(seen[0].headers.authorization).toBe(`Basic ${Buffer.from('ann:hunter2').toString('base64')}`);
  });
});
