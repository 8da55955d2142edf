import { type ColumnType, storedColumns, TABLE_NAMES } from '@lakewright/lake';
import { columnReader } from '../sql/conditions.ts';
import { type ExactJson, type ExactObject, isObject } from '../sql/exact-json.ts';
import type { TableReference } from '../sql/vet.ts';
import { pushedConditions } from './conditions.ts';
import type { Take } from './unit.ts';

/** Parts of a SELECT that make a query need more than its first rows. */
const ABSENT = ['having', 'sample', 'qualify'] as const;

/** Classes of expressions that make one value of one row, whatever their children do. */
const PER_ROW = new Set(['BETWEEN', 'CASE', 'CAST', 'COLUMN_REF', 'COMPARISON', 'CONJUNCTION', 'CONSTANT']);
const OPERATORS = new Set([
  'ARRAY_EXTRACT',
  'COMPARE_IN',
  'COMPARE_NOT_IN',
  'OPERATOR_COALESCE',
  'OPERATOR_IS_NOT_NULL',
  'OPERATOR_IS_NULL',
  'OPERATOR_NOT',
]);

/**
 * The first rows that are enough of every part of the table when the query is `SELECT ... FROM table WHERE
 * ... ORDER BY column LIMIT n`, each row of the answer coming from one row of the table and every condition
 * being one that workers check. `rows` is what the whole query is cut at; `root` is `SELECT * FROM (query)
 * LIMIT rows`. Undefined wherever that is not certain.
 */
export function takeOf(root: ExactObject, rows: number): Take | undefined {
  const select = innerSelect(root);
  const reference = select === undefined ? undefined : onlyTable(select);
  if (select === undefined || reference === undefined) return undefined;
  const types = new Map(storedColumns(reference.table).map(({ name, type }) => [name, type]));
  if (!pushedConditions(reference, types).complete) return undefined;
  const items = select.select_list;
  if (!Array.isArray(items) || !items.every((item) => isPlainStar(item) || isPerRow(item))) return undefined;
  return modified(select, rows, columnReader(reference, select), types);
}

function innerSelect(root: ExactObject): ExactObject | undefined {
  const from = root.from_table;
  if (!isObject(from) || from.type !== 'SUBQUERY' || !isObject(from.subquery)) return undefined;
  const node = from.subquery.node;
  if (!isObject(node) || node.type !== 'SELECT_NODE' || node.aggregate_handling !== 'STANDARD_HANDLING')
    return undefined;
  const groups = [node.group_expressions, node.group_sets];
  if (groups.some((each) => !Array.isArray(each) || each.length > 0)) return undefined;
  const commonTables = isObject(node.cte_map) ? node.cte_map.map : undefined;
  if (!Array.isArray(commonTables) || commonTables.length > 0) return undefined;
  return ABSENT.every((part) => node[part] === null) ? node : undefined;
}

function onlyTable(select: ExactObject): TableReference | undefined {
  const from = select.from_table;
  if (!isObject(from) || from.type !== 'BASE_TABLE' || from.sample !== null) return undefined;
  if (!Array.isArray(from.column_name_alias) || from.column_name_alias.length > 0) return undefined;
  const name = String(from.table_name).toLowerCase();
  const table = TABLE_NAMES.find((each) => each === name);
  const alias = from.alias ? String(from.alias).toLowerCase() : name;
  return table === undefined ? undefined : { table, alias, alone: true, boundedBy: select };
}

const isPlainStar = (item: ExactJson): boolean =>
  isObject(item) &&
  item.class === 'STAR' &&
  item.columns === false &&
  item.expr === null &&
  isEmpty(item.replace_list);

const isEmpty = (list: ExactJson | undefined): boolean => Array.isArray(list) && list.length === 0;

/** Whether an expression is made of nothing but what gives one value of one row. */
function isPerRow(part: ExactJson): boolean {
  if (Array.isArray(part)) return part.every(isPerRow);
  if (!isObject(part)) return true;
  if (typeof part.class === 'string') {
    const operator = part.class === 'OPERATOR' && OPERATORS.has(String(part.type));
    const infix = part.class === 'FUNCTION' && part.is_operator === true;
    if (!PER_ROW.has(part.class) && !operator && !infix) return false;
  }
  return Object.values(part).every(isPerRow);
}

function modified(
  select: ExactObject,
  rows: number,
  column: ReturnType<typeof columnReader>,
  types: ReadonlyMap<string, ColumnType>,
): Take | undefined {
  let order: Take['order'] = [];
  let wanted = rows;
  if (!Array.isArray(select.modifiers)) return undefined;
  for (const modifier of select.modifiers) {
    if (!isObject(modifier)) return undefined;
    if (modifier.type === 'ORDER_MODIFIER' && Array.isArray(modifier.orders)) {
      const read = modifier.orders.map((each) => orderOf(each, column, types));
      if (!read.every((each) => each !== undefined)) return undefined;
      order = read;
    } else if (modifier.type === 'LIMIT_MODIFIER') {
      const limit = modifier.limit === null ? Infinity : integerOf(modifier.limit);
      const offset = modifier.offset === null ? 0 : integerOf(modifier.offset);
      if (limit === undefined || offset === undefined) return undefined;
      wanted = offset + Math.min(limit, rows);
    } else return undefined;
  }
  return Number.isSafeInteger(wanted) ? { rows: wanted, order } : undefined;
}

function orderOf(
  term: ExactJson,
  column: ReturnType<typeof columnReader>,
  types: ReadonlyMap<string, ColumnType>,
): Take['order'][number] | undefined {
  if (!isObject(term)) return undefined;
  const name = column(term.expression);
  const type = name === undefined ? undefined : types.get(name);
  if (name === undefined || type === undefined || type.startsWith('MAP') || type.endsWith('[]'))
    return undefined;
  // DuckDB puts NULL last in either direction unless told otherwise.
  return {
    column: name,
    descending: term.type === 'DESCENDING',
    nullsFirst: term.null_order === 'NULLS FIRST',
  };
}

function integerOf(part: ExactJson | undefined): number | undefined {
  if (!isObject(part) || part.class !== 'CONSTANT' || !isObject(part.value)) return undefined;
  const { value } = part.value;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
