import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { storedColumns, TABLES } from '@lakewright/lake';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toJson } from '../http/values.ts';
import { translate } from '../index.ts';
import { sqlName } from '../sql/text.ts';

/**
 * What a query means and what its translation means, both asked of DuckDB over the same rows: with integer division,
 * and macros for functions of Trino, it answers what is common to both dialects as Trino does.
 */
const MACROS = [
  'element_at(m, k) AS m[k]',
  'is_nan(x) AS isnan(x)',
  'is_finite(x) AS isfinite(x)',
  "nan() AS 'nan'::DOUBLE",
  "date_add(u, n, t) AS t + to_seconds(CASE u WHEN 'second' THEN n END)",
  'regexp_like(a, b) AS regexp_matches(a, b)',
  'arbitrary(x) AS any_value(x)',
  'from_unixtime_nanos(n) AS make_timestamp(n / 1000)::TIMESTAMPTZ',
];

let instance: DuckDBInstance;
let ours: DuckDBConnection;
let theirs: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  ours = await instance.connect();
  theirs = await instance.connect();
  for (const connection of [ours, theirs]) await connection.run("SET TimeZone = 'UTC'");
  await theirs.run('SET SESSION integer_division = true');
  await theirs.run('CREATE SCHEMA trino');
  await theirs.run("SET SESSION schema = 'trino'");
  for (const macro of MACROS) await theirs.run(`CREATE MACRO ${macro}`);
  await fillLogs();
  await fillGauge();
}, 60_000);
afterAll(() => {
  ours.closeSync();
  theirs.closeSync();
  instance.closeSync();
});

async function table(name: 'logs' | 'gauge', rows: string): Promise<void> {
  const columns = storedColumns(name).map(
    (column) => `${sqlName(column.name)} ${column.type === 'TIMESTAMP' ? 'TIMESTAMPTZ' : column.type}`,
  );
  await theirs.run(`CREATE TABLE trino.${name} (${columns.join(', ')})`);
  await theirs.run(`INSERT INTO trino.${name} BY NAME ${rows}`);
  const shown = TABLES[name].map((column) => {
    const stored =
      column.type === 'TIMESTAMP'
        ? `make_timestamp(epoch_us(${sqlName(column.name)}))`
        : sqlName(column.name);
    return `${column.derived ?? stored} AS ${sqlName(column.name)}`;
  });
  await ours.run(`CREATE VIEW main.${name} AS SELECT ${shown.join(', ')} FROM trino.${name}`);
}

const fillLogs = () =>
  table(
    'logs',
    `SELECT 1767312000000000000 + i * 7777777777 AS time_unix_nano,
       to_timestamp(time_unix_nano / 1e9) AS timestamp,
       CASE WHEN i % 3 > 0 THEN 1767312000000000000 + i * 7777777777 + 999 END AS observed_time_unix_nano,
       ['cart', 'Shop', 'pay'][1 + i % 3] AS service_name,
       CASE WHEN i % 5 > 0 THEN 'body ' || i END AS body,
       CASE WHEN i % 4 > 0 THEN ['INFO', 'warn', 'x_y%'][1 + i % 3] END AS severity_text,
       (i % 7)::INTEGER AS severity_number,
       i * i - 20 AS flags,
       CASE WHEN i % 2 = 0 THEN MAP {'code': (200 + i)::VARCHAR, 'k': 'v'} ELSE MAP {} END AS log_attributes
     FROM range(40) t(i)`,
  );

const fillGauge = () =>
  table(
    'gauge',
    `SELECT 1767312000000000000 + i AS time_unix_nano, to_timestamp(1767312000) AS timestamp,
       'm' || (i % 3) AS metric_name, i::BIGINT - 5 AS value_int,
       CASE i % 6 WHEN 0 THEN NULL WHEN 1 THEN 'nan'::DOUBLE WHEN 2 THEN 'inf'::DOUBLE ELSE (i - 9) * 1.255 END AS value
     FROM range(24) t(i)`,
  );

const rowsOf = async (connection: DuckDBConnection, sql: string) =>
  (await connection.runAndReadAll(sql)).getRows().map((row) => row.map(toJson));

async function same(sql: string, order = false): Promise<unknown[]> {
  const translation = await translate({ sql, engine: 'trino', limit: 1000 });
  const [expected, found] = [await rowsOf(ours, sql), await rowsOf(theirs, translation.sql)];
  const sorted = (rows: unknown[][]) => (order ? rows : rows.map((row) => JSON.stringify(row)).sort());
  expect(sorted(found), translation.sql).toEqual(sorted(expected));
  return expected;
}

