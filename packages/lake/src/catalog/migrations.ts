import { migrate as migrateSchema, type Sql, type SqlSchema } from '@lakewright/core';

export const migrations: SqlSchema['migrations'] = [
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
  {
    version: 2,
    name: 'segments are retired and merged',
    statements: [
      // Retired: another segment holds its rows, or nobody is to see them any more. -1 is "of several days".
      `alter table segment
        add column retired_at_ms bigint,
        add column claimed_by text,
        add column claimed_at_ms bigint,
        add column day integer not null generated always as (
          case when min_time_ns / 86400000000000 = max_time_ns / 86400000000000
          then (min_time_ns / 86400000000000)::integer else -1 end) stored`,
      `drop index segment_by_time`,
      // The one serves questions about the past, the other those about the latest minutes.
      `create index segment_live_by_start on segment (organization, table_name, min_time_ns)
        where retired_at_ms is null`,
      `create index segment_live_by_end on segment (organization, table_name, max_time_ns)
        where retired_at_ms is null`,
      `create index segment_retired on segment (retired_at_ms) where retired_at_ms is not null`,
      `create index segment_claimed on segment (claimed_at_ms) where claimed_by is not null`,
      `create index segment_by_key on segment (key)`,
      // When the sweeper removed the object of a row that is done.
      `alter table raw_object add column removed_at_ms bigint`,
      `create index raw_object_kept on raw_object (finished_at_ms)
        where state = 'done' and removed_at_ms is null`,
      `create index raw_object_removed on raw_object (removed_at_ms) where removed_at_ms is not null`,
    ],
  },
];

const CATALOG: SqlSchema = {
  table: 'schema_migration',
  lock: 7101_4318,
  migrations,
  what: 'catalog',
};

/** Brings the catalog's tables to the version that this program knows. Throws as core's `migrate` does. */
export function migrate(sql: Sql, nowMs: number): Promise<void> {
  return migrateSchema(sql, CATALOG, nowMs);
}
