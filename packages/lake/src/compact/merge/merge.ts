import { UnmergeableError } from '../../errors.ts';
import {
  type ByteSource,
  type ColumnData,
  type ColumnRows,
  ColumnwiseWriter,
  ParquetFile,
  type StoredColumn,
  type StringRows,
  type WordRows,
} from '../../parquet/index.ts';
import { type Column, storedColumns, type TableName } from '../../tables.ts';
import { gathererOf } from './gather.ts';
import { type OutputGroup, planGroups } from './groups.ts';
import { Names } from './names.ts';
import { type KeyRows, mergeOrder, type Runs, UnsortedError } from './order.ts';

/** A segment's file that is to be merged. */
export interface MergeInput {
  readonly key: string;
  /** As the catalog has it. */
  readonly rows: number;
  readonly source: ByteSource;
}

interface OpenInput {
  readonly key: string;
  readonly file: ParquetFile;
}

/** By what each table is sorted before time: a text, and an identity that is ordered without sign. */
function sortColumns(table: TableName): { name: string; id: string | undefined } {
  if (table === 'logs') return { name: 'service_name', id: 'stream_id' };
  if (table === 'traces') return { name: 'service_name', id: undefined };
  return { name: 'metric_name', id: 'series_id' };
}

/**
 * Merges sorted segments of one table into the parts of one sorted file with the same rows. Equal inputs in
 * equal order give equal bytes. One column of the inputs is decoded at a time, of each input one row group, so
 * memory is the biggest column's row group times the inputs, plus the file that is made, compressed. Row groups
 * of inputs that come whole are copied as they are stored.
 *
 * Throws UnmergeableError naming the input that cannot be read, is not sorted, or has other rows than the
 * catalog says.
 */
export function mergeSegments(table: TableName, inputs: readonly MergeInput[]): Uint8Array<ArrayBuffer>[] {
  const columns = storedColumns(table);
  const files = inputs.map((input) => openInput(input, columns));
  const runs = orderOf(table, columns, files);
  const inputGroups = files.map(({ file }) =>
    Array.from({ length: file.groups }, (_, group) => file.rowsOf(group)),
  );
  const groups = planGroups(runs, inputGroups);
  const writer = new ColumnwiseWriter(
    columns,
    groups.map(({ rows }) => rows),
  );
  for (const column of columns) writer.column(column, gatherColumn(column, files, runs, groups));
  return writer.finish();
}

function openInput({ key, rows, source }: MergeInput, columns: readonly Column[]): OpenInput {
  const file = reading(key, () => ParquetFile.open(source, columns));
  if (file.rows !== rows) {
    throw new UnmergeableError(key, `it has ${file.rows} rows and the catalog says ${rows}`);
  }
  return { key, file };
}

/** What `read` answers; what it throws of the file's bytes becomes an error that names the segment. */
function reading<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new UnmergeableError(key, error.message, { cause: error });
    throw error;
  }
}

function orderOf(table: TableName, columns: readonly Column[], files: readonly OpenInput[]): Runs {
  const named = (name: string | undefined) => columns.find((column) => column.name === name);
  const { name, id } = sortColumns(table);
  const nameColumn = named(name) as Column;
  const idColumn = named(id);
  const timeColumn = named('time_unix_nano') as Column;
  const names = new Names();
  for (const { key, file } of files) {
    for (let group = 0; group < file.groups; group++) {
      names.add(reading(key, () => file.column(nameColumn, group)) as StringRows);
    }
  }
  names.rank();
  const keys = files.map(function* ({ key, file }): Generator<KeyRows, undefined> {
    for (let group = 0; group < file.groups; group++) {
      const read = (column: Column) => reading(key, () => file.column(column, group));
      yield {
        count: file.rowsOf(group),
        ranks: names.ranksOf(read(nameColumn) as StringRows),
        ids: idColumn === undefined ? undefined : (read(idColumn) as WordRows).words,
        times: (read(timeColumn) as WordRows).words,
      };
    }
  });
  try {
    return mergeOrder(keys);
  } catch (error) {
    if (error instanceof UnsortedError) throw new UnmergeableError(files[error.input].key, error.message);
    throw error;
  }
}

/** Where the next row of an input is. */
interface Cursor {
  group: number;
  /** Read when they are needed. */
  rows: ColumnRows | undefined;
  at: number;
}

function* gatherColumn(
  column: Column,
  files: readonly OpenInput[],
  runs: Runs,
  groups: readonly OutputGroup[],
): Generator<ColumnData | StoredColumn> {
  const cursors = files.map((): Cursor => ({ group: 0, rows: undefined, at: 0 }));
  const gatherer = gathererOf(column);
  let run = 0;
  let runLeft = runs.lengths[0];
  for (const { rows, copy } of groups) {
    const stored = copy && storedColumn(column, files[copy.input], copy.group);
    if (stored === undefined) gatherer.begin(rows);
    for (let left = rows; left > 0; ) {
      if (runLeft === 0) runLeft = runs.lengths[++run];
      const input = runs.inputs[run];
      const cursor = cursors[input];
      const size = files[input].file.rowsOf(cursor.group);
      const count = Math.min(left, runLeft, size - cursor.at);
      if (stored === undefined) {
        cursor.rows ??= readRows(column, files[input], cursor.group);
        gatherer.append(cursor.rows, cursor.at, count);
      }
      cursor.at += count;
      if (cursor.at === size) advance(cursor);
      runLeft -= count;
      left -= count;
    }
    yield stored ?? gatherer.data();
  }
}

function readRows(column: Column, { key, file }: OpenInput, group: number): ColumnRows {
  return reading(key, () => file.column(column, group));
}

function storedColumn(column: Column, { key, file }: OpenInput, group: number): StoredColumn | undefined {
  return reading(key, () => file.stored(column, group));
}

function advance(cursor: Cursor): void {
  cursor.group++;
  cursor.rows = undefined;
  cursor.at = 0;
}
