import { describe, expect, it } from 'vitest';
import { translate } from '../index.ts';

const trino = (sql: string, limit = 9) => translate({ sql, engine: 'trino', limit });

/** What each piece of a SELECT over logs becomes; `L.x` stands for `"logs"."x"`. */
const EXPRESSIONS: readonly (readonly [duckdb: string, trino: string])[] = [
  ['body', 'L.body'],
  ['BODY', 'L.body'],
  ["log_attributes['http.route']", "element_at(L.log_attributes, 'http.route')"],
  ["'it''s \\n 100%'", "'it''s \\n 100%'"],
  ['1.5', '1.5'],
  ['1e6', '1E6'],
  ['-3', '(-3)'],
  ['9007199254740993', '9007199254740993'],
  ['true', 'TRUE'],
  ['severity_number + 1', '(L.severity_number + 1)'],
  ['severity_number / 2', '(CAST(L.severity_number AS double) / 2E0)'],
  ['flags / 1000.0', '(CAST(L.flags AS double) / 1000.0E0)'],
  ['flags // 2', '(L.flags / 2)'],
  ['flags // severity_number', '(L.flags / nullif(L.severity_number, 0))'],
  ['flags % 7', '(L.flags % 7)'],
  ['flags % 0', '(L.flags % nullif(0, 0))'],
  ['-flags', '(- L.flags)'],
  ["body || 'x'", "(L.body || 'x')"],
  ["body like 'a\\%b'", "(L.body LIKE 'a\\%b')"],
  ["body not ilike 'A%'", "(lower(L.body) NOT LIKE lower('A%'))"],
  ["body is null and not (body like 'x')", "((L.body IS NULL) AND (NOT (L.body LIKE 'x')))"],
  ['not (body is null or flags = 1)', '(NOT ((L.body IS NULL) OR (L.flags = 1)))'],
  ["severity_text in ('a', 'b')", "(L.severity_text IN ('a', 'b'))"],
  ['flags not in (1, 2)', '(L.flags NOT IN (1, 2))'],
  ['flags between 1 and 2', '((L.flags >= 1) AND (L.flags <= 2))'],
  ['flags > 1.5', '(L.flags > 1.5)'],
  ['body is distinct from event_name', '(L.body IS DISTINCT FROM L.event_name)'],
  ["case severity_number when 1 then 'a' end", "CASE WHEN (L.severity_number = 1) THEN 'a' ELSE NULL END"],
  ['case when true then flags else 1e0 end', 'CASE WHEN TRUE THEN CAST(L.flags AS double) ELSE 1E0 END'],
  ['coalesce(body, event_name)', 'coalesce(L.body, L.event_name)'],
  ["nullif(body, '')", "nullif(L.body, '')"],
  ['cast(flags as varchar)', 'CAST(L.flags AS varchar)'],
  ['body::bigint', 'CAST(L.body AS bigint)'],
  ["contains(body, 'x')", "(strpos(L.body, 'x') > 0)"],
  ["starts_with(body, 'x')", "starts_with(L.body, 'x')"],
  ["regexp_matches(body, '^a.*[0-9]+\\.\\d$')", "regexp_like(L.body, '\\Aa.*[0-9]+\\.[0-9]\\z')"],
  ["body similar to '(a|b)+?'", "regexp_like(L.body, '\\A(?:(a|b)+?)\\z')"],
  ['substr(body, 1, 20)', 'substr(L.body, 1, 20)'],
  ['greatest(flags, 1)', 'coalesce(greatest(L.flags, 1), L.flags, 1)'],
  ['abs(flags)', 'abs(L.flags)'],
  ['length(upper(body))', 'length(upper(L.body))'],
  ['timestamp', "CAST(L.timestamp AT TIME ZONE 'UTC' AS timestamp(6))"],
  [
    "date_trunc('hour', timestamp)",
    "date_trunc('hour', CAST(L.timestamp AT TIME ZONE 'UTC' AS timestamp(6)))",
  ],
  ['hour(timestamp)', "hour(CAST(L.timestamp AT TIME ZONE 'UTC' AS timestamp(6)))"],
  [
    'timestamp + interval 2 weeks',
    "(CAST(L.timestamp AT TIME ZONE 'UTC' AS timestamp(6)) + INTERVAL '14' DAY)",
  ],
  [
    'observed_timestamp',
    "CAST(from_unixtime_nanos((L.observed_time_unix_nano / 1000) * 1000) AT TIME ZONE 'UTC' AS timestamp(6))",
  ],
  ['count(*)', 'count(*)'],
  ['count(distinct body) filter (where flags = 1)', 'count(DISTINCT L.body) FILTER (WHERE (L.flags = 1))'],
  ['sum(flags)', 'sum(L.flags)'],
  ['avg(flags)', 'avg(L.flags)'],
  ['approx_count_distinct(body)', 'approx_distinct(L.body)'],
  ['approx_quantile(flags, 0.95)', 'approx_percentile(L.flags, 0.95E0)'],
  [
    "string_agg(body, ',' order by flags desc)",
    "listagg(L.body, ',') WITHIN GROUP (ORDER BY L.flags DESC NULLS LAST)",
  ],
  ['any_value(body)', 'arbitrary(L.body)'],
];

