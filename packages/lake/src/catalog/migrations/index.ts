import {
  isMigrated as isSchemaMigrated,
  migrate as migrateSchema,
  type Sql,
  type SqlSchema,
} from '@lakewright/core';
import { ingest } from './001-ingest.ts';
import { merges } from './002-merges.ts';
import { rollups } from './003-rollups.ts';
import { iceberg } from './004-iceberg.ts';
import { usage } from './005-usage.ts';

/** In order of their versions. One that was released is never edited. */
export const migrations: SqlSchema['migrations'] = [ingest, merges, rollups, iceberg, usage];

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

/** Whether the catalog's tables are there, at the version that this program knows. Throws as core's `isMigrated`. */
export function isMigrated(sql: Sql): Promise<boolean> {
  return isSchemaMigrated(sql, CATALOG);
}
