import type { SqlSchema } from '@lakewright/core';

/** Who uses the lake and where their objects are: tables of their own, which may be in a database of their own. */
export const TENANCY: SqlSchema = {
  table: 'tenancy_migration',
  lock: 7101_4319,
  what: 'tenancy',
  migrations: [
    {
      version: 1,
      name: 'organizations, API keys and storage profiles',
      statements: [
        `create table organization (organization text primary key, created_at_ms bigint not null)`,
        // Never the key itself.
        `create table api_key (
          sha256 text primary key,
          organization text not null references organization,
          created_at_ms bigint not null
        )`,
        `create table storage_profile (
          organization text not null references organization,
          instance integer not null,
          bucket text not null,
          settings jsonb not null,
          created_at_ms bigint not null,
          primary key (organization, instance)
        )`,
      ],
    },
  ],
};
