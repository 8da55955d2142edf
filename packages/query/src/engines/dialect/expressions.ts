import { type ExactJson, type ExactObject, isObject } from '../../sql/exact-json.ts';
import { aggregate, isAggregate } from './aggregates.ts';
import { cast } from './casts.ts';
import { COMPARISONS, comparable, compare } from './comparisons.ts';
import type { Context } from './context.ts';
import { scalarFunction } from './functions.ts';
import { constant, intervalOf } from './literals.ts';
import { childrenOf, extracted, operator } from './operators.ts';
import { findColumn } from './scope.ts';
import { mayBeNan, type Typed, unified } from './types.ts';

const OPERATORS = new Set(['+', '-', '*', '/', '//', '%', '||']);
const CLOCK = new Set(['now', 'current_timestamp', 'get_current_timestamp', 'transaction_timestamp']);

/** The time at which the query began, of which engines have milliseconds. */
const NOW: Typed = {
  sql: "CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp(6))",
  instant: "(current_timestamp AT TIME ZONE 'UTC')",
  type: 'TIMESTAMPTZ',
};
const TODAY: Typed = { sql: "CAST(current_timestamp AT TIME ZONE 'UTC' AS date)", type: 'DATE' };

/** Translates one expression of DuckDB's syntax tree. Throws QueryError for what has no exact counterpart. */
export function expression(part: ExactJson | undefined, cx: Context): Typed {
  if (!isObject(part)) throw cx.refusals.of(undefined, 'an empty expression');
  const translate = (node: ExactJson | undefined) => expression(node, cx);
  switch (part.class) {
    case 'CONSTANT':
      return constant(part, cx.refusals);
    case 'COLUMN_REF':
      return columnRef(part, cx);
    case 'CAST':
      if (intervalOf(part, cx.refusals) !== undefined) throw cx.refusals.of(part, 'an INTERVAL as a value');
      return cast(part, translate(part.child), cx);
    case 'COMPARISON':
      return comparison(part, cx);
    case 'BETWEEN':
      return between(part, cx);
    case 'CONJUNCTION':
      return conjunction(part, cx);
    case 'CASE':
      return caseOf(part, cx);
    case 'OPERATOR':
      return operatorOf(part, cx);
    case 'FUNCTION':
      return call(part, cx);
    case 'SUBQUERY':
      return subquery(part, cx);
    default:
      throw cx.refusals.of(part, NAMES[String(part.class)] ?? String(part.class));
  }
}

const NAMES: Readonly<Record<string, string>> = {
  WINDOW: 'a window function (OVER)',
  LAMBDA: 'a lambda',
  STAR: 'COLUMNS(...) or a star inside of an expression',
  COLLATE: 'COLLATE',
  POSITIONAL_REFERENCE: 'a column by its number (#1)',
};

/** A condition: BOOLEAN, and nothing that would have to become it. */
export function condition(part: ExactJson | undefined, cx: Context): string {
  const { sql, type } = expression(part, cx);
  if (type !== 'BOOLEAN' && type !== 'NULL') {
    throw cx.refusals.of(isObject(part) ? part : undefined, `a condition of type ${type}`);
  }
  return sql;
}

function columnRef(part: ExactObject, cx: Context): Typed {
  const names = Array.isArray(part.column_names)
    ? part.column_names.map((name) => String(name).toLowerCase())
    : [];
  const column = findColumn(cx.relations, names, part, cx.refusals)?.expression();
  const alias = names.length === 1 ? cx.alias(names[0], part) : undefined;
  if (column !== undefined && alias !== undefined && column.sql !== alias.sql) {
    throw cx.refusals.of(
      part,
      `the name ${names[0]}, which a column and an alias have,`,
      'give the alias a name of its own',
    );
  }
  const found = column ?? alias;
  if (found !== undefined) return found;
  if (names.length === 1 && CLOCK.has(names[0])) return NOW;
  if (names.length === 1 && (names[0] === 'current_date' || names[0] === 'today')) return TODAY;
  throw cx.refusals.of(
    part,
    `${names.join('.')}, which is no column of what is read here,`,
    'subqueries that refer to columns outside of them, and struct fields, are not translated',
  );
}

function comparison(part: ExactObject, cx: Context): Typed {
  const op = COMPARISONS[String(part.type)];
  if (op === undefined) throw cx.refusals.of(part, String(part.type));
  return compare(op, expression(part.left, cx), expression(part.right, cx), part, cx);
}

function between(part: ExactObject, cx: Context): Typed {
  const [input, lower, upper] = [part.input, part.lower, part.upper].map((node) => expression(node, cx));
  const low = compare('>=', input, lower, part, cx);
  const high = compare('<=', input, upper, part, cx);
  return { sql: `(${low.sql} AND ${high.sql})`, type: 'BOOLEAN' };
}