describe('a query for Trino', () => {
  it.each(EXPRESSIONS)('%s', async (duckdb, expected) => {
    const { sql } = await trino(`select ${duckdb} as x from logs`);
    const written = expected.replace(/\bL\.(\w+)/g, '"logs"."$1"');
    expect(sql).toBe(`SELECT ${written} AS "x" FROM "logs" LIMIT 10`);
  });

  it.each([
    [
      'select service_name, count(*) as n from logs group by 1 having n > 2 order by n desc, 1 limit 3 offset 1',
      'SELECT "logs"."service_name", count(*) AS "n" FROM "logs" GROUP BY 1 HAVING (count(*) > 2) ' +
        'ORDER BY 2 DESC NULLS LAST, 1 ASC NULLS LAST OFFSET 1 LIMIT 3',
    ],
    [
      "select body from logs l where l.timestamp >= '2026-01-02' and timestamp < now() - interval 1 hour order by flags nulls first",
      `SELECT "l"."body" FROM "logs" AS "l" WHERE (("l"."timestamp" >= TIMESTAMP '2026-01-02 00:00:00 UTC') AND ` +
        `("l"."timestamp" < ((current_timestamp AT TIME ZONE 'UTC') - INTERVAL '1' HOUR))) ORDER BY "l"."flags" ASC NULLS FIRST LIMIT 10`,
    ],
    [
      'with a as (select trace_id, max(flags) as m from logs group by trace_id) ' +
        'select t.span_name, a.m from traces t left join a on t.trace_id = a.trace_id where a.m in (select flags from logs)',
      'WITH "a" AS (SELECT "logs"."trace_id", max("logs"."flags") AS "m" FROM "logs" GROUP BY "logs"."trace_id") ' +
        'SELECT "t"."span_name", "a"."m" FROM "traces" AS "t" LEFT JOIN "a" ON ("t"."trace_id" = "a"."trace_id") ' +
        'WHERE ("a"."m" IN (SELECT "logs"."flags" FROM "logs")) LIMIT 10',
    ],
    [
      'select distinct s.b from (select body as b from logs order by 1 limit 5) s',
      'SELECT DISTINCT "s"."b" FROM (SELECT "logs"."body" AS "b" FROM "logs" ORDER BY 1 ASC NULLS LAST LIMIT 5) AS "s" LIMIT 10',
    ],
    [
      "select time_bucket(interval '5 minutes', timestamp) as t from sum",
      `SELECT date_add('second', - mod(mod(date_diff('second', TIMESTAMP '2000-01-03 00:00:00', date_trunc('second', ` +
        `CAST("sum"."timestamp" AT TIME ZONE 'UTC' AS timestamp(6)))), 300) + 300, 300), date_trunc('second', ` +
        `CAST("sum"."timestamp" AT TIME ZONE 'UTC' AS timestamp(6)))) AS "t" FROM "sum" LIMIT 10`,
    ],
    // NaN is the greatest number in DuckDB, and like no number in Trino.
    [
      'select max(value) from gauge where value > 5 and value <> 3 and value <= value_int',
      'SELECT CASE WHEN bool_or(is_nan("gauge"."value")) THEN nan() ELSE max(CASE WHEN NOT is_nan("gauge"."value") ' +
        'THEN "gauge"."value" END) END FROM "gauge" WHERE (("gauge"."value" > 5E0 OR is_nan("gauge"."value")) AND ' +
        '("gauge"."value" <> 3E0) AND ("gauge"."value" <= CAST("gauge"."value_int" AS double))) LIMIT 10',
    ],
  ])('%s', async (duckdb, expected) => {
    expect((await trino(duckdb)).sql).toBe(expected);
  });

  it('has the names, types and number of rows that DuckDB would answer', async () => {
    const { columns, limit } = await trino('select body, body, count(*) over_all from logs group by body', 5);
    expect(columns).toEqual([
      { name: 'body', type: 'VARCHAR' },
      { name: 'body_1', type: 'VARCHAR' },
      { name: 'over_all', type: 'BIGINT' },
    ]);
    expect(limit).toBe(5);
  });

  it('keeps every table within the bounds, which prune files by timestamp', async () => {
    const { sql } = await translate({
      sql: 'select body from logs',
      engine: 'trino',
      startNs: 1_767_312_000_123_456_789n,
      endNs: 1_767_312_001_000_000_000n,
      limit: 1,
    });
    expect(sql).toBe(
      `SELECT "logs"."body" FROM (SELECT * FROM "logs" WHERE "timestamp" >= TIMESTAMP '2026-01-02 00:00:00.123456 UTC' ` +
        `AND "time_unix_nano" >= 1767312000123456789 AND "timestamp" <= TIMESTAMP '2026-01-02 00:00:01.000000 UTC' ` +
        `AND "time_unix_nano" < 1767312001000000000) AS "logs" LIMIT 2`,
    );
  });

  it('answers maps and lists as JSON from Athena', async () => {
    const { sql } = await translate({ sql: 'select log_attributes from logs', engine: 'athena', limit: 1 });
    expect(sql).toBe(
      'SELECT json_format(CAST("logs"."log_attributes" AS json)) AS "log_attributes" FROM "logs" LIMIT 2',
    );
  });
});

