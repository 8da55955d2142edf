import type { Clock, Logger, ObjectStore } from '@lakewright/core';
import type { Catalog } from '../catalog/index.ts';
import type { Places } from '../places.ts';
import type { Merger } from './merge/thread.ts';
import type { CompactMetrics } from './metrics.ts';
import type { CompactSettings } from './settings.ts';

/** What every part of compaction works with. */
export interface CompactContext {
  readonly store: ObjectStore;
  readonly places: Places;
  readonly catalog: Catalog;
  readonly merger: Merger;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: CompactMetrics;
  readonly settings: CompactSettings;
}
