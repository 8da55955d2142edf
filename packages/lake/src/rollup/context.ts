import type { Clock, Logger, ObjectStore } from '@lakewright/core';
import type { Catalog } from '../catalog/index.ts';
import type { Places } from '../places.ts';
import type { RollupMetrics } from './metrics.ts';
import type { RollupSettings } from './settings.ts';
import type { Roller } from './thread.ts';

/** What every part of rolling up works with. */
export interface RollupContext {
  readonly store: ObjectStore;
  readonly places: Places;
  readonly catalog: Catalog;
  readonly roller: Roller;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: RollupMetrics;
  readonly settings: RollupSettings;
}
