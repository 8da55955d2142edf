import type { Migration } from '@lakewright/core';

export const ingest: Migration = {
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
};
