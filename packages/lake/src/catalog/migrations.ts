import { ConfigError, type Sql } from '@lakewright/core';

interface Migration {
  readonly version: number;
  readonly name: string;
  /** One statement each. Never edited once released: a change is a new migration. */
  readonly statements: readonly string[];
}

const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'raw objects, segments and services',
    statements: [
      `create table raw_object (
        id bigint generated always as identity primary key,
        organization text not null,
        collector text not null,
        signal text not null,
        key text not null,
        etag text not null,
        size bigint not null,
        arrived_ns bigint not null,
        state text not null default 'pending' check (state in ('pending', 'claimed', 'done', 'dead')),
        attempts integer not null default 0,
        announced_at_ms bigint not null,
        queued_at_ms bigint not null,
        claimed_by text,
        claimed_at_ms bigint,
        finished_at_ms bigint,
        reason text,
        records bigint,
        rejected bigint,
        digest text,
        unique (key, etag)
      )`,
      `create index raw_object_pending on raw_object (organization, signal, arrived_ns, id)
        where state = 'pending'`,
      `create index raw_object_claimed on raw_object (claimed_by) where state = 'claimed'`,
      `create index raw_object_by_state on raw_object (organization, state)`,
      `create table segment (
        organization text not null,
        table_name text not null,
        segment_id text not null,
        key text not null,
        level integer not null default 0,
        rows bigint not null,
        bytes bigint not null,
        min_time_ns bigint not null,
        max_time_ns bigint not null,
        services text[] not null,
        published_at_ms bigint not null,
        primary key (organization, table_name, segment_id)
      )`,
      `create index segment_by_time on segment (organization, table_name, min_time_ns, max_time_ns)`,
      `create table service (
        organization text not null,
        service text not null,
        table_name text not null,
        last_seen_ns bigint not null,
        primary key (organization, service, table_name)
      )`,
      `create table object_store (only_row boolean primary key default true check (only_row), id text not null)`,
    ],
  },
];

/** Any fixed number: every process that migrates this catalog takes the same lock. */
const MIGRATION_LOCK = 7101_4318;

/**
 * Brings the catalog's tables to the version that this program knows, in one transaction; processes that
 * start together wait for each other. Throws ConfigError when a newer program has made the tables.
 */
export async function migrate(sql: Sql, nowMs: number): Promise<void> {
  await sql.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1::bigint)', [MIGRATION_LOCK]);
    await tx.query(`create table if not exists schema_migration (
      version integer primary key, name text not null, applied_at_ms bigint not null)`);
    const [{ version: current }] = await tx.query<{ version: number }>(
      'select coalesce(max(version), 0) as version from schema_migration',
    );
    const newest = MIGRATIONS[MIGRATIONS.length - 1].version;
    if (current > newest) {
      throw new ConfigError(`the catalog has version ${current}, this program knows ${newest}`, {
        hint: 'run the newer Lakewright that made it',
      });
    }
    for (const migration of MIGRATIONS) {
      if (migration.version <= current) continue;
      for (const statement of migration.statements) await tx.query(statement);
      await tx.query('insert into schema_migration values ($1, $2, $3)', [
        migration.version,
        migration.name,
        nowMs,
      ]);
    }
  });
}
