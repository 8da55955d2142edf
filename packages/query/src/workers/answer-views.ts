import { type Column, TABLES, type TableName } from '@lakewright/lake';
import type { MapKey } from '../sql/columns.ts';
import { sqlName } from '../sql/text.ts';
import { columnExpression, emptySelect, filesRelation } from '../sql/views.ts';
import { keyColumn } from './unit.ts';

/** In answers that have equal rows once: how many there are of the row. */
export const COUNT_COLUMN = '__lakewright_count';

/** The most that COUNT_COLUMN says; a row that is there more often has several entries. */
export const MAX_COUNT = 256;

/** The answers of all units of one table. */
export interface TableAnswers {
  readonly table: TableName;
  /** The columns that the query can name: the view has these and no others. */
  readonly named: readonly string[];
  /** The columns in the files. */
  readonly stored: readonly string[];
  /** The keys of maps in the files. */
  readonly keys: readonly MapKey[];
  readonly counted: boolean;
  readonly paths: readonly string[];
}

/**
 * The statement that makes the view of a table over the answers of its units. A column that was not asked of
 * the workers is not in it: a query that needed one after all fails, and never reads NULL in its place.
 */
export function answerViewStatement(answers: TableAnswers): string {
  const columns = TABLES[answers.table].filter(({ name }) => answers.named.includes(name));
  const select = answers.paths.length === 0 ? nothing(columns) : rowsOf(answers, columns);
  return `CREATE OR REPLACE TEMP VIEW ${sqlName(answers.table)} AS ${select}`;
}

/** A view has a column at least; where the query names none, this one. */
const NONE = `NULL AS ${sqlName(COUNT_COLUMN)}`;

const nothing = (columns: readonly Column[]): string =>
  columns.length === 0 ? `SELECT ${NONE} WHERE false` : emptySelect(columns);

function rowsOf({ table, stored, keys, counted, paths }: TableAnswers, columns: readonly Column[]): string {
  const types: Column[] = [
    ...TABLES[table].filter(({ name, derived }) => derived === undefined && stored.includes(name)),
    ...keys.map((_key, i): Column => ({ name: keyColumn(i), type: 'VARCHAR', doc: '' })),
  ];
  const select = columns.length === 0 ? NONE : columns.map((column) => expression(column, keys)).join(', ');
  if (!counted) return `SELECT ${select} FROM ${filesRelation(types, paths)}`;
  const files = filesRelation([...types, { name: COUNT_COLUMN, type: 'INTEGER', doc: '' }], paths);
  const names = types.map(({ name }) => `${sqlName(name)}, `).join('');
  return `SELECT ${select} FROM (SELECT ${names}unnest(range(${sqlName(COUNT_COLUMN)})) FROM ${files})`;
}

/** A map of which only some keys were read is a STRUCT of these: `column['key']` says the same of either. */
function expression(column: Column, keys: readonly MapKey[]): string {
  const fields = keys.flatMap((each, i) =>
    each.column === column.name ? [`${sqlName(each.key)} := ${sqlName(keyColumn(i))}`] : [],
  );
  return fields.length === 0
    ? columnExpression(column)
    : `struct_pack(${fields.join(', ')}) AS ${sqlName(column.name)}`;
}
