import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  HOUR,
  ORG,
  OTHER_ORG,
  type Row,
  rowsOf,
  SECOND,
  T0,
  type TestLake,
  testLake,
} from '../../test/lake.ts';
import { type TestWorkers, testWorkers } from '../../test/workers.ts';
import type { SqlEngine } from '../sql/engine.ts';

let lake: TestLake;
let alone: SqlEngine;
let spread: TestWorkers;

const SERVICES = ['cart', 'checkout', 'email', "o'brien"];

/** Rows with every kind of value, NULL among them, by a small generator of its own. */
function row(n: number): Row {
  const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
  const service = SERVICES[n % SERVICES.length];
  return {
    time: T0 + BigInt(n) * 97n * SECOND + BigInt(n % 1000),
    service: service.replaceAll("'", "''"),
    columns: {
      body: n % 7 === 0 ? 'NULL' : text(`request ${n % 13} took ${n * 31} ms; it's 100%_done`),
      severity_number: n % 5 === 0 ? 'NULL' : String((n * 7) % 25),
      severity_text: n % 3 === 0 ? 'NULL' : text(['INFO', 'ERROR', 'info', 'é'][n % 4]),
      trace_id: text(
        String(n % 11)
          .repeat(32)
          .slice(0, 32),
      ),
      flags: String(2n ** 53n + BigInt(n % 4)),
      observed_time_unix_nano: n % 4 === 0 ? 'NULL' : String(T0 + BigInt(n)),
      log_attributes: n % 6 === 0 ? 'NULL' : `MAP {'route': '/r/${n % 9}', 'n''x': '${n % 3}'}`,
    },
  };
}

beforeAll(async () => {
  lake = await testLake();
  for (let segment = 0; segment < 12; segment++) {
    await lake.add({
      rows: Array.from({ length: 30 }, (_, i) => row(segment * 30 + i)),
      without: segment % 4 === 3 ? ['severity_text', 'body_type'] : [],
    });
  }
  for (let segment = 0; segment < 3; segment++) {
    await lake.add({
      table: 'traces',
      rows: Array.from({ length: 20 }, (_, i) => ({
        time: T0 + BigInt(i) * HOUR,
        service: SERVICES[i % 3],
        columns: {
          trace_id: `'${String(i % 11)
            .repeat(32)
            .slice(0, 32)}'`,
          span_name: `'op ${i % 4}'`,
          duration_nano: String(i * 1000 + segment),
        },
      })),
    });
  }
  await lake.add({
    table: 'gauge',
    rows: [0.1, 0.2, 0.30000000000000004, Number.MAX_VALUE].map((value, i) => ({
      time: T0 + BigInt(i),
      service: 'cart',
      columns: { value: String(value), metric_name: "'cpu'" },
    })),
  });
  await lake.add({ organization: OTHER_ORG, rows: [{ time: T0, service: 'theirs' }] });
  alone = lake.engine();
  spread = await testWorkers(lake, { limits: { maxUnitSegments: 4 } });
});
afterAll(async () => {
  await spread.close();
  await lake.close();
});

type Outcome =
  | { columns: unknown; rows: unknown[][]; truncated: boolean }
  | { code: string; message: string; position?: number };

async function outcome(engine: SqlEngine, sql: string, more: object = {}): Promise<Outcome> {
  try {
    const result = await engine.query({ organization: ORG, sql, ...more });
    const columns = result.columns.map(({ name, type }) => [name, type]);
    return { columns, rows: await rowsOf(result), truncated: result.stats.truncated };
  } catch (error) {
    const { code, message, position } = error as { code: string; message: string; position?: number };
    return { code, message, position };
  }
}

