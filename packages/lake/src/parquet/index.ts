export type { ColumnData, StringTable } from './data.ts';
export { ParquetWriter } from './writer.ts';