describe('a query that Trino would answer in another way', () => {
  it.each([
    ['select row_number() over () from logs', 'a window function (OVER)', 7],
    ['select body from logs union all select body from logs', 'UNION, INTERSECT or EXCEPT', undefined],
    [
      'with recursive r as (select 1 as x union all select x + 1 from r where x < 3) select * from r',
      'WITH RECURSIVE',
      undefined,
    ],
    ['select body, count(*) from logs group by all', 'GROUP BY ALL', undefined],
    ['select body from logs order by all', 'ORDER BY ALL', undefined],
    ['select body from logs group by rollup (body)', 'GROUPING SETS, ROLLUP or CUBE', undefined],
    ['select distinct on (body) body, flags from logs', 'DISTINCT ON', undefined],
    ['select body from logs using sample 10', 'a sample', undefined],
    ['select * exclude (body) from logs', 'EXCLUDE, REPLACE, RENAME or COLUMNS(...)', 7],
    ["select columns('b.*') from logs", 'EXCLUDE, REPLACE, RENAME or COLUMNS(...)', 7],
    ['select try_cast(body as int) from logs', 'TRY_CAST(VARCHAR AS INTEGER)', 7],
    ['select cast(value as int) from gauge', 'CAST(DOUBLE AS INTEGER)', 7],
    ['select cast(value as varchar) from gauge', 'CAST(DOUBLE AS VARCHAR)', 7],
    ['select value, count(*) from gauge group by 1', 'GROUP BY of DOUBLE', 43],
    ['select count(distinct value) from gauge', 'DISTINCT count of DOUBLE', 7],
    ['select value is distinct from 1 from gauge', 'IS DISTINCT FROM of DOUBLE that may be NaN', undefined],
    ['select log_attributes from logs order by 1', 'ORDER BY of MAP(VARCHAR, VARCHAR)', undefined],
    ["select events->>'$[0].name' from traces", 'the function ->>', undefined],
    ["select regexp_matches(body, '(?i)a') from logs", '"(?i)a" in a regular expression', 7],
    ["select regexp_matches(body, '\\bx') from logs", '"\\\\bx" in a regular expression', 7],
    ['select regexp_matches(body, event_name) from logs', 'a regular expression that is no literal', 7],
    ['select quantile_cont(duration_nano, 0.95) from traces', 'the function quantile_cont', 7],
    ['select substr(body, -3) from logs', 'substr with other than literal places', 7],
    ['select string_agg(body) from logs', 'string_agg without ORDER BY', 7],
    ['select arg_max(body, flags) from logs', 'the function arg_max', 7],
    ['select flags * 1.5 from logs', '* of BIGINT and DECIMAL', undefined],
    ["select timestamp from logs where timestamp > '2 Jan 2026'", undefined, undefined],
    ["select timestamp from logs where timestamp > '2026-01-02T00:00:00+02:00'", 'the time', undefined],
    ['select timestamp - timestamp from logs', '- of TIMESTAMP', undefined],
    ['select time_bucket(interval 1 month, timestamp) from logs', 'time_bucket with other than', 7],
    [
      'select lower(body) as body from logs order by body',
      'the name body, which a column and an alias have',
      46,
    ],
    ['select * from (select body from logs order by 1)', 'ORDER BY in a subquery without LIMIT', undefined],
    ['select * from logs natural join traces', 'a join of the kind NATURAL', undefined],
    ['select l.body from logs l join traces t using (trace_id)', 'a join of the kind USING', undefined],
    [
      'select (select t.span_name from traces t where t.trace_id = l.trace_id) from logs l',
      'l.trace_id, which is no column',
      60,
    ],
    ['select * from (values (1)) t(x)', 'a table with names for its columns', undefined],
    ['describe logs', 'DESCRIBE, SHOW or SUMMARIZE', undefined],
    ['select [1, 2] from logs', 'list_value', undefined],
    ["select concat(body, 'x') from logs", 'the function concat', 7],
    ['select body from logs where flags', 'a condition of type BIGINT', 28],
    ["select flags > '3' from logs", 'a comparison of BIGINT and VARCHAR', undefined],
  ])('%s', async (sql, what, position) => {
    const error = await trino(sql).then(
      (translation) => expect.fail(`became ${translation.sql}`),
      (reason: unknown) => reason as { code: string; message: string; hint?: string; position?: number },
    );
    expect(error).toMatchObject({ code: 'BAD_QUERY' });
    if (what !== undefined) {
      expect(error.message).toContain(what);
      expect(error.message).toContain('no exact counterpart');
      expect(error.hint).toBeTruthy();
    }
    if (position !== undefined) expect(error.position).toBe(position);
  });

  it.each([
    ['select bdy from logs', 'BAD_QUERY', /"bdy" not found/],
    ['select body from lgos', 'BAD_QUERY', /no table "lgos"/],
    ["select * from read_csv('/etc/passwd')", 'FORBIDDEN', /may not be used/],
    ['drop table logs', 'FORBIDDEN', /only queries/],
    ['select 1; select 2', 'BAD_QUERY', /2 statements/],
  ])('%s is refused as the query API does it', async (sql, code, message) => {
    await expect(trino(sql)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it.each([[0], [100_001]])('refuses a limit of %s rows', async (limit) => {
    await expect(trino('select body from logs', limit)).rejects.toThrow(/limit/);
  });
});
