import type { Clock, Logger, ObjectStore } from '@lakewright/core';
import type { Catalog } from '../catalog/index.ts';
import type { Places } from '../places.ts';
import type { SweepSettings } from './settings.ts';

/** What every part of the sweeper works with. */
export interface SweepContext {
  readonly store: ObjectStore;
  readonly places: Places;
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** Milliseconds on a clock that only runs while the machine does. */
  readonly runningMs: () => number;
  readonly logger: Logger;
  readonly settings: SweepSettings;
}
