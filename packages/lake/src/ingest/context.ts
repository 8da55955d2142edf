import type { Clock, Logger, ObjectStore } from '@lakewright/core';
import type { Registry } from 'prom-client';
import type { Catalog } from '../catalog/index.ts';
import { ONE_PLACE, type Places } from '../places.ts';
import type { Cooker } from '../types.ts';
import type { SeriesLedger } from '../usage/index.ts';
import { type IngestMetrics, ingestMetrics } from './metrics.ts';
import { INGEST_SETTINGS, type IngestSettings } from './settings.ts';

/** What finding and ingesting raw objects are given. */
export interface IngestMeans {
  readonly store: ObjectStore;
  /** Where in the store objects are; one data directory unless said otherwise. */
  readonly places?: Places;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly settings: Partial<IngestSettings> & Pick<IngestSettings, 'owner'>;
}

/** What finding raw objects works with. */
export interface DiscoveryContext {
  readonly store: ObjectStore;
  readonly places: Places;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: IngestMetrics;
  readonly settings: IngestSettings;
}

/** What every part of ingest works with. */
export interface IngestContext extends DiscoveryContext {
  readonly cooker: Cooker;
  /** Counts the series of metrics, where there is one. */
  readonly series?: SeriesLedger;
}

export function contextOf(means: IngestMeans): DiscoveryContext {
  const { store, places = ONE_PLACE, catalog, clock, logger } = means;
  return {
    store,
    places,
    catalog,
    clock,
    logger,
    metrics: ingestMetrics(means.metrics),
    settings: { ...INGEST_SETTINGS, ...means.settings },
  };
}
