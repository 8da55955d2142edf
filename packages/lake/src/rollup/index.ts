export {
  FREQUENCIES_NS,
  MAX_HOUR_POINTS,
  type RolledTable,
  type RollInput,
  type RollTask,
  rollHour,
} from './roll.ts';
export { type RollupDependencies, runRollups } from './rollups.ts';
export { dueAgainMs, ROLLUP_SETTINGS, type RollupSettings } from './settings.ts';
export { createThreadRoller, type Roller, type RollJob } from './thread.ts';
export { SKETCH_ACCURACY, sketchKey, sketchQuantile, sketchValue } from './windows/sketch.ts';
