import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR, ORG, rowsOf, SECOND, T0, type TestLake, testLake } from '../../test/lake.ts';
import type { SqlEngine } from './engine.ts';

let lake: TestLake;
let engine: SqlEngine;

/** Segments 0 to 3 of logs: one service and one hour each, two rows, the second one half an hour later. */
const SERVICES = ['cart', 'checkout', 'email', 'cart'];

beforeAll(async () => {
  lake = await testLake();
  for (const [i, service] of SERVICES.entries()) {
    const time = T0 + BigInt(i) * HOUR;
    await lake.add({
      rows: [
        { time, service },
        { time: time + HOUR / 2n, service },
      ],
    });
  }
  await lake.add({ table: 'traces', rows: [{ time: T0, service: 'cart' }] });
  engine = lake.engine();
});
afterAll(() => lake.close());

const segmentsOf = async (sql: string, more: object = {}) => {
  const result = await engine.query({ organization: ORG, sql, ...more });
  await result.close();
  return result.stats.segments;
};

describe('segments that a query reads', () => {
  it.each([
    ['FROM logs', 4],
    ['SELECT 1', 0],
    ["FROM logs WHERE service_name = 'cart'", 2],
    ["FROM logs WHERE 'cart' = service_name", 2],
    ["FROM logs WHERE SERVICE_NAME = 'cart' AND body IS NULL", 2],
    ["FROM logs l WHERE l.service_name = 'email'", 1],
    ["FROM logs WHERE logs.service_name = 'email'", 1],
    ["FROM logs WHERE service_name IN ('email', 'checkout')", 2],
    ["FROM logs WHERE service_name = 'email' OR service_name = 'checkout'", 2],
    ["FROM logs WHERE service_name IN ('email', 'cart') AND service_name = 'email'", 1],
    ["FROM logs WHERE service_name = 'nobody'", 0],
    [`FROM logs WHERE time_unix_nano >= ${T0 + 2n * HOUR}`, 2],
    [`FROM logs WHERE time_unix_nano < ${T0 + HOUR}`, 1],
    [`FROM logs WHERE time_unix_nano <= ${T0 + HOUR}`, 2],
    [`FROM logs WHERE ${T0 + 3n * HOUR} <= time_unix_nano`, 1],
    [`FROM logs WHERE time_unix_nano = ${T0 + 2n * HOUR}`, 1],
    [`FROM logs WHERE time_unix_nano BETWEEN ${T0} AND ${T0 + HOUR}`, 2],
    [`FROM logs WHERE time_unix_nano > ${T0} + 3600 * 1000`, 4],
    ["FROM logs WHERE timestamp >= '2024-01-01 02:00:00'", 2],
    ["FROM logs WHERE timestamp >= TIMESTAMP '2024-01-01 02:00:00'", 2],
    ["FROM logs WHERE timestamp >= TIMESTAMPTZ '2024-01-01 04:00:00+02'", 2],
    ["FROM logs WHERE timestamp < '2024-01-01 00:30:00'::TIMESTAMP + INTERVAL 20 MINUTES", 1],
    ["FROM logs WHERE timestamp >= DATE '2024-01-02'", 0],
    ["FROM logs WHERE timestamp BETWEEN '2024-01-01 01:00' AND '2024-01-01 01:45'", 1],
    ['FROM logs WHERE timestamp > now() - INTERVAL 1 HOUR', 0],
    ['FROM logs WHERE timestamp > current_timestamp - INTERVAL 1 HOUR', 0],
    ["FROM logs WHERE timestamp > date_trunc('day', now())", 0],
    ["SELECT count(*) FROM logs WHERE service_name = 'cart' GROUP BY service_name HAVING count(*) > 1", 2],
    ["SELECT (SELECT count(*) FROM logs WHERE service_name = 'email')", 1],
    ["WITH t AS (FROM logs WHERE service_name = 'email') SELECT * FROM t", 1],
    [
      "WITH logs AS (FROM logs WHERE service_name = 'email') SELECT * FROM logs WHERE service_name = 'cart'",
      1,
    ],
    // Several references: what any of them needs.
    [
      "SELECT * FROM logs WHERE service_name = 'email' UNION ALL SELECT * FROM logs WHERE service_name = 'checkout'",
      2,
    ],
    ["SELECT * FROM logs WHERE service_name = 'email' UNION ALL SELECT * FROM logs", 4],
    [
      `SELECT a.body FROM logs a JOIN logs b USING (stream_id) WHERE a.time_unix_nano < ${T0 + HOUR} AND b.time_unix_nano < ${T0 + 2n * HOUR}`,
      2,
    ],
    ["SELECT l.body FROM logs l JOIN traces t USING (trace_id) WHERE l.service_name = 'email'", 2],
    [
      "SELECT l.body FROM traces t LEFT JOIN logs l ON l.trace_id = t.trace_id WHERE l.service_name = 'email'",
      2,
    ],
    // No conclusion where none is certain.
    ["FROM logs WHERE NOT service_name = 'cart'", 4],
    ["FROM logs WHERE service_name <> 'cart'", 4],
    ["FROM logs WHERE service_name = 'cart' OR body = 'x'", 4],
    ["FROM logs WHERE service_name = 'cart' OR time_unix_nano < 0", 4],
    ["FROM logs WHERE lower(service_name) = 'cart'", 4],
    ['FROM logs WHERE service_name = service_namespace', 4],
    ["FROM logs WHERE service_name LIKE 'cart%'", 4],
    ["FROM logs WHERE coalesce(service_name = 'cart', true)", 4],
    ["FROM logs WHERE (service_name = 'cart') IS NOT TRUE", 4],
    ["SELECT 'cart' AS service_name FROM logs WHERE service_name = 'cart'", 4],
    ["FROM logs AS l(a, b, c, d, e, f, service_name) WHERE service_name = 'cart'", 4],
    ["FROM logs TABLESAMPLE 3 ROWS WHERE service_name = 'cart'", 4],
    [
      "SELECT l.body FROM traces t ASOF JOIN logs l ON t.timestamp >= l.timestamp WHERE l.service_name = 'email'",
      5,
    ],
    ["SELECT 1 FROM logs l JOIN range(1) r(x) ON true WHERE service_name = 'cart'", 4],
    ["SELECT * FROM (FROM logs) WHERE service_name = 'cart'", 4],
    ['FROM logs WHERE timestamp < now()', 4],
    ["FROM logs WHERE timestamp > '2100-01-01'::TIMESTAMP - (now() - '2000-01-01'::TIMESTAMPTZ)", 4],
    ['FROM logs WHERE time_unix_nano > random()', 4],
    ["SELECT count(*) FILTER (WHERE service_name = 'cart') FROM logs", 4],
    ["SELECT * FROM logs QUALIFY service_name = 'cart' AND row_number() OVER () > 0", 4],
    [
      "SELECT b.body FROM traces a LEFT JOIN logs b ON a.trace_id = b.trace_id AND b.service_name = 'cart'",
      5,
    ],
  ])('%s: %i', async (sql, segments) => {
    expect(await segmentsOf(sql)).toBe(segments);
  });

  it('are pruned by start and end as well, whichever is narrower', async () => {
    const bounds = { startNs: T0 + HOUR, endNs: T0 + 3n * HOUR };
    expect(await segmentsOf('FROM logs', bounds)).toBe(2);
    expect(await segmentsOf(`FROM logs WHERE time_unix_nano < ${T0 + 2n * HOUR}`, bounds)).toBe(1);
    expect(await segmentsOf(`FROM logs WHERE time_unix_nano < ${T0 + 9n * HOUR}`, bounds)).toBe(2);
  });

  it('are asked of the index with the bounds found', async () => {
    lake.asked.length = 0;
    await segmentsOf(
      `FROM logs WHERE service_name = 'cart' AND time_unix_nano >= ${T0 + SECOND} AND time_unix_nano < ${T0 + 5n}`,
    );
    await segmentsOf(
      `FROM logs WHERE service_name = 'cart' AND time_unix_nano > ${T0} AND time_unix_nano < ${T0 + 5n}`,
    );
    expect(lake.asked).toEqual([
      { organization: ORG, table: 'logs', startNs: T0 + 1n, endNs: T0 + 5n, services: ['cart'] },
    ]);
  });

  it('of other tables are not looked for', async () => {
    lake.asked.length = 0;
    await segmentsOf('SELECT * FROM traces');
    expect(lake.asked.map((query) => query.table)).toEqual(['traces']);
  });
});

