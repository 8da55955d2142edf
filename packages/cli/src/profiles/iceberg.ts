import type { Clock, Logger, ObjectStore } from '@lakewright/core';
import type { Catalog, IcebergPublisher, IcebergTables, UriOf } from '@lakewright/lake';
import type { QueryServerOptions } from '@lakewright/query';
import type { LakeConfig } from '../config.ts';

export interface IcebergParts {
  readonly config: LakeConfig;
  readonly store: ObjectStore;
  readonly catalog: Catalog;
  readonly uriOf: UriOf;
  /** What the keys of an organization's objects begin with; nothing unless said otherwise. */
  readonly baseOf?: (organization: string) => string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What publishes the lake's tables, and what their readers ask. */
export interface IcebergFace {
  readonly publisher: IcebergPublisher;
  readonly tables: IcebergTables;
}

/**
 * The lake as Iceberg tables, or undefined where the configuration switches that off: then what was published
 * is taken back, since the sweeper would wait for its readers for ever. Throws ConfigError.
 */
export async function openIceberg(parts: IcebergParts): Promise<IcebergFace | undefined> {
  const { config, ...dependencies } = parts;
  const lake = await import('@lakewright/lake');
  const publisher = new lake.IcebergPublisher({ ...dependencies, settings: config.iceberg.settings });
  if (config.iceberg.enabled) return { publisher, tables: lake.createIcebergTables(dependencies) };
  const tables = await publisher.withdraw();
  if (tables > 0) parts.logger.log('info', 'Iceberg tables are published no more', { tables });
  await publisher.removeLeftOvers();
  return undefined;
}

/** Adds the REST catalog and the way to publish at once. */
export async function icebergRoutes(
  face: IcebergFace | undefined,
  logger: Logger,
): Promise<NonNullable<QueryServerOptions['routes']>> {
  const { addIcebergRoutes, addPublishRoute } = await import('@lakewright/query');
  return (app, organizationOf) => {
    if (face === undefined) return;
    addIcebergRoutes(app, { tables: face.tables, organizationOf, logger });
    addPublishRoute(app, face.publisher, organizationOf);
  };
}
