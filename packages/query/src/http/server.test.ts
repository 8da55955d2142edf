import { type ClientRequest, request as httpRequest } from 'node:http';
import { silentLogger } from '@lakewright/core';
import type { LakeAdmin } from '@lakewright/lake';
import { tableFromIPC } from 'apache-arrow';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HOUR, ORG, OTHER_ORG, T0, type TestLake, testLake } from '../../test/lake.ts';
import { type QueryServer, type ReadyReport, startQueryServer } from '../index.ts';

const BIG = 2n ** 60n;
const KEYS: Readonly<Record<string, string>> = { 'Bearer one': ORG, 'Bearer two': OTHER_ORG };

let lake: TestLake;
let server: QueryServer;
let metrics: Registry;
let ready: ReadyReport | Error = { ready: true, parts: { catalog: { ready: true } } };

const letter = {
  id: BIG,
  organization: ORG,
  signal: 'logs',
  key: 'otel-raw/x',
  etag: 'e',
  size: 5,
  arrivedNs: T0,
  failedNs: T0 + 1n,
  attempts: 3,
  reason: 'truncated',
} as const;

const admin: LakeAdmin = {
  async services(organization) {
    return organization === ORG ? [{ service: 'cart', tables: ['logs'], lastSeenNs: T0 + 5n }] : [];
  },
  async status() {
    return {
      rawObjects: { pending: 1, claimed: 0, done: 2, dead: 1 },
      oldestPendingSeconds: 1.5,
      tables: [
        { table: 'logs', segments: 1, rows: 3n, bytes: BIG, minTimeNs: T0, maxTimeNs: T0 + HOUR },
        { table: 'sum', segments: 0, rows: 0n, bytes: 0n, minTimeNs: null, maxTimeNs: null },
      ],
    };
  },
  async deadLetters(organization) {
    return organization === ORG ? [letter] : [];
  },
  async deadLetter(organization, id) {
    return organization === ORG && id === BIG - 1n ? { ...letter, id } : undefined;
  },
  async replay() {
    return 'queued';
  },
};

beforeAll(async () => {
  lake = await testLake();
  await lake.add({
    rows: [
      {
        time: T0 + 123_456_789n,
        service: 'cart',
        columns: {
          body: '\'say "hi", é\'',
          log_attributes: "MAP {'a': '1', '__proto__': 'x'}",
          stream_id: String(BIG),
        },
      },
      { time: T0 + HOUR, service: 'cart' },
    ],
  });
  metrics = new Registry();
  server = await startQueryServer({
    host: '127.0.0.1',
    port: 0,
    engine: lake.engine({ metrics, limits: { maxSqlBytes: 2000, maxQuerySeconds: 20 } }),
    admin,
    auth: { organizationOf: (headers) => KEYS[String(headers.authorization)] },
    ready: async () => {
      if (ready instanceof Error) throw ready;
      return ready;
    },
    metrics,
    logger: silentLogger,
    limits: { maxBodyBytes: 10_000 },
  });
});
afterAll(async () => {
  await server.close();
  await lake.close();
});

const call = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
  fetch(server.url + path, { ...init, headers: { authorization: 'Bearer one', ...init.headers } });

const post = (body: unknown, headers: Record<string, string> = {}) =>
  call('/api/v1/sql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

interface Answer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  readonly error: { readonly code: string; readonly message: string };
}

const bodyOf = async (response: Response) => (await response.json()) as Answer;

const json = async (body: unknown) => {
  const response = await post(body);
  return { status: response.status, body: await bodyOf(response) };
};

