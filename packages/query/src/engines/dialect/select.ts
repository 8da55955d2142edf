import { type ExactJson, type ExactObject, isObject } from '../../sql/exact-json.ts';
import { sqlName } from '../../sql/text.ts';
import { orderTerm } from './aggregates.ts';
import type { Context, InnerQuery } from './context.ts';
import { condition, expression } from './expressions.ts';
import { type CommonTables, type From, fromClause, insideOf } from './from.ts';
import type { Refusals } from './refusals.ts';
import { type Item, SelectList } from './select-list.ts';
import type { Typed } from './types.ts';

/** What every part of a query is translated with. */
export interface Means {
  readonly refusals: Refusals;
  /** Syntax trees of the expressions of derived columns. */
  readonly derived: ReadonlyMap<string, ExactObject>;
  /** Bounds on time_unix_nano of every table, ns since the epoch: inclusive, exclusive. */
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  query(node: ExactObject, tables: CommonTables): InnerQuery;
  /** A name that no query has. */
  freshName(): string;
}

/** How the outermost query differs from those inside of it. */
export interface Outermost {
  /** Rows at most. */
  readonly limit: number;
  /** How a column is written in the answer. */
  output(value: Typed): string;
}

const SET_OPERATIONS: Readonly<Record<string, string>> = {
  SET_OPERATION_NODE: 'UNION, INTERSECT or EXCEPT',
  RECURSIVE_CTE_NODE: 'WITH RECURSIVE',
};

/** Translates one SELECT. */
export function select(
  node: ExactObject,
  outer: CommonTables,
  means: Means,
  outermost?: Outermost,
): InnerQuery {
  const { refusals } = means;
  if (node.type !== 'SELECT_NODE')
    throw refusals.of(node, SET_OPERATIONS[String(node.type)] ?? String(node.type));
  if (isObject(node.qualify)) throw refusals.of(node.qualify, 'QUALIFY');
  if (isObject(node.sample)) throw refusals.of(node.sample, 'a sample');
  const { tables, sql: common } = commonTables(node, outer, means);
  const from = fromClause(node.from_table, tables, means);
  const list = new SelectList(node, insideOf(from.relations, means, tables));
  const modifiers = modifiersOf(node, list, refusals, outermost);
  const sql = [
    common,
    `SELECT ${modifiers.distinct}${list.items.map((item) => itemSql(item, outermost)).join(', ')}`,
    from.sql === '' ? '' : `FROM ${from.sql}`,
    where(node, list),
    ...grouping(node, list, refusals),
    modifiers.orderBy,
    modifiers.offset,
    modifiers.limit,
  ];
  checkAlone(from, node, refusals);
  return { sql: sql.filter((each) => each !== '').join(' '), columns: list.outputs(outermost === undefined) };
}

function itemSql({ value, label, isNamed }: Item, outermost: Outermost | undefined): string {
  const sql = outermost === undefined ? value.sql : outermost.output(value);
  if (outermost !== undefined && !isNamed) return sql;
  return sql.endsWith(`.${sqlName(label)}`) ? sql : `${sql} AS ${sqlName(label)}`;
}

function commonTables(
  node: ExactObject,
  outer: CommonTables,
  means: Means,
): { readonly tables: CommonTables; readonly sql: string } {
  const entries = isObject(node.cte_map) && Array.isArray(node.cte_map.map) ? node.cte_map.map : [];
  const tables = new Map(outer);
  const parts: string[] = [];
  for (const { key, value } of entries.filter(isObject)) {
    const name = String(key).toLowerCase();
    const query = isObject(value) && isObject(value.query) ? value.query.node : undefined;
    if (!isObject(value) || !isObject(query)) throw means.refusals.of(node, `WITH ${name}`);
    if (Array.isArray(value.aliases) && value.aliases.length > 0) {
      throw means.refusals.of(query, `WITH ${name}(...)`, 'name the columns in its SELECT');
    }
    const { sql, columns } = means.query(query, tables);
    parts.push(`${sqlName(name)} AS (${sql})`);
    tables.set(name, columns);
  }
  return { tables, sql: parts.length === 0 ? '' : `WITH ${parts.join(', ')}` };
}

function where(node: ExactObject, list: SelectList): string {
  if (!isObject(node.where_clause)) return '';
  return `WHERE ${condition(node.where_clause, { ...list.context, instants: true })}`;
}

