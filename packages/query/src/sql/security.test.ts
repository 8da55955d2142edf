import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ORG, OTHER_ORG, rowsOf, T0, type TestLake, testLake } from '../../test/lake.ts';
import { DEFAULT_SQL_LIMITS } from '../limits.ts';
import type { SqlEngine } from './engine.ts';
import { sandboxPool } from './sandbox.ts';

let lake: TestLake;
let engine: SqlEngine;
let own: string;
let theirs: string;

beforeAll(async () => {
  lake = await testLake();
  own = join(lake.root, (await lake.add({ rows: [{ time: T0, service: 'mine' }] })).key);
  theirs = join(
    lake.root,
    (await lake.add({ organization: OTHER_ORG, rows: [{ time: T0, service: 'theirs' }] })).key,
  );
  writeFileSync(join(lake.root, 'note.csv'), 'a,b\n1,2\n');
  engine = lake.engine();
});
afterAll(() => lake.close());

/** `OWN`, `THEIRS` and `ROOT` in the statements stand for real paths. */
const fill = (sql: string) =>
  sql.replaceAll('OWN', own).replaceAll('THEIRS', theirs).replaceAll('ROOT', lake.root);

const outcome = async (sql: string): Promise<string> => {
  try {
    return JSON.stringify(await rowsOf(await engine.query({ organization: ORG, sql: fill(sql) })), (_k, v) =>
      typeof v === 'bigint' ? String(v) : v,
    );
  } catch (error) {
    const { code, message, hint } = error as { code: string; message: string; hint?: string };
    return `${code}: ${message} ${hint ?? ''}`;
  }
};

