import { NotFoundError, type ObjectStore } from '@lakewright/core';
import type { Catalog } from '../catalog/index.ts';
import { TABLE_NAMES, type TableName } from '../tables.ts';
import type { UriOf } from './manifests.ts';

/** A published table as it is now. */
export interface LoadedTable {
  readonly metadataLocation: string;
  /** The table metadata, as Iceberg's specification has it. */
  readonly metadata: Record<string, unknown>;
}

/** What readers ask for, always within one organization. Methods throw UnavailableError. */
export interface IcebergTables {
  /** The published tables, in their usual order. */
  list(organization: string): Promise<TableName[]>;
  has(organization: string, table: string): Promise<boolean>;
  /** Throws NotFoundError when there is no such table. */
  load(organization: string, table: string): Promise<LoadedTable>;
}

/** The tables that were published from `catalog`, with their metadata in `store`. */
export function createIcebergTables(parts: {
  catalog: Catalog;
  store: ObjectStore;
  uriOf: UriOf;
}): IcebergTables {
  const { catalog, store, uriOf } = parts;
  const list = async (organization: string) => {
    const tables = new Set((await catalog.iceberg.published({ organization })).map(({ table }) => table));
    return TABLE_NAMES.filter((table) => tables.has(table));
  };
  return {
    list,
    async has(organization, table) {
      return (await catalog.iceberg.metadataKey(organization, table)) !== undefined;
    },
    async load(organization, table) {
      const key = await catalog.iceberg.metadataKey(organization, table);
      if (key === undefined) throw new NotFoundError(`there is no table ${table}`);
      const metadata = JSON.parse(Buffer.from(await store.get(key)).toString());
      return { metadataLocation: uriOf(key), metadata };
    },
  };
}