const same = async (sql: string, more: object = {}) => {
  const [here, there] = [await outcome(alone, sql, more), await outcome(spread.engine, sql, more)];
  // Which row it is that cannot be converted is a matter of which thread is first.
  const isConversion = 'message' in here && here.message.startsWith('Conversion Error');
  const told = isConversion ? { code: here.code, position: here.position } : here;
  expect(there, sql).toMatchObject(told);
  if (!isConversion) expect(there, sql).toEqual(here);
  return here;
};

describe('workers answer as one process does', () => {
  it.each([
    'SELECT count(*) FROM logs',
    'SELECT count(*) AS n, 1 AS one FROM logs',
    'SELECT service_name, count(*) AS n FROM logs GROUP BY 1 ORDER BY 1',
    'SELECT service_name, severity_text, count(*), count(severity_text) FROM logs GROUP BY ALL ORDER BY ALL',
    'SELECT count(DISTINCT service_name), min(severity_text), max(severity_number) FROM logs',
    "SELECT count(*) FROM logs WHERE body LIKE '%took 31 %'",
    "SELECT count(*) FROM logs WHERE body NOT LIKE '%100\\%%'",
    "SELECT count(*) FROM logs WHERE body ILIKE 'REQUEST 1%'",
    'SELECT count(*) FROM logs WHERE body IS NULL',
    'SELECT count(*) FROM logs WHERE body IS NOT NULL AND severity_number >= 17',
    'SELECT count(*) FROM logs WHERE 17 <= severity_number AND severity_number <> 20',
    'SELECT count(*) FROM logs WHERE severity_number IN (1, 7, 14)',
    'SELECT count(*) FROM logs WHERE severity_number IN (1, NULL)',
    "SELECT count(*) FROM logs WHERE severity_number = '7'",
    'SELECT count(*) FROM logs WHERE severity_number = 7.0',
    'SELECT count(*) FROM logs WHERE severity_number > -1',
    `SELECT count(*) FROM logs WHERE flags = ${2n ** 53n + 1n}`,
    'SELECT count(*) FROM logs WHERE flags > 99999999999999999999',
    "SELECT count(*) FROM logs WHERE service_name = 'o''brien'",
    "SELECT count(*) FROM logs WHERE log_attributes['route'] = '/r/3'",
    "SELECT count(*) FROM logs WHERE log_attributes['n''x'] IN ('1', '2')",
    "SELECT count(*) FROM logs WHERE log_attributes['route'] IS NULL",
    "SELECT count(*) FROM logs WHERE log_attributes['none'] IS NULL",
    'SELECT count(*) FROM logs WHERE log_attributes IS NOT NULL',
    "SELECT log_attributes['route'] AS route, count(*) FROM logs GROUP BY 1 ORDER BY 2 DESC, 1",
    "SELECT log_attributes['route'], log_attributes['none'], count(*) FROM logs GROUP BY ALL ORDER BY ALL",
    "SELECT l.log_attributes['route'] AS r, log_attributes['ROUTE'] AS s FROM logs l ORDER BY time_unix_nano",
    "SELECT log_attributes['route'], map_keys(log_attributes) FROM logs ORDER BY time_unix_nano",
    "SELECT log_attributes[''] FROM logs ORDER BY time_unix_nano LIMIT 1",
    "SELECT body['x'] FROM logs",
    "SELECT log_attributes['route'][2], log_attributes['route'][1:2] FROM logs ORDER BY time_unix_nano LIMIT 3",
    "SELECT typeof(log_attributes['route']) FROM logs LIMIT 1",
    "SELECT count(*) FROM logs GROUP BY log_attributes['route'] HAVING log_attributes['route'] > '/r/5' ORDER BY 1",
    "SELECT t.log_attributes['route'] FROM (SELECT log_attributes, time_unix_nano FROM logs) t ORDER BY t.time_unix_nano LIMIT 4",
    'SELECT * FROM logs ORDER BY time_unix_nano',
    'FROM logs ORDER BY time_unix_nano LIMIT 7 OFFSET 5',
    'SELECT timestamp, body FROM logs ORDER BY time_unix_nano DESC LIMIT 9',
    'SELECT time_unix_nano, severity_text FROM logs ORDER BY severity_text NULLS FIRST, time_unix_nano LIMIT 20',
    'SELECT time_unix_nano, severity_text FROM logs ORDER BY severity_text DESC, time_unix_nano LIMIT 500',
    "SELECT time_unix_nano AS body FROM logs WHERE service_name = 'cart' ORDER BY body LIMIT 3",
    'SELECT DISTINCT severity_number FROM logs ORDER BY 1 LIMIT 3',
    'SELECT upper(body) FROM logs ORDER BY time_unix_nano LIMIT 3',
    'SELECT unnest([1, 2]) AS x, time_unix_nano FROM logs ORDER BY ALL LIMIT 5',
    'SELECT row_number() OVER (ORDER BY time_unix_nano) AS r, flags FROM logs ORDER BY r LIMIT 5',
    'SELECT count(*) FROM (FROM logs LIMIT 10)',
    'SELECT observed_timestamp, observed_time_unix_nano FROM logs ORDER BY ALL',
    'SELECT end_timestamp, duration_nano FROM traces ORDER BY ALL',
    'SELECT sum(duration_nano), avg(duration_nano) FROM traces',
    'SELECT * EXCLUDE (resource_attributes) FROM traces ORDER BY time_unix_nano, duration_nano',
    "SELECT COLUMNS('.*_id') FROM traces ORDER BY ALL",
    'SELECT to_json(l) FROM logs l ORDER BY l.time_unix_nano LIMIT 2',
    'SELECT logs FROM logs ORDER BY time_unix_nano LIMIT 2',
    'SELECT logs.body FROM logs ORDER BY logs.time_unix_nano LIMIT 2',
    'SELECT l.* FROM logs l ORDER BY time_unix_nano LIMIT 2',
    'SELECT count(*) FROM logs NATURAL JOIN traces',
    'SELECT span_name, count(*) FROM logs JOIN traces USING (trace_id) GROUP BY 1 ORDER BY 1',
    "SELECT l.body, t.span_name FROM logs l LEFT JOIN traces t ON l.trace_id = t.trace_id AND t.span_name = 'op 1' WHERE l.severity_number = 14 ORDER BY ALL",
    "SELECT count(*) FROM logs l FULL JOIN traces t ON l.trace_id = t.trace_id WHERE t.span_name = 'op 1'",
    'SELECT count(*) FROM traces t LEFT JOIN logs l ON l.trace_id = t.trace_id WHERE l.body IS NULL',
    "SELECT (SELECT count(*) FROM logs WHERE service_name = 'cart') AS a, (SELECT count(*) FROM logs) AS b",
    "SELECT count(*) FROM logs WHERE service_name = 'cart' UNION ALL SELECT count(*) FROM logs WHERE body IS NULL",
    "WITH logs AS (FROM logs WHERE service_name = 'email') SELECT count(*), max(body) FROM logs",
    'WITH t AS (SELECT body, flags AS f FROM logs) SELECT * FROM t ORDER BY ALL LIMIT 4',
    'SELECT a FROM logs AS l(a) ORDER BY ALL LIMIT 3',
    'SELECT #3 FROM logs ORDER BY 1 LIMIT 3',
    'SELECT count(*) FILTER (WHERE severity_number > 10) FROM logs',
    'SELECT time_bucket(INTERVAL 1 HOUR, timestamp) AS h, count(*) FROM logs WHERE severity_number >= 9 GROUP BY 1 ORDER BY 1',
    "SELECT count(*) FROM logs WHERE timestamp >= '2024-01-01 02:00:00' AND timestamp < '2024-01-01 05:30:00'",
    'SELECT quantile_cont(duration_nano, [0.5, 0.9]) FROM traces',
    'SELECT sum(value), value FROM gauge GROUP BY value ORDER BY value',
    'SELECT max(value) FROM gauge WHERE value < 0.3',
    'DESCRIBE logs',
    'SHOW TABLES',
    'SELECT column_name, min, max, count FROM (SUMMARIZE SELECT service_name, flags FROM logs)',
    "FROM (PIVOT logs ON service_name IN ('cart', 'email') USING count(*) GROUP BY severity_text) ORDER BY ALL",
    'SELECT count(*) FROM histogram',
    'SELECT count, bucket_counts FROM histogram',
    'SELECT 1',
    // What is refused is refused alike.
    'SELECT nope FROM logs',
    'SELECT body FROM logs WHERE service_nam = 1',
    'SELECT body + 1 FROM logs',
    'SELECT body::INT FROM logs WHERE body IS NOT NULL ORDER BY time_unix_nano LIMIT 1',
    "SELECT * FROM 'x.parquet'",
    'SELECT l.body FROM logs m',
  ])('%s', async (sql) => {
    await same(sql);
  });

  it('within start and end, and cut at the limit', async () => {
    const bounds = { startNs: T0 + HOUR, endNs: T0 + 5n * HOUR };
    expect(await same('SELECT count(*) FROM logs', bounds)).not.toMatchObject({ rows: [[0n]] });
    await same('SELECT time_unix_nano FROM logs ORDER BY 1', { ...bounds, limit: 3 });
    const cut = await outcome(spread.engine, 'FROM logs', { limit: 5 });
    expect(cut).toMatchObject({ truncated: true, rows: { length: 5 } });
  });
});

