export { type Drift, drift } from './drift.ts';
export { MAX_TEMPLATE_BYTES, synthesize } from './synth.ts';
