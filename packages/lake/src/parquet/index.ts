export { ColumnwiseWriter } from './columnwise.ts';
export { MIN_CONSTANT_ROWS } from './constants.ts';
export type { ColumnData, StringTable } from './data.ts';
export * from './read/index.ts';
export { isNeverNull, nestedFieldId } from './schema.ts';
export { ParquetWriter } from './writer.ts';
