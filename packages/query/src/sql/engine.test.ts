import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TABLE_NAMES, TABLES } from '@lakewright/lake';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR, ORG, OTHER_ORG, rowsOf, SECOND, T0, type TestLake, testLake } from '../../test/lake.ts';
import type { SqlEngine } from './engine.ts';

let lake: TestLake;
let engine: SqlEngine;

beforeAll(async () => {
  lake = await testLake();
  await lake.add({
    rows: [
      { time: T0, service: 'cart', columns: { body: "'first'", log_attributes: "MAP {'user': 'u1'}" } },
      { time: T0 + 1n, service: 'cart', columns: { body: "'second'" } },
    ],
  });
  await lake.add({
    rows: [{ time: T0 + HOUR, service: 'checkout', columns: { body: "'third'" } }],
    without: ['body_type', 'flags'],
  });
  await lake.add({
    table: 'traces',
    rows: [{ time: T0, service: 'cart', columns: { duration_nano: '1500', span_name: "'GET /cart'" } }],
  });
  await lake.add({
    table: 'sum',
    rows: [
      { time: T0, service: 'cart', columns: { value: '1.5', start_time_unix_nano: String(T0 - SECOND) } },
    ],
  });
  await lake.add({
    organization: OTHER_ORG,
    rows: [{ time: T0, service: 'secret', columns: { body: "'theirs'" } }],
  });
  engine = lake.engine();
});
afterAll(() => lake.close());

const ask = async (sql: string, more: object = {}) =>
  rowsOf(await engine.query({ organization: ORG, sql, ...more }));

describe('the views', () => {
  it.each(TABLE_NAMES)('%s has exactly the columns of the lake, in order and type', async (table) => {
    const rows = await ask(`DESCRIBE ${table}`);
    expect(rows.map(([name, type]) => [name, type])).toEqual(
      TABLES[table].map(({ name, type }) => [name, type]),
    );
  });

  it('show the rows of every segment, and NULL where a file lacks a column', async () => {
    expect(await ask('SELECT body, body_type, flags FROM logs ORDER BY time_unix_nano')).toEqual([
      ['first', null, null],
      ['second', null, null],
      ['third', null, null],
    ]);
  });

  it('give times in UTC and derive columns from the stored ones', async () => {
    expect(
      await ask(`SELECT timestamp::VARCHAR, end_time_unix_nano, end_timestamp::VARCHAR FROM traces`),
    ).toEqual([['2024-01-01 00:00:00', T0 + 1500n, '2024-01-01 00:00:00.000001']]);
    expect(await ask('SELECT start_timestamp::VARCHAR, value FROM sum')).toEqual([
      ['2023-12-31 23:59:59', 1.5],
    ]);
  });

  it('are empty and typed where nothing was stored', async () => {
    const result = await engine.query({
      organization: ORG,
      sql: 'SELECT count, bucket_counts FROM histogram',
    });
    expect(result.columns.map(({ name, type }) => [name, type])).toEqual([
      ['count', 'BIGINT'],
      ['bucket_counts', 'BIGINT[]'],
    ]);
    expect(await rowsOf(result)).toEqual([]);
  });

  it('are listed by SHOW TABLES', async () => {
    expect((await ask('SHOW TABLES')).flat().sort()).toEqual([...TABLE_NAMES].sort());
  });

  it("hold the caller's organization only", async () => {
    expect(await ask('SELECT DISTINCT service_name FROM logs ORDER BY 1')).toEqual([['cart'], ['checkout']]);
    const theirs = await engine.query({ organization: OTHER_ORG, sql: 'SELECT body FROM logs' });
    expect(await rowsOf(theirs)).toEqual([['theirs']]);
  });
});

describe('start and end', () => {
  it.each([
    ['start is inclusive', { startNs: T0 + 1n }, ['second', 'third']],
    ['end is exclusive', { endNs: T0 + 1n }, ['first']],
    ['both, to the nanosecond', { startNs: T0 + 1n, endNs: T0 + 2n }, ['second']],
    ['nothing between equal bounds', { startNs: T0, endNs: T0 }, []],
    ['the largest time there is', { startNs: 0n, endNs: 2n ** 63n }, ['first', 'second', 'third']],
    ['a start after every time', { startNs: 2n ** 63n }, []],
  ])('%s', async (_name, bounds, bodies) => {
    expect((await ask('SELECT body FROM logs ORDER BY time_unix_nano', bounds)).flat()).toEqual(bodies);
  });
});

