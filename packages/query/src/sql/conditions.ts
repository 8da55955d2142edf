import { type ExactJson, type ExactObject, isObject } from './exact-json.ts';
import type { TableReference } from './vet.ts';

export type Comparison = '=' | '<' | '<=' | '>' | '>=';
export type BoundColumn = 'timestamp' | 'time_unix_nano';

/** `column op expression`, true of every row that counts; the expression has no columns. */
export interface TimeCondition {
  readonly column: BoundColumn;
  readonly op: Comparison;
  readonly expression: ExactObject;
}

/** What a WHERE certainly asks of one table's rows. */
export interface Conditions {
  readonly times: readonly TimeCondition[];
  /** service_name is one of these. */
  readonly services?: readonly string[];
  /** metric_name is one of these. */
  readonly metrics?: readonly string[];
}

const OPS: Readonly<Record<string, Comparison>> = {
  COMPARE_EQUAL: '=',
  COMPARE_LESSTHAN: '<',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHAN: '>',
  COMPARE_GREATERTHANOREQUALTO: '>=',
};
const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  '=': '=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/** The conditions on time and service that every row which `reference` contributes must meet. */
export function conditionsOf(reference: TableReference): Conditions {
  const select = reference.boundedBy;
  if (select === undefined) return { times: [] };
  const column = columnReader(reference, select);
  const times: TimeCondition[] = [];
  let services: readonly string[] | undefined;
  let metrics: readonly string[] | undefined;
  for (const term of conjuncts(select.where_clause)) {
    times.push(...timeConditions(term, column));
    services = fewer(services, valuesOf('service_name', term, column));
    metrics = fewer(metrics, valuesOf('metric_name', term, column));
  }
  return { times, services, metrics };
}

function fewer(
  a: readonly string[] | undefined,
  b: readonly string[] | undefined,
): readonly string[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.length < a.length ? b : a;
}

/** Reads which column of the referenced table an expression is, if it is surely one. */
export type ColumnReader = (expression: ExactJson | undefined) => string | undefined;

export function columnReader(reference: TableReference, select: ExactObject): ColumnReader {
  const aliases = new Set(
    (Array.isArray(select.select_list) ? select.select_list : [])
      .filter(isObject)
      .map((item) => String(item.alias ?? '').toLowerCase()),
  );
  return (expression) => {
    if (!isObject(expression) || expression.class !== 'COLUMN_REF') return undefined;
    const names = expression.column_names;
    if (!Array.isArray(names)) return undefined;
    const parts = names.map((name) => String(name).toLowerCase());
    if (parts.length === 2 && parts[0] === reference.alias) return parts[1];
    // A bare name may also be an alias of the select list: then it is not sure what it means.
    return parts.length === 1 && reference.alone && !aliases.has(parts[0]) ? parts[0] : undefined;
  };
}

export function conjuncts(condition: ExactJson | undefined): ExactObject[] {
  if (!isObject(condition)) return [];
  if (condition.type !== 'CONJUNCTION_AND' || !Array.isArray(condition.children)) return [condition];
  return condition.children.flatMap(conjuncts);
}

function timeConditions(term: ExactObject, column: ColumnReader): TimeCondition[] {
  if (term.class === 'BETWEEN' && term.type === 'COMPARE_BETWEEN') {
    return [
      ...timeCondition(column(term.input), '>=', term.lower),
      ...timeCondition(column(term.input), '<=', term.upper),
    ];
  }
  const op = term.class === 'COMPARISON' ? OPS[String(term.type)] : undefined;
  if (op === undefined) return [];
  return [
    ...timeCondition(column(term.left), op, term.right),
    ...timeCondition(column(term.right), MIRRORED[op], term.left),
  ];
}

function timeCondition(
  column: string | undefined,
  op: Comparison,
  expression: ExactJson | undefined,
): TimeCondition[] {
  if (column !== 'timestamp' && column !== 'time_unix_nano') return [];
  return isObject(expression) ? [{ column, op, expression }] : [];
}

/** The values of which the column `name` has one wherever `term` is true, when that is sure. */
function valuesOf(name: string, term: ExactObject, column: ColumnReader): string[] | undefined {
  if (term.type === 'COMPARE_EQUAL' && term.class === 'COMPARISON') {
    const value = column(term.left) === name ? term.right : term.left;
    const other = value === term.right ? term.left : term.right;
    return column(other) === name ? texts([value]) : undefined;
  }
  if (term.class === 'OPERATOR' && term.type === 'COMPARE_IN' && Array.isArray(term.children)) {
    const [input, ...values] = term.children;
    return column(input) === name ? texts(values) : undefined;
  }
  if (term.type === 'CONJUNCTION_OR' && Array.isArray(term.children)) {
    const each = term.children.map((child) => (isObject(child) ? valuesOf(name, child, column) : undefined));
    return each.every((one) => one !== undefined) ? [...new Set(each.flat())] : undefined;
  }
  return undefined;
}

/** The values, when every one is a string constant. */
function texts(values: readonly ExactJson[]): string[] | undefined {
  const found = values.map((value) => {
    if (!isObject(value) || value.class !== 'CONSTANT' || !isObject(value.value)) return undefined;
    return typeof value.value.value === 'string' ? textConstant(value.value) : undefined;
  });
  return found.length > 0 && found.every((text) => text !== undefined) ? found : undefined;
}

function textConstant(constant: ExactObject): string | undefined {
  const { type, is_null: isNull, value } = constant;
  return isObject(type) && type.id === 'VARCHAR' && !isNull ? String(value) : undefined;
}
