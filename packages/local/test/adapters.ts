/** The adapters for the tests of packages that know only ports. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Sql } from '@lakewright/core';
import { afterAll, beforeAll, describe } from 'vitest';
import { embeddedSql, FileObjectStore, postgresSql } from '../src/index.ts';
import { postgresPrograms, startPostgres, type TestServer } from './postgres-server.ts';

export { embeddedSql, FileObjectStore, sqlQueue } from '../src/index.ts';

/** Runs `suite` over the embedded PostgreSQL: `empty` answers a database without tables. */
export function describeEmbedded(name: string, suite: (empty: () => Promise<Sql>) => void): void {
  describe(name, () => {
    let dir: string;
    let sql: Sql;
    beforeAll(async () => {
      dir = await mkdtemp(path.join(tmpdir(), 'lakewright-embedded-'));
      sql = await embeddedSql(path.join(dir, 'catalog'));
    });
    afterAll(async () => {
      await sql.close();
      await rm(dir, { recursive: true, force: true });
    });
    suite(() => emptied(sql));
  });
}

/** Runs `suite` over the embedded PostgreSQL and, where its programs are installed, over a server. */
export function describeDatabases(name: string, suite: (empty: () => Promise<Sql>) => void): void {
  describeEmbedded(`${name}, embedded`, suite);
  const programs = postgresPrograms();
  const why = programs === undefined ? ' (skipped: no initdb on this machine)' : '';
  describe.skipIf(programs === undefined)(`${name}, on a server${why}`, () => {
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
    suite(() => emptied(sql));
  });
}

async function emptied(sql: Sql): Promise<Sql> {
  await sql.script('drop schema public cascade; create schema public');
  return sql;
}

/** A file store in a new temporary directory. */
export async function temporaryStore(): Promise<{
  store: FileObjectStore;
  root: string;
  remove: () => Promise<void>;
}> {
  const root = await mkdtemp(path.join(tmpdir(), 'lakewright-objects-'));
  const store = await FileObjectStore.open(root);
  return { store, root, remove: () => rm(root, { recursive: true, force: true }) };
}
