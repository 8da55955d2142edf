import type { ColumnType } from '@lakewright/lake';
import { columnReader, conjuncts } from '../sql/conditions.ts';
import { type ExactJson, type ExactObject, isObject } from '../sql/exact-json.ts';
import { sqlName, sqlString } from '../sql/text.ts';
import type { TableReference } from '../sql/vet.ts';

const COMPARISONS = ['=', '<>', '<', '<=', '>', '>='] as const;
/** `like` and `ilike` as SQL has them; `is null` and `is not null` take no values. */
const OPERATORS = [...COMPARISONS, 'in', 'like', 'not like', 'ilike', 'is null', 'is not null'] as const;
type Operator = (typeof OPERATORS)[number];

/**
 * One condition on a stored column, or on the value of one key of a map: what a worker checks before it
 * answers a row. Values of text columns are strings, of integer columns integers.
 */
export interface Condition {
  readonly column: string;
  /** Of a map column. */
  readonly key: string | null;
  readonly op: Operator;
  readonly values: readonly (string | number | bigint)[];
}

/** The conditions that a WHERE asks of a table, and whether they are all that it asks. */
export interface PushedConditions {
  readonly conditions: readonly Condition[];
  readonly complete: boolean;
}

const BY_TYPE: Readonly<Record<string, Operator>> = {
  COMPARE_EQUAL: '=',
  COMPARE_NOTEQUAL: '<>',
  COMPARE_LESSTHAN: '<',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHAN: '>',
  COMPARE_GREATERTHANOREQUALTO: '>=',
};
const MIRRORED: Readonly<Partial<Record<Operator, Operator>>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};
const BY_FUNCTION: Readonly<Record<string, Operator>> = { '~~': 'like', '!~~': 'not like', '~~*': 'ilike' };

type Kind = 'text' | 'integer';

const KINDS: Readonly<Partial<Record<ColumnType, Kind>>> = {
  VARCHAR: 'text',
  INTEGER: 'integer',
  BIGINT: 'integer',
  'MAP(VARCHAR, VARCHAR)': 'text',
};

/**
 * What every row that `reference` contributes must meet, of the kinds that a worker checks exactly as DuckDB
 * does over the whole query: comparisons of text with text and of integers with integers.
 */
export function pushedConditions(
  reference: TableReference,
  types: ReadonlyMap<string, ColumnType>,
): PushedConditions {
  const select = reference.boundedBy;
  if (select === undefined) return { conditions: [], complete: false };
  const column = columnReader(reference, select);
  const terms = conjuncts(select.where_clause);
  const conditions: Condition[] = [];
  for (const term of terms) {
    const condition = read(term, (part) => subject(part, column, types));
    // Next to a join, what is true of NULL is also true of rows that the join makes up.
    if (condition !== undefined && (reference.alone || condition.op !== 'is null'))
      conditions.push(condition);
  }
  return { conditions, complete: conditions.length === terms.length };
}

interface Subject {
  readonly column: string;
  readonly key: string | null;
  readonly kind: Kind | undefined;
}
type SubjectReader = (part: ExactJson | undefined) => Subject | undefined;

function subject(
  part: ExactJson | undefined,
  column: (part: ExactJson | undefined) => string | undefined,
  types: ReadonlyMap<string, ColumnType>,
): Subject | undefined {
  const name = column(part);
  const type = name === undefined ? undefined : types.get(name);
  if (name !== undefined && type !== undefined) {
    return { column: name, key: null, kind: type.startsWith('MAP') ? undefined : KINDS[type] };
  }
  if (!isObject(part) || part.type !== 'ARRAY_EXTRACT' || !Array.isArray(part.children)) return undefined;
  const [map, key] = part.children;
  const mapName = column(map);
  const text = constant(key, 'text');
  const isMap = mapName !== undefined && types.get(mapName)?.startsWith('MAP') === true;
  return isMap && typeof text === 'string' ? { column: mapName, key: text, kind: 'text' } : undefined;
}

function read(term: ExactObject, subjectOf: SubjectReader): Condition | undefined {
  if (term.class === 'COMPARISON') return comparison(term, subjectOf);
  if (term.class === 'OPERATOR' && Array.isArray(term.children)) return operator(term, subjectOf);
  if (term.class === 'FUNCTION' && Array.isArray(term.children)) return like(term, subjectOf);
  return undefined;
}

