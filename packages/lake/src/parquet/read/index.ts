export type {
  BooleanRows,
  ColumnRows,
  Int32Rows,
  ListRows,
  MapRows,
  StringRows,
  WordRows,
} from './column.ts';
export { type ConstantRows, isSameConstant } from './constant.ts';
export { type ByteSource, ParquetFile, type StoredColumn } from './file.ts';
export type { LeafStrings } from './values.ts';
