import type { Migration } from '@lakewright/core';

export const iceberg: Migration = {
  version: 4,
  name: 'what is published as Iceberg tables',
  statements: [
    // Whether a snapshot of the segment's Iceberg table names it: its object stays as long as one does.
    'alter table segment add column in_iceberg boolean not null default false',
    `create index segment_to_publish on segment (organization, table_name)
      where retired_at_ms is null and not in_iceberg`,
    `create index segment_to_unpublish on segment (organization, table_name)
      where retired_at_ms is not null and in_iceberg`,
    `create table iceberg_table (
      organization text not null,
      table_name text not null,
      version bigint not null,
      metadata_key text not null,
      next_expiry_at_ms bigint,
      state text not null,
      primary key (organization, table_name)
    )`,
    // The files of all snapshots that are kept; manifest and sequence are those of the current one.
    `create table iceberg_file (
      organization text not null,
      table_name text not null,
      segment_id text not null,
      manifest text not null,
      snapshot_id bigint not null,
      sequence bigint not null,
      left_sequence bigint,
      primary key (organization, table_name, segment_id)
    )`,
    'create index iceberg_file_by_manifest on iceberg_file (manifest) where left_sequence is null',
    `create index iceberg_file_left on iceberg_file (organization, table_name, left_sequence)
      where left_sequence is not null`,
    // Metadata files that are to be removed: what is being written is named here until it is published.
    'create table iceberg_left_over (key text primary key, due_at_ms bigint not null)',
    'create index iceberg_left_over_due on iceberg_left_over (due_at_ms)',
  ],
};
