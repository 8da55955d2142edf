import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError, type Sql, UnavailableError } from '@lakewright/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { postgresPrograms, startPostgres, type TestServer } from '../test/postgres-server.ts';
import { embeddedSql, postgresSql, SqlError } from './index.ts';

const programs = postgresPrograms();

describe('the embedded PostgreSQL', () => {
  let dir: string;
  let sql: Sql;
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'lakewright-sql-'));
    sql = await embeddedSql(path.join(dir, 'catalog'));
  });
  afterAll(async () => {
    await sql.close();
    await rm(dir, { recursive: true, force: true });
  });
  conformance(() => sql);

  test('the event loop runs while a statement does', async () => {
    let turns = 0;
    const ticker = setInterval(() => turns++, 1);
    await sql.query('select count(*) from generate_series(1, 2000000)');
    clearInterval(ticker);
    expect(turns).toBeGreaterThan(5);
  });

  test('what was committed is there after closing and opening', async () => {
    const other = path.join(dir, 'other');
    const first = await embeddedSql(other);
    await first.script('create table kept (n int8); insert into kept values (1)');
    await first.close();
    await expect(first.query('select 1')).rejects.toThrow(UnavailableError);
    const second = await embeddedSql(other);
    expect(await second.query('select n from kept')).toEqual([{ n: 1n }]);
    await second.close();
  });

  test('a write-ahead log without room ends PostgreSQL, and room brings it back', async (context) => {
    const disk = path.join(dir, 'disk');
    await mkdir(disk);
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=100m', 'tmpfs', disk]);
    context.skip(mount.status !== 0, 'a small disk can only be mounted as root');
    try {
      const small = await embeddedSql(path.join(disk, 'catalog'));
      await small.script(`create table big (n int8, s text);
        insert into big select g, repeat('x', 900) from generate_series(1, 3000) g; delete from big where n > 50`);
      await small.query('vacuum big');
      const ballast = path.join(disk, 'ballast');
      await expect(fill(ballast)).rejects.toThrow(/ENOSPC/);
      const rewrite = async () => {
        for (;;) {
          await small.query('update big set n = n + 1');
          await small.query('vacuum big');
        }
      };
      await expect(rewrite()).rejects.toThrow(UnavailableError);
      await rm(ballast);
      expect(await small.query('select count(*) from big')).toEqual([{ count: 50n }]);
      await small.query('update big set n = n + 1');
      await small.close();
    } finally {
      spawnSync('umount', [disk]);
    }
  });

  test('files that are no database: a clear error', async () => {
    const broken = path.join(dir, 'broken');
    await mkdir(broken);
    await writeFile(path.join(broken, 'PG_VERSION'), '18\n');
    const opening = embeddedSql(broken);
    await expect(opening).rejects.toThrow(ConfigError);
    await expect(opening).rejects.toThrow(/cannot be opened/);
  });
});

const why = programs === undefined ? ' (skipped: no initdb on this machine)' : '';
describe.skipIf(programs === undefined)(`a PostgreSQL server${why}`, () => {
  let server: TestServer;
  let sql: Sql;
  beforeAll(async () => {
    server = await startPostgres(programs ?? '');
    sql = await postgresSql(server.url);
  });
  afterAll(async () => {
    await sql.close();
    server.stop();
  });
  conformance(() => sql);

  test('a connection that the server ends is replaced', async () => {
    const [{ pid }] = await sql.query<{ pid: number }>('select pg_backend_pid() as pid');
    const killed = sql.transaction(async (tx) => {
      const [mine] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      await sql.query('select pg_terminate_backend($1)', [mine.pid]);
      await tx.query('select 1');
    });
    await expect(killed).rejects.toThrow(UnavailableError);
    expect(await sql.query('select $1::int4 as pid', [pid])).toEqual([{ pid }]);
  });

  test('a server that is away', async () => {
    const away = new URL(server.url);
    away.port = '1';
    away.password = 'hunter2hunter2';
    const opening = postgresSql(away.href);
    await expect(opening).rejects.toThrow(UnavailableError);
    await expect(opening).rejects.not.toThrow(/hunter2/);
  });
});