describe('POST /api/v1/sql', () => {
  it('answers columns, rows and statistics', async () => {
    const query = 'SELECT timestamp, time_unix_nano, body, log_attributes, stream_id FROM logs ORDER BY 2';
    expect(await json({ query, limit: 1 })).toEqual({
      status: 200,
      body: {
        columns: [
          { name: 'timestamp', type: 'TIMESTAMP' },
          { name: 'time_unix_nano', type: 'BIGINT' },
          { name: 'body', type: 'VARCHAR' },
          { name: 'log_attributes', type: 'MAP(VARCHAR, VARCHAR)' },
          { name: 'stream_id', type: 'BIGINT' },
        ],
        rows: [
          [
            '2024-01-01T00:00:00.123456Z',
            '1704067200123456789',
            'say "hi", é',
            JSON.parse('{"a": "1", "__proto__": "x"}'),
            String(BIG),
          ],
        ],
        stats: {
          segments: 1,
          bytes: expect.any(Number),
          rowsReturned: 1,
          truncated: true,
          limit: 1,
          elapsedMs: expect.any(Number),
        },
      },
    });
  });

  it.each([
    ['9007199254740991', 9007199254740991, 'BIGINT'],
    ['9007199254740992', '9007199254740992', 'BIGINT'],
    ['-9007199254740992', '-9007199254740992', 'BIGINT'],
    ['170141183460469231731687303715884105727', '170141183460469231731687303715884105727', 'HUGEINT'],
    ['sum(x) FROM range(3) t(x)', 3, 'HUGEINT'],
    ['18446744073709551615::UBIGINT', '18446744073709551615', 'UBIGINT'],
    ['1.50::DECIMAL(5,2)', '1.50', 'DECIMAL(5,2)'],
    ['1.5::DOUBLE', 1.5, 'DOUBLE'],
    ["'nan'::DOUBLE", 'NaN', 'DOUBLE'],
    ["'inf'::DOUBLE", 'Infinity', 'DOUBLE'],
    ["'-inf'::FLOAT", '-Infinity', 'FLOAT'],
    ['NULL::INTEGER', null, 'INTEGER'],
    ['true', true, 'BOOLEAN'],
    ["'\\x00\\xFF'::BLOB", 'AP8=', 'BLOB'],
    ["DATE '2024-02-29'", '2024-02-29', 'DATE'],
    ["TIME '01:02:03.5'", '01:02:03.5', 'TIME'],
    ["TIMESTAMP '2024-01-01 00:00:00'", '2024-01-01T00:00:00.000000Z', 'TIMESTAMP'],
    ["TIMESTAMP '1969-12-31 23:59:59.999999'", '1969-12-31T23:59:59.999999Z', 'TIMESTAMP'],
    ["TIMESTAMP 'infinity'", 'infinity', 'TIMESTAMP'],
    ["TIMESTAMPTZ '2024-01-01 02:00:00+02'", '2024-01-01T00:00:00.000000Z', 'TIMESTAMP WITH TIME ZONE'],
    ["'2024-01-01 00:00:00.123456789'::TIMESTAMP_NS", '2024-01-01T00:00:00.123456789Z', 'TIMESTAMP_NS'],
    ['INTERVAL 90 MINUTES', '01:30:00', 'INTERVAL'],
    ["'8c5b0ba4-a0b1-4b0e-9e2d-1d2d2a3f4b5c'::UUID", '8c5b0ba4-a0b1-4b0e-9e2d-1d2d2a3f4b5c', 'UUID'],
    ["'b'::ENUM('a', 'b')", 'b', "ENUM('a', 'b')"],
    ['\'{"a": 1}\'::JSON', '{"a": 1}', 'JSON'],
    ['[1, NULL, 9007199254740993]', [1, null, '9007199254740993'], 'BIGINT[]'],
    ['array_value(1, 2)', [1, 2], 'INTEGER[2]'],
    [
      "{'a': 1, 'b': [TIMESTAMP '2024-01-01']}",
      { a: 1, b: ['2024-01-01T00:00:00.000000Z'] },
      'STRUCT(a INTEGER, b TIMESTAMP[])',
    ],
    ["MAP {1: 'x', 2: NULL}", { 1: 'x', 2: null }, 'MAP(INTEGER, VARCHAR)'],
    ['union_value(n := 5)', 5, 'UNION(n INTEGER)'],
  ])('writes %s as JSON', async (expression, value, type) => {
    const { body } = await json({
      query: `SELECT ${expression.includes(' FROM ') ? expression : `(${expression})`}`,
    });
    expect([body.rows, body.columns?.[0].type]).toEqual([[[value]], type]);
  });

  it.each([
    ['RFC 3339', '2024-01-01T00:00:00.123456789Z'],
    ['RFC 3339 with an offset', '2024-01-01T05:30:00.123456789+05:30'],
    ['digits', '1704067200123456789'],
  ])('takes start and end as %s', async (_name, moment) => {
    const query = 'SELECT count(*) FROM logs';
    expect((await json({ query, end: moment })).body.rows).toEqual([[0]]);
    expect((await json({ query, start: moment, end: '2024-01-01T00:00:01Z' })).body.rows).toEqual([[1]]);
  });

  it('takes epoch ns as a number to its last digit', async () => {
    const ask = async (end: string) =>
      (await bodyOf(await post(`{"query": "SELECT count(*) FROM logs", "end": ${end}}`))).rows;
    expect(await ask('1704067200123456789')).toEqual([[0]]);
    expect(await ask('1704067200123456790')).toEqual([[1]]);
  });

  it.each([
    ['not JSON', '{', 400, /not JSON/],
    ['no object', '[]', 400, /not an object/],
    ['no query', '{}', 400, /query is not a string/],
    ['a query that is none', '{"query": 1}', 400, /query/],
    ['an unknown field', '{"query": "SELECT 1", "stop": 1}', 400, /"stop"/],
    ['__proto__', '{"query": "SELECT 1", "__proto__": {}}', 400, /"__proto__"/],
    ['a limit of 0', '{"query": "SELECT 1", "limit": 0}', 400, /limit/],
    ['a limit in words', '{"query": "SELECT 1", "limit": "5"}', 400, /limit/],
    ['a limit over maxRows', '{"query": "SELECT 1", "limit": 100001}', 400, /100000 rows/],
    ['a start that is no time', '{"query": "SELECT 1", "start": "yesterday"}', 400, /start is not a time/],
    [
      'an end with ten digits',
      '{"query": "SELECT 1", "end": "2024-01-01T00:00:00.1234567890Z"}',
      400,
      /end is not a time/,
    ],
    [
      'the 30th of February',
      '{"query": "SELECT 1", "end": "2024-02-30T00:00:00Z"}',
      400,
      /end is not a time/,
    ],
    [
      'a time without a zone',
      '{"query": "SELECT 1", "end": "2024-02-03T00:00:00"}',
      400,
      /end is not a time/,
    ],
    ['the year 9999', '{"query": "SELECT 1", "end": "9999-01-01T00:00:00Z"}', 400, /end is not a time/],
    ['a fraction of a ns', '{"query": "SELECT 1", "end": 1.5}', 400, /end is not a time/],
    ['start after end', '{"query": "SELECT 1", "start": 5, "end": 4}', 400, /start is after end/],
    ['a long query', JSON.stringify({ query: `SELECT ${'1'.repeat(2000)}` }), 413, /2007 bytes/],
    ['a long body', JSON.stringify({ query: ' '.repeat(10_000) }), 413, /10000 bytes/],
  ])('refuses %s', async (_name, text, status, message) => {
    const response = await post(text);
    expect(response.status).toBe(status);
    expect((await bodyOf(response)).error.message).toMatch(message);
  });

  it('says where a query is wrong', async () => {
    expect(await json({ query: 'SELECT nope FROM logs' })).toMatchObject({
      status: 400,
      body: {
        error: { code: 'BAD_QUERY', position: 7, message: expect.stringContaining('LINE 1: SELECT nope') },
      },
    });
    expect(await json({ query: "SELECT * FROM '/etc/passwd'" })).toMatchObject({
      status: 403,
      body: { error: { code: 'FORBIDDEN', position: 14, hint: expect.stringContaining('logs') } },
    });
  });

  it('takes JSON only', async () => {
    const response = await post('{"query": "SELECT 1"}', { 'content-type': 'text/plain' });
    expect([response.status, (await bodyOf(response)).error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  it('interrupts a query when the asker goes away', async () => {
    const asker: ClientRequest = httpRequest(`${server.url}/api/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer one' },
    });
    asker.on('error', () => {});
    asker.end(
      '{"query": "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range + b.range = -1"}',
    );
    await vi.waitFor(async () => expect(await metrics.metrics()).toContain('lakewright_sql_running 1'), 5000);
    asker.destroy();
    await vi.waitFor(async () => {
      const text = await metrics.metrics();
      expect(text).toContain('lakewright_sql_running 0');
      expect(text).toContain('lakewright_sql_queries_total{outcome="CANCELLED"} 1');
    }, 5000);
  });
});

describe('formats', () => {
  const query =
    "SELECT i AS id, CASE i WHEN 0 THEN 'a,\"b\"' WHEN 1 THEN '' END AS name, MAP {'k': i} AS m FROM range(3) t(i)";

  it.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['text/html, text/*;q=0.5, */*;q=0.1', 'text/csv'],
    ['application/json;q=0.1, application/x-ndjson', 'application/x-ndjson'],
    ['application/vnd.apache.arrow.stream', 'application/vnd.apache.arrow.stream'],
  ])('Accept %s is answered with %s', async (accept, type) => {
    const response = await post({ query: 'SELECT 1' }, accept === undefined ? {} : { accept });
    expect(response.headers.get('content-type')?.split(';')[0]).toBe(type);
    await response.arrayBuffer();
  });

  it.each(['text/html', 'application/xml, image/*', 'application/json;q=0'])(
    'Accept %s is refused',
    async (accept) => {
      const response = await post({ query: 'SELECT 1' }, { accept });
      expect([response.status, (await bodyOf(response)).error.code]).toEqual([406, 'NOT_ACCEPTABLE']);
    },
  );

  it('NDJSON has one object a row', async () => {
    const response = await post({ query, limit: 2 }, { accept: 'application/x-ndjson' });
    const lines = (await response.text()).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { id: 0, name: 'a,"b"', m: { k: 0 } },
      { id: 1, name: '', m: { k: 1 } },
    ]);
    expect(response.headers.get('lakewright-rows')).toBe('2');
    expect(response.headers.get('lakewright-truncated')).toBe('true');
  });

  it('CSV tells NULL from the empty string', async () => {
    const response = await post({ query }, { accept: 'text/csv' });
    expect(await response.text()).toBe(
      'id,name,m\r\n0,"a,""b""","{""k"":0}"\r\n1,"","{""k"":1}"\r\n2,,"{""k"":2}"\r\n',
    );
  });

  it.each(['application/json', 'application/x-ndjson', 'text/csv', 'application/vnd.apache.arrow.stream'])(
    '%s carries many rows and none',
    async (accept) => {
      const count = async (rows: number) => {
        const response = await post(
          { query: `SELECT i, i::VARCHAR AS s FROM range(${rows}) t(i)`, limit: 50_000 },
          { accept },
        );
        expect(response.status).toBe(200);
        const bytes = new Uint8Array(await response.arrayBuffer());
        const text = () => Buffer.from(bytes).toString();
        if (accept === 'application/json') return JSON.parse(text()).rows.length;
        if (accept === 'application/x-ndjson') return text().split('\n').length - 1;
        if (accept === 'text/csv') return text().split('\r\n').length - 2;
        return tableFromIPC(bytes).numRows;
      };
      expect(await count(50_000)).toBe(50_000);
      expect(await count(0)).toBe(0);
    },
  );

  it('Arrow keeps types and values', async () => {
    const select = `SELECT * FROM (VALUES
      (1::BIGINT, 9007199254740993, 1.5::DOUBLE, 'é', true, TIMESTAMP '2024-01-01 00:00:00.000001', [1::BIGINT, NULL], MAP {'a': '1'}, 12.34::DECIMAL(9,2), DATE '2024-01-02', {'x': 7::INTEGER}, -5::HUGEINT, 'ab'::BLOB, 3::UTINYINT, 'a'::ENUM('a'), -1::SMALLINT),
      (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
      (-2::BIGINT, 2, 'nan'::DOUBLE, '', false, TIMESTAMP '1969-12-31 23:59:59', [], MAP {}, -0.01, DATE '1969-12-31', {'x': NULL}, 170141183460469231731687303715884105::HUGEINT, ''::BLOB, 255, 'a', 5)
    ) AS t(big, wide, number, text, yes, moment, list, map, money, day, struct, huge, blob, tiny, enum, small)`;
    const response = await post({ query: select }, { accept: 'application/vnd.apache.arrow.stream' });
    const table = tableFromIPC(new Uint8Array(await response.arrayBuffer()));
    expect(
      Object.fromEntries(table.schema.fields.map((field) => [field.name, String(field.type)])),
    ).toMatchObject({
      big: 'Int64',
      wide: 'Int64',
      number: 'Float64',
      text: 'Utf8',
      yes: 'Bool',
      moment: 'Timestamp<MICROSECOND, UTC>',
      list: 'List<Int64>',
      map: 'Map<{key:Utf8, value:Utf8}>',
      day: 'Date32<DAY>',
      blob: 'Binary',
      tiny: 'Uint8',
      enum: 'Utf8',
      small: 'Int16',
    });
    const column = (name: string) => [0, 1, 2].map((row) => table.getChild(name)?.get(row));
    expect(column('big')).toEqual([1n, null, -2n]);
    expect(column('wide')).toEqual([9007199254740993n, null, 2n]);
    expect(column('number')).toEqual([1.5, null, Number.NaN]);
    expect(column('text')).toEqual(['é', null, '']);
    expect(column('yes')).toEqual([true, null, false]);
    expect(column('tiny')).toEqual([3, null, 255]);
    expect(column('small')).toEqual([-1, null, 5]);
    expect(table.getChild('moment')?.data[0].values[0]).toBe(1704067200000001n);
    expect(table.getChild('moment')?.data[0].values[2]).toBe(-1_000_000n);
    expect(column('list').map((list) => list && [...list])).toEqual([[1n, null], null, []]);
    expect(column('map').map((map) => map && { ...map.toJSON() })).toEqual([{ a: '1' }, null, {}]);
    expect(column('struct').map((struct) => struct && { ...struct.toJSON() })).toEqual([
      { x: 7 },
      null,
      { x: null },
    ]);
    expect(column('blob').map((bytes) => bytes && Buffer.from(bytes).toString())).toEqual(['ab', null, '']);
    expect(column('money').map((value) => value && String(value))).toEqual(['1234', null, '-1']);
    expect(column('huge').map((value) => value && String(value))).toEqual([
      '-5',
      null,
      '170141183460469231731687303715884105',
    ]);
  });
});

describe('keys', () => {
  it('decide whose lake is asked', async () => {
    const theirs = await post({ query: 'SELECT count(*) FROM logs' }, { authorization: 'Bearer two' });
    expect((await bodyOf(theirs)).rows).toEqual([[0]]);
    expect(
      await (await call('/api/v1/services', { headers: { authorization: 'Bearer two' } })).json(),
    ).toEqual({ services: [] });
  });

  it.each([
    ['POST', '/api/v1/sql'],
    ['GET', '/api/v1/services'],
    ['GET', '/api/v1/status'],
    ['GET', '/api/v1/dead-letters'],
    ['GET', '/api/v1/dead-letters/1'],
    ['POST', '/api/v1/dead-letters/1/replay'],
    ['GET', '/api/v1/nothing'],
  ])('are needed for %s %s', async (method, path) => {
    for (const authorization of ['', 'Bearer wrong']) {
      const response = await call(path, { method, headers: { authorization } });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect((await bodyOf(response)).error.code).toBe('UNAUTHENTICATED');
    }
  });

  it.each(['/healthz', '/ready', '/metrics'])('are not needed for %s', async (path) => {
    expect((await fetch(server.url + path)).status).toBe(200);
  });
});

describe("the operator's routes", () => {
  const get = async (path: string, init = {}) => {
    const response = await call(path, init);
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
    const good = ready;
    ready = { ready: false, parts: { catalog: { ready: false, detail: 'starting' } } };
    expect(await get('/ready')).toEqual([503, ready]);
    ready = new Error('no answer');
    expect(await get('/ready')).toEqual([
      503,
      { ready: false, parts: { check: { ready: false, detail: 'no answer' } } },
    ]);
    ready = good;
    expect(await get('/ready')).toEqual([200, ready]);
  });

  it('GET /metrics counts requests by route and status', async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).toMatch(/lakewright_query_http_requests_total\{route="\/api\/v1\/sql",status="200"\} \d+/);
    expect(text).toMatch(/lakewright_sql_queries_total\{outcome="ok"\} \d+/);
  });
});