const FORBIDDEN = [
  // Files, by function and by name.
  "SELECT * FROM read_parquet('OWN')",
  "SELECT * FROM read_parquet('THEIRS')",
  "SELECT * FROM read_parquet(['OWN', 'THEIRS'])",
  "SELECT * FROM parquet_scan('THEIRS')",
  "SELECT * FROM parquet_metadata('THEIRS')",
  "SELECT * FROM parquet_schema('THEIRS')",
  "SELECT * FROM parquet_file_metadata('THEIRS')",
  "SELECT * FROM parquet_kv_metadata('THEIRS')",
  "SELECT * FROM parquet_bloom_probe('THEIRS', 'service_name', 'x')",
  "SELECT * FROM read_csv('ROOT/note.csv')",
  "SELECT * FROM read_csv_auto('/etc/passwd')",
  "SELECT * FROM sniff_csv('ROOT/note.csv')",
  "SELECT * FROM read_json('/etc/passwd')",
  "SELECT * FROM read_text('/etc/passwd')",
  "SELECT * FROM read_blob('THEIRS')",
  "SELECT * FROM read_duckdb('ROOT/x.db')",
  "SELECT * FROM glob('ROOT/**')",
  "SELECT * FROM 'OWN'",
  "SELECT * FROM 'THEIRS'",
  'SELECT * FROM "THEIRS"',
  "FROM '/etc/passwd'",
  "FROM 'https://example.com/x.parquet'",
  "FROM 's3://bucket/x.parquet'",
  'SELECT * FROM "ROOT/note.csv"',
  "DESCRIBE SELECT * FROM 'THEIRS'",
  "SUMMARIZE FROM 'THEIRS'",
  "SELECT (SELECT count(*) FROM 'THEIRS')",
  "SELECT * FROM logs WHERE EXISTS (FROM 'THEIRS')",
  "SELECT * FROM logs l, LATERAL (SELECT * FROM 'THEIRS' WHERE l.flags IS NULL) t",
  "SELECT [x FOR x IN (SELECT list(service_name) FROM 'THEIRS')]",
  "WITH t AS (FROM 'THEIRS') FROM t",
  "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n FROM t, 'THEIRS') FROM t",
  "SELECT 1 UNION ALL (SELECT count(*) FROM 'THEIRS')",
  "SELECT 1 ORDER BY (SELECT count(*) FROM 'THEIRS')",
  "SELECT 1 LIMIT (SELECT count(*) FROM 'THEIRS')",
  "SELECT max(1) OVER (ORDER BY (SELECT count(*) FROM 'THEIRS'))",
  "FROM (PIVOT 'THEIRS' ON service_name IN ('x') USING count(*))",
  // A common table expression gives its name only where it is in scope.
  'SELECT (WITH "THEIRS" AS (SELECT 1) SELECT count(*) FROM "THEIRS"), (SELECT count(*) FROM "THEIRS")',
  'WITH "THEIRS" AS (FROM "THEIRS") FROM "THEIRS"',
  // Statements in strings.
  "SELECT * FROM query('SELECT 1')",
  "SELECT * FROM query_table('logs')",
  "SELECT * FROM query_table(['THEIRS'])",
  "SELECT * FROM json_execute_serialized_sql('{}')",
  "SELECT json_serialize_plan('SELECT 1')",
  "SELECT json_serialize_sql('SELECT 1')",
  "SELECT json_deserialize_sql('{}')",
  // Settings, the environment, what the database knows.
  "SELECT current_setting('temp_directory')",
  "SELECT getenv('HOME')",
  "SELECT GetEnv('HOME')",
  'SELECT "getenv"(\'HOME\')',
  "SELECT system.main.current_setting('temp_directory')",
  "SELECT main.current_setting('temp_directory')",
  "SELECT ('temp_directory').current_setting()",
  "SELECT list_transform(['temp_directory'], x -> current_setting(x))",
  "SELECT count(*) FILTER (WHERE current_setting('temp_directory') IS NOT NULL)",
  'SELECT * FROM duckdb_settings()',
  'SELECT * FROM duckdb_views()',
  'SELECT * FROM duckdb_functions()',
  'SELECT * FROM duckdb_secrets()',
  'SELECT * FROM duckdb_temporary_files()',
  'SELECT * FROM duckdb_external_file_cache()',
  'SELECT * FROM duckdb_logs()',
  'SELECT * FROM pragma_version()',
  "SELECT * FROM pragma_table_info('logs')",
  "SELECT * FROM which_secret('x', 's3')",
  "SELECT * FROM seq_scan('logs')",
  'SELECT * FROM information_schema.tables',
  'SELECT * FROM pg_catalog.pg_views',
  'SELECT * FROM system.information_schema.columns',
  'SELECT * FROM main.duckdb_views',
  'SELECT * FROM temp.main.logs',
  'SELECT pg_get_viewdef(1)',
  "SELECT write_log('x')",
  "SELECT nextval('x')",
  'SELECT sleep_ms(10)',
  'SELECT pg_sleep(1)',
  'SELECT __internal_decompress_string(1::UTINYINT)',
  'SHOW ALL TABLES',
  'SHOW DATABASES',
  'FROM logs AT (VERSION => 1)',
  // Everything that is no query.
  "COPY logs TO 'ROOT/out.csv'",
  "COPY (SELECT 1) TO 'OWN'",
  "COPY logs FROM 'THEIRS'",
  "ATTACH 'ROOT/x.db'",
  "ATTACH 'ROOT/x.db' AS y (READ_ONLY)",
  'DETACH memory',
  'USE temp',
  'INSTALL httpfs',
  'LOAD httpfs',
  "LOAD 'ROOT/x.duckdb_extension'",
  'SET threads = 1',
  'SET enable_external_access = true',
  'RESET enable_external_access',
  'SET VARIABLE x = 1',
  'PRAGMA version',
  'PRAGMA database_list',
  "EXPORT DATABASE 'ROOT/out'",
  "IMPORT DATABASE 'ROOT/out'",
  'CREATE TABLE t AS SELECT 1',
  'CREATE TEMP TABLE t AS SELECT 1',
  'CREATE OR REPLACE TEMP VIEW logs AS SELECT 1',
  'CREATE MACRO f(x) AS x',
  'CREATE TYPE t AS INT',
  'CREATE SCHEMA s',
  'CREATE SEQUENCE s',
  "CREATE SECRET (TYPE s3, KEY_ID 'x')",
  'INSERT INTO logs VALUES (1)',
  'UPDATE logs SET body = NULL',
  'DELETE FROM logs',
  'TRUNCATE logs',
  'MERGE INTO logs USING traces ON true WHEN MATCHED THEN DELETE',
  'DROP VIEW logs',
  'ALTER VIEW logs RENAME TO x',
  "COMMENT ON VIEW logs IS 'x'",
  'PREPARE p AS SELECT 1',
  'EXECUTE p',
  'DEALLOCATE p',
  'CALL pragma_version()',
  "CALL query('SELECT 1')",
  'EXPLAIN SELECT 1',
  'EXPLAIN ANALYZE SELECT 1',
  'BEGIN TRANSACTION',
  'COMMIT',
  'CHECKPOINT',
  'VACUUM',
  'ANALYZE',
  'SELECT 1; DROP VIEW logs',
];

describe('a query is only ever a query', () => {
  it.each(FORBIDDEN)('refuses %s', async (sql) => {
    expect(await outcome(sql)).toMatch(/^FORBIDDEN: /);
  });

  it.each([
    "SELECT 1) TO 'x'; --",
    'SELECT 1\n) LIMIT 1; DROP VIEW logs; --',
    'SELECT 1) , (SELECT 2',
    'SELECT 1 /*',
    "SELECT 'open",
    'SELECT $$open',
    'SELECT 1; SELECT 2',
    'SELECT * FROM "__lakewright".result',
    'SELECT * FROM result',
    "SELECT * FROM VALUES_OF('THEIRS')",
    'SELECT no_such_function()',
  ])('has no way out of its brackets: %s', async (sql) => {
    expect(await outcome(sql)).toMatch(/^(BAD_QUERY|FORBIDDEN): /);
  });

  it('leaves every file as it was', async () => {
    const before = readFileSync(theirs);
    for (const sql of FORBIDDEN) await outcome(sql);
    expect(readFileSync(theirs)).toEqual(before);
    expect(readdirSync(lake.root).sort()).toEqual(['db', 'note.csv', 'tmp']);
  });

  it('never names a path of this machine', async () => {
    for (const sql of [
      'SELECT current_query()',
      'SELECT body::INT FROM logs WHERE error(service_name)::BOOL',
    ]) {
      expect(await outcome(sql)).not.toContain(lake.root);
    }
  });
});

