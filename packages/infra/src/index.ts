export { MAX_TEMPLATE_BYTES, synthesize } from './synth.ts';
