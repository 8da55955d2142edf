import type { Clock, Logger, ObjectStore } from '@lakewright/core';
import type { Catalog } from '../catalog/index.ts';
import type { Cooker } from '../types.ts';
import type { IngestMetrics } from './metrics.ts';
import type { IngestSettings } from './settings.ts';

/** What every part of ingest works with. */
export interface IngestContext {
  readonly store: ObjectStore;
  readonly catalog: Catalog;
  readonly cooker: Cooker;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: IngestMetrics;
  readonly settings: IngestSettings;
}