describe('what a query may do', () => {
  it.each([
    ['SELECT service_name FROM logs', [['mine']]],
    ['SELECT service_name FROM LOGS', [['mine']]],
    ['WITH logs AS (SELECT service_name AS s FROM logs) SELECT s FROM logs', [['mine']]],
    ['WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT y FROM b', [[2]]],
    [
      'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT max(n) FROM t',
      [[3]],
    ],
    ['SELECT * FROM generate_series(1, 2)', [['1'], ['2']]],
    ['SELECT key FROM json_each(\'{"a": 1}\')', [['a']]],
    ["SELECT x.y FROM (SELECT {'y': 1} AS x)", [[1]]],
    ["SELECT if(true, 1, 2), ifnull(NULL, 1), try_cast('x' AS INT), coalesce(NULL, 2)", [[1, 1, null, 2]]],
    [
      "SELECT ('ABC').lower(), 'a' SIMILAR TO 'a', 'abc' GLOB 'a*', extract(hour FROM TIMESTAMP '2024-01-01 05:00')",
      [['abc', true, true, '5']],
    ],
    [
      'SELECT list_sum([1, 2]), [x + 1 FOR x IN [1]], list_filter([1, 2], lambda x: x > 1)',
      [['3', { items: [2] }, { items: [2] }]],
    ],
    [
      'SELECT count(*) FILTER (WHERE flags IS NULL), row_number() OVER () FROM logs GROUP BY service_name',
      [['1', '1']],
    ],
    ['SELECT unnest([1, 2])', [[1], [2]]],
    ['SELECT quantile_cont(x, 0.5) FROM (VALUES (1), (3)) t(x)', [[2]]],
    [
      'SELECT now() IS NOT NULL, current_timestamp IS NOT NULL, current_date IS NOT NULL',
      [[true, true, true]],
    ],
    ["FROM (PIVOT logs ON service_name IN ('mine') USING count(*) GROUP BY flags)", [[null, '1']]],
    ['SELECT count(*) FROM logs USING SAMPLE 100%', [['1']]],
  ])('%s', async (sql, rows) => {
    expect(JSON.parse(await outcome(sql))).toEqual(JSON.parse(JSON.stringify(rows)));
  });
});

describe('the second wall: DuckDB locked to the planned files', () => {
  it.each([
    ["SELECT count(*) FROM read_parquet('THEIRS')", /file system operations are disabled/],
    ["SELECT count(*) FROM 'THEIRS'", /file system operations are disabled|does not exist/],
    ["SELECT * FROM read_text('/etc/passwd')", /file system operations are disabled/],
    ["SELECT * FROM glob('ROOT/**')", /file system operations are disabled/],
    ["COPY (SELECT 1) TO 'ROOT/out.csv'", /file system operations are disabled/],
    ["COPY (SELECT 1 AS a) TO 'OWN'", /file system operations are disabled/],
    ["EXPORT DATABASE 'ROOT/out'", /file system operations are disabled/],
    ["ATTACH 'ROOT/x.db'", /file system operations are disabled/],
    ['INSTALL httpfs', /disabled/],
    ['LOAD httpfs', /disabled/],
    ['SET enable_external_access = true', /locked|while database is running/],
    ["SET allowed_paths = ['THEIRS']", /locked|enable_external_access/],
    ["SET allowed_directories = ['/']", /locked|enable_external_access/],
    ['SET lock_configuration = false', /locked/],
    ["SET temp_directory = '/tmp'", /locked|disabled/],
    ['RESET memory_limit', /locked/],
  ])('refuses %s', async (sql, message) => {
    const directory = join(lake.root, 'tmp');
    mkdirSync(directory, { recursive: true });
    const pool = sandboxPool(DEFAULT_SQL_LIMITS, directory);
    const sandbox = await pool.take();
    try {
      await sandbox.lock([own]);
      const rows = await sandbox.connection.runAndReadAll(`SELECT count(*) FROM read_parquet('${own}')`);
      expect(rows.getRows()).toEqual([[1n]]);
      await expect(sandbox.connection.run(fill(sql))).rejects.toThrow(message);
    } finally {
      await sandbox.close();
      await pool.close();
    }
  });
});
