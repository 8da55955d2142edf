import type { Migration } from '@lakewright/core';

export const rollups: Migration = {
  version: 3,
  name: 'hours of metrics are rolled up',
  statements: [
    // One hour (UTC, counted from 1970) of one table of points. It is to be rolled up while its version is
    // above the one that was rolled up last; `segments` are those that hold its rollup.
    `create table rollup_unit (
      organization text not null,
      table_name text not null,
      hour bigint not null,
      version bigint not null default 1,
      rolled_version bigint not null default 0,
      due_at_ms bigint not null,
      rolled_at_ms bigint,
      sealed boolean not null default false,
      segments text[] not null default '{}',
      claimed_by text,
      claimed_at_ms bigint,
      primary key (organization, table_name, hour)
    )`,
    `create index rollup_unit_due on rollup_unit (due_at_ms)
      where version > rolled_version and claimed_by is null`,
    `create index rollup_unit_claimed on rollup_unit (claimed_at_ms) where claimed_by is not null`,
    // What the lake holds already. Segments of many days are those of senders whose clocks are wrong.
    `insert into rollup_unit (organization, table_name, hour, due_at_ms)
     select distinct organization, table_name, generate_series(min_time_ns / 3600000000000,
       (max_time_ns + 600000000000) / 3600000000000), 0
     from segment
     where retired_at_ms is null and day >= 0
       and table_name in ('gauge', 'sum', 'histogram', 'exp_histogram', 'summary')`,
  ],
};