describe('rows and statistics', () => {
  it('cuts at the limit and says so', async () => {
    const cut = await engine.query({ organization: ORG, sql: 'FROM range(10)', limit: 4 });
    expect(cut.stats).toMatchObject({ truncated: true, rowsReturned: 4, limit: 4 });
    expect(await rowsOf(cut)).toEqual([[0n], [1n], [2n], [3n]]);
    const whole = await engine.query({ organization: ORG, sql: 'FROM range(4)', limit: 4 });
    expect(whole.stats).toMatchObject({ truncated: false, rowsReturned: 4 });
    await whole.close();
  });

  it('answers 10,000 rows when no limit is named', async () => {
    const result = await engine.query({ organization: ORG, sql: 'FROM range(10001)' });
    expect(result.stats).toMatchObject({ truncated: true, rowsReturned: 10_000 });
    expect(await rowsOf(result)).toHaveLength(10_000);
  });

  it('counts the segments and bytes that were read', async () => {
    const result = await engine.query({ organization: ORG, sql: 'SELECT count(*) FROM logs' });
    expect(result.stats.segments).toBe(2);
    expect(result.stats.bytes).toBeGreaterThan(1000);
    expect(result.stats.elapsedMs).toBeGreaterThan(0);
    await result.close();
  });

  it('keeps the order of the query', async () => {
    const rows = await ask('SELECT i FROM range(5000) t(i) ORDER BY i DESC', { limit: 5000 });
    expect(rows.flat()).toEqual(Array.from({ length: 5000 }, (_, i) => BigInt(4999 - i)));
  });

  it('numbers columns of the same name, so that none is lost', async () => {
    const result = await engine.query({ organization: ORG, sql: 'SELECT 1 AS a, 2 AS a' });
    expect(result.columns.map((column) => column.name)).toEqual(['a', 'a_1']);
    await result.close();
  });

  it.each([
    'SELECT 1 AS x;',
    'SELECT 1 AS x ; -- done; really',
    "SELECT 1 AS x -- it's open",
    'SELECT 1 AS x /* ; /* nested ; */ */ ;;',
    "SELECT length(';--') - 2 AS x",
    "SELECT length(E'\\';') - 1 AS x;",
    'SELECT 1 AS ";x" ; ',
    'SELECT length($$;$$) AS x;',
    "SELECT length($a$;'$a$) - 1 AS x; ",
    '(SELECT 1 AS x)',
    'VALUES (1)',
    'WITH t AS (SELECT 1 AS x) SELECT * FROM t ORDER BY x LIMIT 5',
    'FROM (SELECT 1 AS x)',
  ])('runs %s', async (sql) => {
    expect((await ask(sql)).map(([value]) => Number(value))).toEqual([1]);
  });
});

describe('what cannot be answered', () => {
  it.each([
    ['SELECT 1 +', 'BAD_QUERY', 10, /Parser Error: syntax error.*\n\nLINE 1: SELECT 1 \+\n {18}\^/],
    ['SELECT nope FROM logs', 'BAD_QUERY', 7, /Binder Error: Referenced column "nope" not found/],
    ["SELECT 'é', nope FROM logs", 'BAD_QUERY', 12, /nope/],
    ['SELECT 1\n  + x FROM logs', 'BAD_QUERY', 13, /LINE 2: {3}\+ x FROM logs\n {12}\^/],
    [
      'SELECT body::INT FROM logs',
      'BAD_QUERY',
      11,
      /Conversion Error: Could not convert string 'first' to INT32/,
    ],
    ['SELECT * FROM spans', 'BAD_QUERY', 14, /there is no table "spans"/],
    ['SELECT nofn(1)', 'BAD_QUERY', 7, /there is no function "nofn"/],
    ['SELECT $1', 'BAD_QUERY', undefined, /parameters are not supported/],
    ['', 'BAD_QUERY', undefined, /empty/],
    ['-- nothing', 'BAD_QUERY', undefined, /empty/],
    ['SELECT 1; SELECT 2', 'BAD_QUERY', undefined, /2 statements/],
    ['SELECT 1\0', 'BAD_QUERY', 8, /NUL/],
    ["SELECT error('mine')", 'BAD_QUERY', undefined, /mine/],
  ])('%j', async (sql, code, position, message) => {
    const failure = await ask(sql).then(
      () => undefined,
      (error) => error,
    );
    expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(failure.position).toBe(position);
  });
});

describe('segments that cannot be read', () => {
  it('fail the query with their key, and no path', async () => {
    const broken = await testLake();
    try {
      const good = await broken.add({ rows: [{ time: T0 }] });
      const gone = { ...good, key: good.key.replace('0.parquet', 'gone.parquet') };
      const asker = broken.engine();
      const query = () => asker.query({ organization: ORG, sql: 'SELECT count(*) FROM logs' });

      const whole = await broken.add({ rows: [{ time: T0, columns: { body: "repeat('x', 100)" } }] });
      writeFileSync(join(broken.root, whole.key), 'not a Parquet file');
      const failure = await query().catch((error) => error);
      expect(failure).toMatchObject({ code: 'SEGMENT_UNREADABLE', key: whole.key });
      expect(failure.message).toContain(whole.key);
      expect(failure.message).not.toContain(broken.root);

      broken.announce(gone);
      await expect(query()).rejects.toMatchObject({ code: 'SEGMENT_UNREADABLE', key: gone.key });
    } finally {
      await broken.close();
    }
  });
});