function grouping(node: ExactObject, list: SelectList, refusals: Refusals): string[] {
  const groups = Array.isArray(node.group_expressions) ? node.group_expressions.filter(isObject) : [];
  const sets = Array.isArray(node.group_sets) ? node.group_sets : [];
  if (node.aggregate_handling !== 'STANDARD_HANDLING') {
    throw refusals.of(node, 'GROUP BY ALL', 'name the columns: GROUP BY 1, 2');
  }
  if (sets.length > 1) throw refusals.of(groups[0] ?? node, 'GROUPING SETS, ROLLUP or CUBE');
  const terms = groups.map((group) => {
    const item = list.ordinal(group) ?? list.named(group);
    const value = item?.value ?? expression(group, list.context);
    checkGroup(value, group, 'GROUP BY', refusals);
    // A literal of the list, written again, would be taken for an ordinal.
    return item === undefined ? value.sql : list.ordinalOf(item);
  });
  return [
    terms.length === 0 ? '' : `GROUP BY ${terms.join(', ')}`,
    isObject(node.having) ? `HAVING ${condition(node.having, list.context)}` : '',
  ];
}

/** Whether two NaN, two zeros of different signs, or two maps are the same is for each engine to say. */
function checkGroup({ type }: Typed, part: ExactObject, what: string, refusals: Refusals): void {
  if (type === 'DOUBLE' || /[[(]/.test(type))
    throw refusals.of(part, `${what} of ${type}`, 'CAST it to BIGINT or VARCHAR, or choose another column');
}

interface Modifiers {
  readonly distinct: string;
  readonly orderBy: string;
  readonly offset: string;
  readonly limit: string;
}

function modifiersOf(
  node: ExactObject,
  list: SelectList,
  refusals: Refusals,
  outermost: Outermost | undefined,
): Modifiers {
  let distinct = '';
  let orderBy = '';
  let offset: bigint | undefined;
  let limit: bigint | undefined;
  for (const modifier of Array.isArray(node.modifiers) ? node.modifiers.filter(isObject) : []) {
    switch (modifier.type) {
      case 'DISTINCT_MODIFIER':
        if (Array.isArray(modifier.distinct_on_targets) && modifier.distinct_on_targets.length > 0)
          throw refusals.of(node, 'DISTINCT ON');
        for (const { value } of list.items) checkGroup(value, node, 'DISTINCT', refusals);
        distinct = 'DISTINCT ';
        break;
      case 'ORDER_MODIFIER':
        orderBy = `ORDER BY ${ordersOf(modifier, list, refusals).join(', ')}`;
        break;
      case 'LIMIT_MODIFIER':
        limit = rows(modifier.limit, list.context, 'LIMIT');
        offset = rows(modifier.offset, list.context, 'OFFSET');
        break;
      default:
        throw refusals.of(
          node,
          modifier.type === 'LIMIT_PERCENT_MODIFIER' ? 'LIMIT in percent' : String(modifier.type),
        );
    }
  }
  // Trino drops the order of a subquery, in which DuckDB hands its rows on.
  if (outermost === undefined && orderBy !== '' && limit === undefined) {
    throw refusals.of(node, 'ORDER BY in a subquery without LIMIT', 'order the outermost query');
  }
  if (outermost !== undefined) {
    const most = BigInt(outermost.limit);
    limit = limit === undefined || limit > most ? most : limit;
  }
  return {
    distinct,
    orderBy,
    offset: offset === undefined ? '' : `OFFSET ${offset}`,
    limit: limit === undefined ? '' : `LIMIT ${limit}`,
  };
}

function ordersOf(modifier: ExactObject, list: SelectList, refusals: Refusals): string[] {
  const orders = Array.isArray(modifier.orders) ? modifier.orders.filter(isObject) : [];
  return orders.map((order) => {
    const { expression: by } = order;
    if (!isObject(by) || by.class === 'STAR') throw refusals.of(order, 'ORDER BY ALL', 'name the columns');
    const item = list.ordinal(by) ?? list.named(by);
    const cx: Context = list.context;
    return item === undefined
      ? orderTerm(expression(by, cx), order, cx)
      : orderTerm(item.value, order, cx, list.ordinalOf(item));
  });
}

function rows(part: ExactJson | undefined, cx: Context, what: string): bigint | undefined {
  if (!isObject(part)) return undefined;
  const { integer, type } = expression(part, cx);
  if (type === 'NULL') return undefined;
  if (integer === undefined || integer < 0n) throw cx.refusals.of(part, `${what} of other than a literal`);
  return integer;
}

/** A query without FROM reads one row in DuckDB and in Trino; a star has nothing to stand for. */
function checkAlone(from: From, node: ExactObject, refusals: Refusals): void {
  if (from.sql === '' && isObject(node.where_clause)) throw refusals.of(node, 'WHERE without FROM');
}