test.each(['mysql://a:secretsecret@b/c', 'nonsense'])('%j is no PostgreSQL URL', async (url) => {
  const opening = postgresSql(url);
  await expect(opening).rejects.toThrow(ConfigError);
  await expect(opening).rejects.not.toThrow(/secretsecret/);
});

/** Writes until the disk takes no more, and then throws. */
async function fill(file: string): Promise<never> {
  const chunk = new Uint8Array(65_536);
  for (;;) await writeFile(file, chunk, { flag: 'a' });
}

/** What the domain packages rely on, whichever PostgreSQL it is. */
function conformance(open: () => Sql): void {
  let sql: Sql;
  beforeEach(async () => {
    sql = open();
    await sql.script('drop table if exists t; create table t (n int8 primary key, s text)');
  });

  test.each([
    ['int8', '$1::int8', 9_223_372_036_854_775_807n, 9_223_372_036_854_775_807n],
    ['small int8', '$1::int8', 5n, 5n],
    ['int8 from a number', '$1::int8', 5, 5n],
    ['int4', '$1::int4', 5, 5],
    ['float8', '$1::float8', 1.25, 1.25],
    ['boolean', '$1::boolean', true, true],
    ['text', '$1::text', 'é\u{1f600}\'"\\', 'é\u{1f600}\'"\\'],
    ['null', '$1::text', null, null],
    ['text[]', '$1::text[]', ['a', 'b "c" \\ {,}', '', 'null'], ['a', 'b "c" \\ {,}', '', 'null']],
    ['empty text[]', '$1::text[]', [], []],
    ['bytea', '$1::bytea', new Uint8Array([0, 255, 92]), new Uint8Array([0, 255, 92])],
    ['jsonb', '$1::text::jsonb', '{"a": [1, null]}', { a: [1, null] }],
    ['count', 'count($1::text)', 'x', 1n],
  ])('%s goes in and comes out', async (_name, expression, value, wanted) => {
    expect(await sql.query(`select ${expression} as v`, [value])).toEqual([{ v: wanted }]);
  });

  test('a transaction commits as one', async () => {
    const result = await sql.transaction(async (tx) => {
      await tx.query('insert into t values ($1, $2)', [1n, 'a']);
      await tx.query('insert into t values ($1, $2)', [2n, 'b']);
      return 'done';
    });
    expect(result).toBe('done');
    expect(await sql.query('select n from t order by n')).toEqual([{ n: 1n }, { n: 2n }]);
  });

  test('a transaction rolls back with what its work threw', async () => {
    const mine = new Error('changed my mind');
    const work = sql.transaction(async (tx) => {
      await tx.query('insert into t values (1, null)');
      throw mine;
    });
    await expect(work).rejects.toBe(mine);
    expect(await sql.query('select * from t')).toEqual([]);
  });

  test('a transaction whose statement failed rolls back', async () => {
    const work = sql.transaction(async (tx) => {
      await tx.query('insert into t values (1, null)');
      await tx.query('insert into t values (1, null)');
    });
    await expect(work).rejects.toMatchObject({ name: 'SqlError', sqlState: '23505' });
    expect(await sql.query('select * from t')).toEqual([]);
  });

  test('a runner is of no use after its transaction', async () => {
    const kept = await sql.transaction(async (tx) => tx);
    await expect(kept.query('select 1')).rejects.toThrow(/has ended/);
  });

  test('transactions at once do not mix', async () => {
    await sql.query('insert into t values (0, $1)', ['0']);
    const add = () =>
      sql.transaction(async (tx) => {
        const [row] = await tx.query<{ s: string }>('select s from t where n = 0 for update');
        await tx.query('update t set s = $1 where n = 0', [String(Number(row.s) + 1)]);
      });
    await Promise.all(Array.from({ length: 20 }, add));
    expect(await sql.query('select s from t')).toEqual([{ s: '20' }]);
  });

  test('only one statement with or without parameters', async () => {
    await expect(sql.query('select 1; select 2')).rejects.toThrow(SqlError);
    await expect(sql.query('select $1::text; select 2', ['x'])).rejects.toThrow(SqlError);
  });

  test('a statement that is wrong says so and harms nothing', async () => {
    await expect(sql.query('select nonsense')).rejects.toThrow(/column "nonsense" does not exist.*42703/);
    expect(await sql.query('select 1 as one')).toEqual([{ one: 1 }]);
  });
}
