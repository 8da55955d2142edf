export type { SweepReport } from './report.ts';
export { createSweeper, runSweeper, type SweepDependencies } from './run.ts';
export { type Retention, SWEEP_SETTINGS, type SweepSettings } from './settings.ts';
export { Sweeper, type SweepOptions } from './sweeper.ts';
