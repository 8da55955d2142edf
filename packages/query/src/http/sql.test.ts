import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BIG, bodyOf, type TestServer, testServer } from '../../test/server.ts';

let api: TestServer;
beforeAll(async () => {
  api = await testServer();
});
afterAll(() => api.close());

describe('POST /api/v1/sql', () => {
  it('answers columns, rows and statistics', async () => {
    const query = 'SELECT timestamp, time_unix_nano, body, log_attributes, stream_id FROM logs ORDER BY 2';
    expect(await api.json({ query, limit: 1 })).toEqual({
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
          bytesRead: expect.any(Number),
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
    const { body } = await api.json({
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
    expect((await api.json({ query, end: moment })).body.rows).toEqual([[0]]);
    expect((await api.json({ query, start: moment, end: '2024-01-01T00:00:01Z' })).body.rows).toEqual([[1]]);
  });

  it('takes epoch ns as a number to its last digit', async () => {
    const ask = async (end: string) =>
      (await bodyOf(await api.post(`{"query": "SELECT count(*) FROM logs", "end": ${end}}`))).rows;
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
    const response = await api.post(text);
    expect(response.status).toBe(status);
    expect((await bodyOf(response)).error.message).toMatch(message);
  });

  it('says where a query is wrong', async () => {
    expect(await api.json({ query: 'SELECT nope FROM logs' })).toMatchObject({
      status: 400,
      body: {
        error: { code: 'BAD_QUERY', position: 7, message: expect.stringContaining('LINE 1: SELECT nope') },
      },
    });
    expect(await api.json({ query: "SELECT * FROM '/etc/passwd'" })).toMatchObject({
      status: 403,
      body: { error: { code: 'FORBIDDEN', position: 14, hint: expect.stringContaining('logs') } },
    });
  });

  it('takes JSON only', async () => {
    const response = await api.post('{"query": "SELECT 1"}', { 'content-type': 'text/plain' });
    expect([response.status, (await bodyOf(response)).error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  it('interrupts a query when the asker goes away', async () => {
    const isRunning = (queries: number) =>
      vi.waitFor(async () => {
        expect(await api.metrics.metrics()).toContain(`lakewright_sql_running ${queries}\n`);
      }, 5000);
    await isRunning(0);
    const asker = httpRequest(`${api.url}/api/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer one' },
    });
    asker.on('error', () => {});
    asker.end(
      '{"query": "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range + b.range = -1"}',
    );
    await isRunning(1);
    asker.destroy();
    await isRunning(0);
    expect(await api.metrics.metrics()).toContain('lakewright_sql_queries_total{outcome="CANCELLED"} 1');
  });
});