const time = fc.bigInt({ min: T0 - HOUR, max: T0 + 5n * HOUR });
const op = fc.constantFrom('=', '<', '<=', '>', '>=');
const term = fc.oneof(
  fc.tuple(op, time).map(([o, t]) => `time_unix_nano ${o} ${t}`),
  fc.tuple(op, time).map(([o, t]) => `timestamp ${o} make_timestamp(${t / 1000n})`),
  fc.tuple(op, time).map(([o, t]) => `make_timestamp(${t / 1000n}) ${o} timestamp`),
  fc
    .subarray(['cart', 'checkout', 'email'], { minLength: 1 })
    .map((s) => `service_name IN (${s.map((x) => `'${x}'`)})`),
);
const condition = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 3 }, term, tie('and'), tie('or'), tie('not')),
  and: fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a} AND ${b})`),
  or: fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a} OR ${b})`),
  not: tie('any').map((a) => `NOT (${a})`),
})).any;

it('pruning never changes an answer', async () => {
  const select = 'SELECT service_name, time_unix_nano FROM';
  await fc.assert(
    fc.asyncProperty(condition, async (where) => {
      const pruned = await engine.query({
        organization: ORG,
        sql: `${select} logs WHERE ${where} ORDER BY 2`,
      });
      // Nothing is concluded from a condition outside of the SELECT that reads the table.
      const whole = await engine.query({
        organization: ORG,
        sql: `${select} (FROM logs) WHERE ${where} ORDER BY 2`,
      });
      expect(whole.stats.segments).toBe(4);
      expect(await rowsOf(pruned)).toEqual(await rowsOf(whole));
    }),
    { numRuns: 60 },
  );
});
