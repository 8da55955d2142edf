import type { Clock, Logger, ObjectStore } from '@lakewright/core';
import type { Catalog } from '../catalog/index.ts';
import type { Column, TableName } from '../tables.ts';
import type { UriOf } from './manifests.ts';
import type { IcebergSettings } from './settings.ts';

/** What every part of the publisher works with. */
export interface IcebergContext {
  readonly store: ObjectStore;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where an object is, for readers outside: `file:///...` or `s3://bucket/...`. */
  readonly uriOf: UriOf;
  /** What goes before the keys of an organization's metadata where its objects are in a store of their own. */
  readonly baseOf: (organization: string) => string;
  /** The stored columns of a table. */
  readonly columnsOf: (table: TableName) => readonly Column[];
  readonly settings: IcebergSettings;
}