describe('a translation means what the query means', () => {
  it.each([
    'select timestamp, observed_timestamp, body, log_attributes from logs',
    "select log_attributes['code'] as c, count(*) from logs group by c",
    'select severity_number // 2 as a, flags % 3, avg(flags / 4), count(*) as n from logs group by 1, 2',
    "select time_bucket(interval '90 seconds', timestamp) as b, count(*) from logs group by b",
    "select time_bucket(interval '2 weeks', timestamp - interval '20 years') as b, count(*) from logs group by b",
    "select date_trunc('minute', timestamp) as m, min(body), max(flags), avg(flags) from logs group by 1 having count(*) > 3",
    "select body from logs where timestamp >= '2026-01-02 00:01:00' and timestamp < '2026-01-02T00:03:00Z'",
    "select body from logs where observed_timestamp between '2026-01-02 00:01' and timestamp '2026-01-02 00:02'",
    "select body from logs where severity_text like '%\\_y%' or severity_text ilike 'IN%' or severity_text = 'x_y%'",
    "select body, case when flags > 100 then 'big' when flags < 0 then 'small' end from logs where body is not null",
    'select greatest(flags, severity_number, 3), least(flags, null), coalesce(body, service_name) from logs',
    'select metric_name, max(value), min(value), count(value), count(*) filter (where value > 2) from gauge group by 1',
    'select value, value > 1, value >= 1, value < 1, value <= value_int, value = value, value <> value_int from gauge',
    'select round(value, 2), round(value), round(value_int / 3, 1), floor(value), abs(value), cast(round(value_int / 3) as bigint) from gauge',
    'select value_int // 0, value_int % 0, value_int // 2, value_int % 3, -value_int from gauge',
    'with a as (select service_name as s, max(flags) as m from logs group by 1), b as (select * from a where m > 5) ' +
      'select l.body, b.m from logs l left join b on l.service_name = b.s and l.flags > 10',
    'select body from logs where flags in (select value_int from gauge) and exists (select 1 from gauge) and ' +
      'flags < (select max(value_int) from gauge)',
    'select distinct service_name, severity_text is null from logs',
    'select sum(x) from (select flags as x from logs order by flags desc, body limit 7) t',
    "select substr(body, 2, 4), length(body), upper(service_name), body || '!' , contains(body, '1'), regexp_matches(body, '^body \\d$') from logs",
    'select max(timestamp), min(observed_timestamp), any_value(1) from logs',
    "select cast(log_attributes['code'] as bigint) + 1, cast(log_attributes['code'] as double) from logs",
  ])('%s', async (sql) => {
    expect((await same(sql)).length).toBeGreaterThan(0);
  });

  it.each([
    'select service_name, body from logs order by body desc, service_name, flags',
    'select service_name, count(*) as n from logs group by 1 order by n desc, service_name limit 2 offset 1',
    'select severity_text as t, flags from logs order by t nulls first, 2 desc',
    'select value, time_unix_nano from gauge order by value desc, time_unix_nano',
    'select body from logs order by flags % 5, length(body), body',
  ])('in this order: %s', async (sql) => {
    await same(sql, true);
  });
});

describe('whatever is put together from what is bridged', () => {
  const number: fc.Arbitrary<string> = fc.letrec<{ number: string; leaf: string }>((tie) => ({
    leaf: fc.oneof(
      fc.constantFrom('flags', 'severity_number', 'L.flags'),
      fc.integer({ min: -9, max: 99 }).map(String),
    ),
    number: fc.oneof(
      { depthSize: 'small' },
      tie('leaf'),
      fc
        .tuple(tie('number'), fc.constantFrom('+', '-', '//', '%'), tie('number'))
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      tie('number').map((a) => `abs(${a})`),
      fc
        .tuple(tie('number'), tie('number'))
        .map(([a, b]) => `coalesce(nullif(${a}, ${b}), greatest(${a}, ${b}))`),
    ),
  })).number;
  const text = fc.oneof(
    fc.constantFrom('body', 'service_name', "log_attributes['k']", 'severity_text'),
    fc
      .string({ maxLength: 5 })
      .filter((s) => !s.includes('\0'))
      .map((s) => `'${s.replaceAll("'", "''")}'`),
  );
  const condition: fc.Arbitrary<string> = fc.letrec<{ condition: string }>((tie) => ({
    condition: fc.oneof(
      { depthSize: 'small' },
      fc.tuple(number, fc.constantFrom('=', '<>', '<', '>='), number).map(([a, op, b]) => `${a} ${op} ${b}`),
      fc
        .tuple(text, fc.constantFrom('=', '<', 'like', 'not ilike', 'is distinct from'), text)
        .map(([a, op, b]) => `${a} ${op} ${b}`),
      fc.tuple(number, number, number).map(([a, b, c]) => `${a} not between ${b} and ${c}`),
      fc
        .tuple(text, fc.array(text, { minLength: 1, maxLength: 3 }))
        .map(([a, list]) => `${a} not in (${list.join(', ')})`),
      text.map((a) => `${a} is null`),
      fc
        .tuple(tie('condition'), fc.constantFrom('and', 'or'), tie('condition'))
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      tie('condition').map((a) => `not (${a})`),
    ),
  })).condition;

  it('means the same', async () => {
    await fc.assert(
      fc.asyncProperty(condition, number, text, async (where, by, shown) => {
        await same(
          `select ${by} as n, ${shown} as t, count(*) as c from logs as L where ${where} group by 1, 2`,
        );
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});
