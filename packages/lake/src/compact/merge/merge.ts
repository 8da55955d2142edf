import { UnmergeableError } from '../../errors.ts';
import {
  type ByteSource,
  type ColumnData,
  type ColumnRows,
  ColumnwiseWriter,
  type ConstantRows,
  isSameConstant,
  MIN_CONSTANT_ROWS,
  ParquetFile,
  type StoredColumn,
} from '../../parquet/index.ts';
import { type Column, storedColumns, type TableName } from '../../tables.ts';
import { type Gatherer, gathererOf } from './gather.ts';
import { TextGatherer } from './gather-texts.ts';
import { planGroups } from './groups.ts';
import { keyColumns, keyGroup, namesIn } from './keys.ts';
import { Names } from './names.ts';
import { type KeyGroup, mergeOrder, UnsortedError } from './order.ts';
import type { Runs } from './runs.ts';
import { type PlacedGroup, placeGroups, walk } from './walk.ts';

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
  const groups = placeGroups(planGroups(runs, inputGroups), runs, inputGroups);
  const writer = new ColumnwiseWriter(
    columns,
    groups.map(({ rows }) => rows),
  );
  for (const column of columns) {
    writer.column(column, gatherColumn(column, files, groups, { runs, inputGroups }));
  }
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
  const keys = keyColumns(table, columns);
  const names = new Names();
  for (const { key, file } of files) {
    for (let group = 0; group < file.groups; group++) {
      names.add(reading(key, () => namesIn(file, keys, group)));
    }
  }
  names.rank();
  const groupsOf = files.map(function* ({ key, file }): Generator<KeyGroup, undefined> {
    for (let group = 0; group < file.groups; group++) {
      const known = reading(key, () => keyGroup(file, keys, group, names));
      yield { ...known, read: () => reading(key, known.read) };
    }
  });
  try {
    return mergeOrder(groupsOf);
  } catch (error) {
    if (error instanceof UnsortedError) throw new UnmergeableError(files[error.input].key, error.message);
    throw error;
  }
}

function* gatherColumn(
  column: Column,
  files: readonly OpenInput[],
  groups: readonly PlacedGroup[],
  { runs, inputGroups }: { runs: Runs; inputGroups: readonly (readonly number[])[] },
): Generator<ColumnData | StoredColumn> {
  // Of each input the row group that is being read. A group that comes ready leaves it where it is.
  const open: ({ readonly group: number; readonly rows: ColumnRows } | undefined)[] = files.map(
    () => undefined,
  );
  const numbering = gathererOf(column);
  const copying = new TextGatherer();
  for (const group of groups) {
    const { copy } = group;
    const ready = copy
      ? storedColumn(column, files[copy.input], copy.group)
      : constantColumn(column, files, group, numbering);
    if (ready !== undefined) {
      yield ready;
      continue;
    }
    const gatherer = hardlyRepeats(column, files, group) ? copying : numbering;
    gatherer.begin(group.rows);
    walk(group, runs, inputGroups, (input, of, from, count, isEnd) => {
      const held = open[input];
      const rows = held?.group === of ? held.rows : readRows(column, files[input], of);
      gatherer.append(rows, from, count);
      open[input] = isEnd ? undefined : { group: of, rows };
    });
    yield gatherer.data();
  }
}

function readRows(column: Column, { key, file }: OpenInput, group: number): ColumnRows {
  return reading(key, () => file.column(column, group));
}

/** The value of all rows of a row group of the output, when the footers and pages of its inputs say that it is one. */
function constantColumn(
  column: Column,
  files: readonly OpenInput[],
  { rows, sources }: PlacedGroup,
  gatherer: Gatherer,
): ColumnData | undefined {
  if (rows < MIN_CONSTANT_ROWS) return undefined;
  let first: ConstantRows | undefined;
  for (const { input, group } of sources) {
    const { key, file } = files[input];
    const constant = reading(key, () => file.constant(column, group));
    if (constant === undefined || (first !== undefined && !isSameConstant(first, constant))) return undefined;
    first ??= constant;
  }
  if (first === undefined) return undefined;
  if (first.row === undefined) return { kind: 'constant', one: undefined };
  gatherer.begin(1);
  gatherer.append(first.row, 0, 1);
  return { kind: 'constant', one: gatherer.data() };
}

/** Texts of a column chunk from which on it tells, having no dictionary, that they will not repeat in the output. */
const MANY_TEXTS = 4096;

function hardlyRepeats(column: Column, files: readonly OpenInput[], { sources }: PlacedGroup): boolean {
  if (column.type !== 'VARCHAR') return false;
  return sources.every(({ input, group }) => {
    const { key, file } = files[input];
    const texts = reading(key, () => file.plainTexts(column, group));
    return texts === 0 || (texts !== undefined && texts >= MANY_TEXTS);
  });
}

function storedColumn(column: Column, { key, file }: OpenInput, group: number): StoredColumn | undefined {
  return reading(key, () => file.stored(column, group));
}