function comparison(term: ExactObject, subjectOf: SubjectReader): Condition | undefined {
  const op = BY_TYPE[String(term.type)];
  if (op === undefined) return undefined;
  const left = subjectOf(term.left);
  const [of, with_, how] =
    left === undefined ? [subjectOf(term.right), term.left, MIRRORED[op]] : [left, term.right, op];
  if (of?.kind === undefined || how === undefined) return undefined;
  const value = constant(with_, of.kind);
  return value === undefined ? undefined : { column: of.column, key: of.key, op: how, values: [value] };
}

function operator(term: ExactObject, subjectOf: SubjectReader): Condition | undefined {
  const [input, ...rest] = term.children as readonly ExactJson[];
  const of = subjectOf(input);
  if (of === undefined) return undefined;
  const { column, key, kind } = of;
  if (term.type === 'OPERATOR_IS_NULL') return { column, key, op: 'is null', values: [] };
  if (term.type === 'OPERATOR_IS_NOT_NULL') return { column, key, op: 'is not null', values: [] };
  if (term.type !== 'COMPARE_IN' || kind === undefined) return undefined;
  const values = rest.map((each) => constant(each, kind));
  return values.length > 0 && values.every((value) => value !== undefined)
    ? { column, key, op: 'in', values }
    : undefined;
}

function like(term: ExactObject, subjectOf: SubjectReader): Condition | undefined {
  const op = BY_FUNCTION[String(term.function_name)];
  const [input, pattern, ...more] = term.children as readonly ExactJson[];
  if (op === undefined || more.length > 0 || term.schema !== '' || term.catalog !== '') return undefined;
  const of = subjectOf(input);
  const value = of?.kind === 'text' ? constant(pattern, 'text') : undefined;
  return of === undefined || value === undefined
    ? undefined
    : { column: of.column, key: of.key, op, values: [value] };
}

const INTEGERS = new Set(['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT']);

/** The value of a constant that DuckDB compares with a column of this kind as it is, without a cast of the column. */
export function constant(part: ExactJson | undefined, kind: Kind): string | number | bigint | undefined {
  if (!isObject(part) || part.class !== 'CONSTANT' || !isObject(part.value)) return undefined;
  const { type, is_null: isNull, value } = part.value;
  if (isNull || !isObject(type) || type.type_info !== null) return undefined;
  if (kind === 'text') return type.id === 'VARCHAR' && isText(value) ? value : undefined;
  return INTEGERS.has(String(type.id)) && isInteger(value) ? value : undefined;
}

const isText = (value: ExactJson | undefined): value is string =>
  typeof value === 'string' && !value.includes('\0') && value.isWellFormed();
const isInteger = (value: ExactJson | undefined): value is number | bigint =>
  (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) || Number.isSafeInteger(value);

/** The condition out of JSON, or undefined when it is none on a column of `types`. */
export function parseCondition(
  json: ExactJson,
  types: ReadonlyMap<string, ColumnType>,
): Condition | undefined {
  if (!isObject(json) || typeof json.column !== 'string' || !Array.isArray(json.values)) return undefined;
  const { column, key, values } = json;
  const type = types.get(column);
  const op = OPERATORS.find((each) => each === json.op);
  if (type === undefined || op === undefined) return undefined;
  if (key !== null && (!type.startsWith('MAP') || !isText(key))) return undefined;
  const condition = { column, key, op, values: values as Condition['values'] };
  if (op === 'is null' || op === 'is not null') return values.length === 0 ? condition : undefined;
  const kind = key === null && type.startsWith('MAP') ? undefined : KINDS[type];
  const right = kind === 'text' ? isText : isInteger;
  const count = op === 'in' ? values.length > 0 : values.length === 1;
  const textOnly = !op.endsWith('like') || kind === 'text';
  return kind !== undefined && count && textOnly && values.every((value) => right(value))
    ? condition
    : undefined;
}

/** The condition as SQL over the stored columns. */
export function conditionSql({ column, key, op, values }: Condition): string {
  const of = key === null ? sqlName(column) : `${sqlName(column)}[${sqlString(key)}]`;
  if (op === 'is null' || op === 'is not null') return `${of} ${op}`;
  const shown = values.map((value) => (typeof value === 'string' ? sqlString(value) : String(value)));
  return op === 'in' ? `${of} in (${shown.join(', ')})` : `${of} ${op} ${shown[0]}`;
}
