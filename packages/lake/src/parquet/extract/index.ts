export { type ChunkCopy, type Extract, planExtract, type Selection } from './extract.ts';
export { type FileLayout, footerLength, readLayout, TAIL_BYTES } from './layout.ts';
export { keptGroups, type RowConditions } from './prune.ts';