const column = fc.constantFrom(
  'body',
  'severity_text',
  'service_name',
  'severity_number',
  'flags',
  "log_attributes['route']",
);
const constant = fc.constantFrom(
  "'cart'",
  "'INFO'",
  "'%1%'",
  "'/r/3'",
  '14',
  '0',
  '-3',
  '7.5',
  'NULL',
  String(2n ** 53n + 1n),
);
const term = fc.oneof(
  fc
    .tuple(
      column,
      fc.constantFrom('=', '<>', '<', '<=', '>', '>=', 'LIKE', 'NOT LIKE', 'ILIKE', 'IS DISTINCT FROM'),
      constant,
    )
    .map((parts) => parts.join(' ')),
  fc.tuple(constant, fc.constantFrom('=', '<', '>='), column).map((parts) => parts.join(' ')),
  fc
    .tuple(column, fc.array(constant, { minLength: 1, maxLength: 3 }))
    .map(([c, v]) => `${c} IN (${v.join(', ')})`),
  fc.tuple(column, fc.constantFrom('IS NULL', 'IS NOT NULL')).map((parts) => parts.join(' ')),
);
const where = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 2 }, term, tie('and'), tie('or'), tie('not')),
  and: fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a} AND ${b})`),
  or: fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a} OR ${b})`),
  not: tie('any').map((a) => `NOT (${a})`),
})).any as fc.Arbitrary<string>;
const select = fc.constantFrom(
  (w: string) => `SELECT count(*) FROM logs WHERE ${w}`,
  (w: string) =>
    `SELECT service_name, severity_text, count(*) FROM logs WHERE ${w} GROUP BY ALL ORDER BY ALL`,
  (w: string) => `SELECT time_unix_nano, body FROM logs WHERE ${w} ORDER BY time_unix_nano DESC LIMIT 6`,
  (w: string) =>
    `SELECT max(b.flags), count(*) FROM logs JOIN logs b USING (stream_id, time_unix_nano) WHERE ${w.replaceAll(/\b(body|severity_text|service_name|severity_number|flags|log_attributes)\b/g, 'b.$1')}`,
);

it('whatever the conditions', async () => {
  await fc.assert(
    fc.asyncProperty(select, where, async (make, condition) => {
      await same(make(condition));
    }),
    { numRuns: 30 },
  );
}, 120_000);
