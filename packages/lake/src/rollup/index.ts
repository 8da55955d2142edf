export {
  FREQUENCIES_NS,
  MAX_HOUR_POINTS,
  type RolledTable,
  type RollInput,
  type RollTask,
  rollHour,
} from './roll.ts';
export { SKETCH_ACCURACY, sketchKey, sketchQuantile, sketchValue } from './windows/sketch.ts';
