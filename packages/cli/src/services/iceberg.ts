import { systemClock } from '@lakewright/core';
import { type IcebergFace, openIceberg } from '../profiles/iceberg.ts';
import type { ServiceLake } from './open.ts';

/** The Iceberg tables of a lake in buckets, where keys are URIs; undefined where they are switched off. */
export function openServiceIceberg(lake: ServiceLake): Promise<IcebergFace | undefined> {
  const { store, catalog, places, logger, settings } = lake;
  return openIceberg({
    ...{ store, catalog, logger, clock: systemClock },
    config: settings.config.lake,
    uriOf: (key) => key,
    baseOf: (organization) => places.baseOf(organization),
  });
}
