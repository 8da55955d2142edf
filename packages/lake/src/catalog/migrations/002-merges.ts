import type { Migration } from '@lakewright/core';

export const merges: Migration = {
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
};
