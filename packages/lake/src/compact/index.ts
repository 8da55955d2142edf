export { type CompactDependencies, runCompaction } from './compact.ts';
export { type MergeInput, mergeSegments } from './merge/merge.ts';
export { createThreadMerger, type MergeJob, type Merger } from './merge/thread.ts';
export { type PlanInput, type PlannedMerge, planMerges } from './plan.ts';
export { COMPACT_SETTINGS, type CompactSettings, PLAN_SETTINGS, type PlanSettings } from './settings.ts';
