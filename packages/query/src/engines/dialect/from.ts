import { TABLES, type TableName } from '@lakewright/lake';
import { type ExactJson, type ExactObject, isObject } from '../../sql/exact-json.ts';
import { sqlName } from '../../sql/text.ts';
import type { Context } from './context.ts';
import { condition, expression } from './expressions.ts';
import { type OutputColumn, type Relation, type RelationColumn, relationOf } from './scope.ts';
import type { Means } from './select.ts';
import type { SqlType } from './types.ts';

/** Columns of the common table expressions that are visible at a place, by name in lower case. */
export type CommonTables = ReadonlyMap<string, readonly OutputColumn[]>;

/** A FROM in Trino's SQL, and what its names mean. */
export interface From {
  readonly sql: string;
  readonly relations: readonly Relation[];
}

const JOINS: Readonly<Record<string, string>> = {
  INNER: 'JOIN',
  LEFT: 'LEFT JOIN',
  RIGHT: 'RIGHT JOIN',
  OUTER: 'FULL JOIN',
};

const NAMES: Readonly<Record<string, string>> = {
  PIVOT: 'PIVOT',
  SHOW_REF: 'DESCRIBE, SHOW or SUMMARIZE',
  EXPRESSION_LIST: 'VALUES',
  COLUMN_DATA: 'VALUES',
  TABLE_FUNCTION: 'a table function',
};

export function fromClause(part: ExactJson | undefined, tables: CommonTables, means: Means): From {
  if (!isObject(part)) throw means.refusals.of(undefined, 'this FROM');
  if (isObject(part.sample)) throw means.refusals.of(part, 'a sample');
  if (Array.isArray(part.column_name_alias) && part.column_name_alias.length > 0) {
    throw means.refusals.of(part, 'a table with names for its columns', 'name columns in its SELECT');
  }
  switch (part.type) {
    case 'EMPTY':
      return { sql: '', relations: [] };
    case 'BASE_TABLE':
      return tableReference(part, tables, means);
    case 'SUBQUERY':
      return subquery(part, tables, means);
    case 'JOIN':
      return join(part, tables, means);
    default:
      throw means.refusals.of(part, NAMES[String(part.type)] ?? String(part.type));
  }
}

function tableReference(part: ExactObject, tables: CommonTables, means: Means): From {
  const name = String(part.table_name).toLowerCase();
  const alias = part.alias ? String(part.alias).toLowerCase() : name;
  const common = tables.get(name);
  const source = common === undefined ? boundedTable(name, means) : sqlName(name);
  const sql = source === sqlName(alias) ? source : `${source} AS ${sqlName(alias)}`;
  if (common !== undefined) return { sql, relations: [relationOf(alias, common)] };
  return { sql, relations: [tableRelation(name as TableName, alias, means)] };
}

/** The table, or its rows within the bounds that hold for every table: files are pruned by `timestamp`. */
function boundedTable(name: string, { startNs, endNs }: Means): string {
  const instant = (ns: bigint) => {
    const micros = ns / 1000n;
    const text = new Date(Number(micros / 1000n)).toISOString().slice(0, 19).replace('T', ' ');
    return `TIMESTAMP '${text}.${String(micros % 1_000_000n).padStart(6, '0')} UTC'`;
  };
  const terms = [
    ...(startNs === undefined
      ? []
      : [`"timestamp" >= ${instant(startNs)}`, `"time_unix_nano" >= ${startNs}`]),
    ...(endNs === undefined ? [] : [`"timestamp" <= ${instant(endNs)}`, `"time_unix_nano" < ${endNs}`]),
  ];
  return terms.length === 0 ? sqlName(name) : `(SELECT * FROM ${sqlName(name)} WHERE ${terms.join(' AND ')})`;
}

function tableRelation(table: TableName, alias: string, means: Means): Relation {
  const columns: RelationColumn[] = [];
  const relation = { alias, columns };
  for (const { name, type, derived } of TABLES[table]) {
    columns.push({
      name,
      type: type as SqlType,
      expression: () => {
        const tree = derived === undefined ? undefined : means.derived.get(derived);
        if (tree !== undefined) return expression(tree, insideOf([relation], means));
        const sql = `${sqlName(alias)}.${sqlName(name)}`;
        // Iceberg's timestamptz is an instant, and the lake's `timestamp` is that in UTC.
        return type === 'TIMESTAMP'
          ? { sql: `CAST(${sql} AT TIME ZONE 'UTC' AS timestamp(6))`, instant: sql, type }
          : { sql, type: type as SqlType };
      },
    });
  }
  return relation;
}

function subquery(part: ExactObject, tables: CommonTables, means: Means): From {
  const node = isObject(part.subquery) ? part.subquery.node : undefined;
  if (!isObject(node)) throw means.refusals.of(part, 'this subquery');
  const { sql, columns } = means.query(node, tables);
  const alias = part.alias ? String(part.alias).toLowerCase() : means.freshName();
  return { sql: `(${sql}) AS ${sqlName(alias)}`, relations: [relationOf(alias, columns)] };
}

function join(part: ExactObject, tables: CommonTables, means: Means): From {
  const left = fromClause(part.left, tables, means);
  const right = fromClause(part.right, tables, means);
  const relations = [...left.relations, ...right.relations];
  const aliases = relations.map(({ alias }) => alias);
  const twice = aliases.find((alias, i) => aliases.indexOf(alias) !== i);
  if (twice !== undefined)
    throw means.refusals.of(part, `the name ${twice} for two tables`, 'give each an alias');
  const side = isObject(part.right) && part.right.type === 'JOIN' ? `(${right.sql})` : right.sql;
  if (part.ref_type === 'CROSS') return { sql: `${left.sql} CROSS JOIN ${side}`, relations };
  const words = JOINS[String(part.join_type)];
  if (part.ref_type !== 'REGULAR' || words === undefined || !isObject(part.condition)) {
    const using = Array.isArray(part.using_columns) && part.using_columns.length > 0;
    const kind = part.ref_type === 'REGULAR' ? (using ? 'USING' : part.join_type) : part.ref_type;
    throw means.refusals.of(part, `a join of the kind ${kind}`, 'write JOIN ... ON');
  }
  const on = condition(part.condition, { ...insideOf(relations, means, tables), instants: true });
  return { sql: `${left.sql} ${words} ${side} ON ${on}`, relations };
}

/** Where names mean columns of `relations` and nothing else. */
export function insideOf(
  relations: readonly Relation[],
  means: Means,
  tables: CommonTables = new Map(),
): Context {
  return {
    relations,
    alias: () => undefined,
    instants: false,
    refusals: means.refusals,
    query: (node) => means.query(node, tables),
    freshName: () => means.freshName(),
  };
}
