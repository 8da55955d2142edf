import type { Migration } from '@lakewright/core';

export const usage: Migration = {
  version: 5,
  name: 'series of metrics by day',
  statements: [
    // `day`: days since 1970-01-01 (UTC) on which the points arrived. `sketch`: see usage/distinct.ts.
    `create table metric_series (
      organization text not null,
      day integer not null,
      metric text not null,
      series bigint not null,
      sketch bytea not null,
      primary key (organization, day, metric)
    )`,
    `create index metric_series_largest on metric_series (day, series desc)`,
  ],
};
