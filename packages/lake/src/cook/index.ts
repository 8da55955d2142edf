export { cook, cookMemory, ROW_GROUP_ROWS } from './cook.ts';
export { createThreadCooker } from './pool.ts';
