import { DuckDBInstance } from '@duckdb/node-api';
import { storedColumns } from '@lakewright/lake';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnsRead, neededColumns } from './columns.ts';
import { functionPolicy } from './functions.ts';
import { parseQuery } from './parse.ts';
import { vetQuery } from './vet.ts';

let instance: DuckDBInstance;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
});
afterAll(() => instance.closeSync());

/** Of `table`, the columns that `sql` may need, sorted; `all` when that is all of them. */
async function columnsOf(sql: string, table: 'logs' | 'traces' = 'logs'): Promise<string[] | 'all'> {
  const connection = await instance.connect();
  const parsed = await parseQuery(connection, sql, 10);
  const { references } = vetQuery(parsed.node, await functionPolicy(connection), parsed.positionOf);
  connection.closeSync();
  const columns = columnsRead(neededColumns(parsed.node, references).get(table));
  return columns.size === storedColumns(table).length ? 'all' : [...columns].sort();
}

describe('the columns that a query may need', () => {
  it.each<[string, string[]]>([
    ['SELECT count(*) FROM logs', []],
    ['SELECT 1 FROM logs', []],
    ['SELECT BODY FROM logs', ['body']],
    ['SELECT l.body FROM logs l', ['body']],
    ["SELECT count(*) FILTER (body = 'x') FROM logs ORDER BY max(flags)", ['body', 'flags']],
    [
      "SELECT log_attributes['a'] FROM logs GROUP BY ALL HAVING max(trace_id) > ''",
      ['log_attributes', 'trace_id'],
    ],
    ['SELECT a.body FROM logs a JOIN logs b USING (trace_id, span_id)', ['body', 'span_id', 'trace_id']],
    ['SELECT observed_timestamp FROM logs', ['observed_time_unix_nano']],
    ['WITH l AS (SELECT body FROM logs) SELECT * FROM l', ['body']],
    ['SELECT * FROM (SELECT body, flags FROM logs) WHERE flags > 1', ['body', 'flags']],
    ['SELECT (SELECT max(body) FROM logs l WHERE l.flags = t.flags) FROM traces t', ['body', 'flags']],
    ['DESCRIBE logs', []],
    ['DESCRIBE SELECT body FROM logs', []],
    [
      'SELECT body FROM logs QUALIFY row_number() OVER (PARTITION BY trace_id ORDER BY timestamp) = 1',
      ['body', 'timestamp', 'trace_id'],
    ],
  ])('%s', async (sql, columns) => {
    const found = await columnsOf(sql);
    expect(found).toEqual(columns);
  });

  it.each([
    'FROM logs',
    'SELECT * FROM logs',
    'SELECT logs.* FROM logs',
    'SELECT l.* EXCLUDE (body) FROM traces t, logs l',
    'SELECT * FROM traces JOIN logs USING (trace_id)',
    "SELECT COLUMNS('b.*') FROM logs",
    'SELECT hash(COLUMNS(*)) FROM logs',
    'SELECT logs FROM logs',
    'SELECT l FROM logs l',
    'SELECT x.l.body FROM (SELECT l FROM logs l) x',
    "SELECT struct_extract(logs, 'body') FROM logs",
    'SELECT #1 FROM logs',
    'SELECT b FROM logs AS l(a, b)',
    'SELECT trace_id FROM logs NATURAL JOIN traces',
    'SUMMARIZE logs',
    'SELECT count(*) FROM (DESCRIBE logs), logs',
    "SELECT count(*) FROM (PIVOT logs ON severity_text IN ('INFO') USING count(*))",
    "FROM (PIVOT logs ON severity_text IN ('INFO') USING count(*))",
    'FROM logs UNION ALL FROM logs',
    'SELECT count(*) FROM (SELECT DISTINCT * FROM logs)',
    'WITH logs AS (FROM logs) SELECT body FROM logs',
    'SELECT body FROM logs WHERE EXISTS (FROM logs)',
    'SELECT DISTINCT ON (body) * FROM logs',
  ])('all for %s', async (sql) => {
    expect(await columnsOf(sql)).toBe('all');
  });
});