function conjunction(part: ExactObject, cx: Context): Typed {
  const word = part.type === 'CONJUNCTION_OR' ? ' OR ' : ' AND ';
  return {
    sql: `(${childrenOf(part)
      .map((child) => condition(child, cx))
      .join(word)})`,
    type: 'BOOLEAN',
  };
}

function caseOf(part: ExactObject, cx: Context): Typed {
  const checks = Array.isArray(part.case_checks) ? part.case_checks.filter(isObject) : [];
  const results = [...checks.map((check) => check.then_expr), part.else_expr].map((node) =>
    expression(node, cx),
  );
  const { values, type } = unified(results, part, 'CASE', cx.refusals);
  const whens = checks.map((check, i) => `WHEN ${condition(check.when_expr, cx)} THEN ${values[i].sql}`);
  return {
    sql: `CASE ${whens.join(' ')} ELSE ${values[values.length - 1].sql} END`,
    type,
    notNan: values.every((value) => !mayBeNan(value)),
    finite: values.every(({ finite, type: each }) => finite === true || each === 'NULL'),
  };
}

function operatorOf(part: ExactObject, cx: Context): Typed {
  const children = childrenOf(part);
  switch (part.type) {
    case 'OPERATOR_NOT':
      return { sql: `(NOT ${condition(children[0], cx)})`, type: 'BOOLEAN' };
    case 'OPERATOR_IS_NULL':
      return { sql: `(${expression(children[0], cx).sql} IS NULL)`, type: 'BOOLEAN' };
    case 'OPERATOR_IS_NOT_NULL':
      return { sql: `(${expression(children[0], cx).sql} IS NOT NULL)`, type: 'BOOLEAN' };
    case 'COMPARE_IN':
    case 'COMPARE_NOT_IN':
      return inList(part, children, cx);
    case 'OPERATOR_COALESCE': {
      const values = children.map((child) => expression(child, cx));
      const { values: same, type } = unified(values, part, 'COALESCE', cx.refusals);
      return { sql: `coalesce(${same.map(({ sql }) => sql).join(', ')})`, type };
    }
    case 'ARRAY_EXTRACT':
      return extracted(part, children, (node) => expression(node, cx), cx);
    default:
      throw cx.refusals.of(part, String(part.type));
  }
}

function inList(part: ExactObject, children: readonly ExactObject[], cx: Context): Typed {
  const [input, ...values] = children.map((child) => expression(child, cx));
  const pairs = values.map((value) => comparable(input, value, part, cx));
  if (pairs.some(([a, b]) => mayBeNan(a) && mayBeNan(b)))
    throw cx.refusals.of(part, 'IN of DOUBLE that may be NaN');
  // One form of the input serves all, or there is no one list.
  if (new Set(pairs.map(([a]) => a.sql)).size !== 1)
    throw cx.refusals.of(part, 'IN with values of several types');
  const list = pairs.map(([, b]) => b.sql).join(', ');
  const not = part.type === 'COMPARE_NOT_IN' ? 'NOT ' : '';
  return { sql: `(${pairs[0][0].sql} ${not}IN (${list}))`, type: 'BOOLEAN' };
}

function call(part: ExactObject, cx: Context): Typed {
  const name = String(part.function_name).toLowerCase();
  const children = childrenOf(part);
  const translate = (node: ExactObject) => expression(node, cx);
  if (intervalOf(part, cx.refusals) !== undefined) throw cx.refusals.of(part, 'an INTERVAL as a value');
  if (isAggregate(name)) return aggregate(name, part, children, cx, { expression, condition });
  if (isObject(part.filter) || part.distinct === true) throw cx.refusals.of(part, `${name} as an aggregate`);
  if (OPERATORS.has(name)) return operator(name, part, children, translate, cx);
  if (CLOCK.has(name) && children.length === 0) return NOW;
  if (name === 'today' || name === 'current_date') return TODAY;
  return scalarFunction({ name, part, nodes: children, translate, cx });
}

function subquery(part: ExactObject, cx: Context): Typed {
  const { subquery: inner } = part;
  const node = isObject(inner) ? inner.node : undefined;
  if (!isObject(node)) throw cx.refusals.of(part, 'this subquery');
  const { sql, columns } = cx.query(node);
  const value = columns[0]?.value;
  switch (part.subquery_type) {
    case 'EXISTS':
      return { sql: `EXISTS (${sql})`, type: 'BOOLEAN' };
    case 'SCALAR':
      return { sql: `(${sql})`, type: value.type, finite: value.finite, notNan: value.notNan };
    case 'ANY': {
      const input = expression(part.child, cx);
      if (
        part.comparison_type !== 'COMPARE_EQUAL' ||
        input.type !== value.type ||
        /^DOUBLE|[[(]/.test(input.type)
      ) {
        throw cx.refusals.of(part, `ANY (SELECT ...) of ${input.type} and ${value.type}`);
      }
      return { sql: `(${input.sql} IN (${sql}))`, type: 'BOOLEAN' };
    }
    default:
      throw cx.refusals.of(part, `a subquery of the kind ${part.subquery_type}`);
  }
}
