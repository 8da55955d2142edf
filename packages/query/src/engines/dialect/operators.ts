import { type ExactObject, isObject } from '../../sql/exact-json.ts';
import type { Context } from './context.ts';
import { type Interval, intervalOf, intervalSql } from './literals.ts';
import { asDouble, isInteger, isNumberLiteral, isTime, type Typed, unified } from './types.ts';

/** `+`, `-`, `*`, `/`, `//`, `%` and `||` with DuckDB's meaning. */
export function operator(
  name: string,
  part: ExactObject,
  children: readonly ExactObject[],
  translate: (node: ExactObject) => Typed,
  cx: Context,
): Typed {
  if ((name === '+' || name === '-') && children.length === 2) {
    const interval = intervalOf(children[1], cx.refusals);
    if (interval !== undefined) return shifted(name, translate(children[0]), interval, part, cx);
    const first = name === '+' ? intervalOf(children[0], cx.refusals) : undefined;
    if (first !== undefined) return shifted(name, translate(children[1]), first, part, cx);
  }
  const values = children.map(translate);
  if (values.length === 1) return negated(name, values[0], part, cx);
  const [a, b] = values;
  if (name === '||') return concatenated(a, b, part, cx);
  return arithmetic(name, a, b, part, cx);
}

function arithmetic(name: string, a: Typed, b: Typed, part: ExactObject, cx: Context): Typed {
  if (name === '/') return divided(asNumber(a, name, part, cx), asNumber(b, name, part, cx));
  const { type, values } = unified([a, b], part, name, cx.refusals);
  const [left, right] = values;
  if (type === 'DOUBLE' && (name === '+' || name === '-' || name === '*')) {
    return {
      sql: `(${left.sql} ${name} ${right.sql})`,
      type,
      notNan: left.finite === true && right.finite === true,
      whole: left.whole === true && right.whole === true,
    };
  }
  if (!isInteger({ sql: '', type })) throw cx.refusals.of(part, `${name} of ${a.type} and ${b.type}`);
  switch (name) {
    case '+':
    case '-':
    case '*':
      return { sql: `(${left.sql} ${name} ${right.sql})`, type };
    case '//':
    case '%':
      // Both cut towards zero; of a division by zero DuckDB makes NULL, and Trino a failure.
      return { sql: `(${left.sql} ${name === '%' ? '%' : '/'} ${nonZero(right)})`, type };
    default:
      throw cx.refusals.of(part, `the operator ${name}`);
  }
}

const nonZero = ({ sql, integer }: Typed): string =>
  integer !== undefined && integer !== 0n ? sql : `nullif(${sql}, 0)`;

/** DuckDB divides integers and decimals as DOUBLE. */
function divided(left: Typed, right: Typed): Typed {
  const byLiteral = isNumberLiteral(right) && !isZero(right);
  return {
    sql: `(${left.sql} / ${right.sql})`,
    type: 'DOUBLE',
    notNan: left.finite === true && byLiteral,
  };
}

const isZero = ({ sql }: Typed): boolean => Number(sql.replace(/[()]/g, '')) === 0;

function asNumber(value: Typed, name: string, part: ExactObject, cx: Context): Typed {
  if (!isInteger(value) && !['DOUBLE', 'DECIMAL', 'NULL'].includes(value.type)) {
    throw cx.refusals.of(part, `${name} of ${value.type}`);
  }
  return asDouble(value, part, cx.refusals);
}

function negated(name: string, value: Typed, part: ExactObject, cx: Context): Typed {
  if (name !== '-' || (!isInteger(value) && value.type !== 'DOUBLE')) {
    throw cx.refusals.of(part, `${name} of ${value.type}`);
  }
  return { ...value, integer: undefined, sql: `(- ${value.sql})` };
}

function concatenated(a: Typed, b: Typed, part: ExactObject, cx: Context): Typed {
  if (a.type !== 'VARCHAR' || b.type !== 'VARCHAR') {
    throw cx.refusals.of(part, `|| of ${a.type} and ${b.type}`, 'CAST both sides to VARCHAR');
  }
  return { sql: `(${a.sql} || ${b.sql})`, type: 'VARCHAR' };
}

/** A time moved by an interval: days have 24 hours in UTC, and the last day of a month is kept to by both. */
function shifted(op: string, time: Typed, interval: Interval, part: ExactObject, cx: Context): Typed {
  if (!isTime(time)) throw cx.refusals.of(part, `${op} of ${time.type} and INTERVAL`);
  const wall = time.type === 'DATE' ? `CAST(${time.sql} AS timestamp(6))` : time.sql;
  const by = intervalSql(interval);
  return {
    sql: `(${wall} ${op} ${by})`,
    type: time.type === 'TIMESTAMPTZ' ? 'TIMESTAMPTZ' : 'TIMESTAMP',
    ...(time.instant === undefined ? {} : { instant: `(${time.instant} ${op} ${by})` }),
  };
}

/** `map['key']`: NULL where there is no such key, in both. */
export function extracted(
  part: ExactObject,
  children: readonly ExactObject[],
  translate: (node: ExactObject) => Typed,
  cx: Context,
): Typed {
  const [container, key] = children.map(translate);
  if (container.type !== 'MAP(VARCHAR, VARCHAR)' || key?.type !== 'VARCHAR') {
    throw cx.refusals.of(part, `[] of ${container.type}`);
  }
  return { sql: `element_at(${container.sql}, ${key.sql})`, type: 'VARCHAR' };
}

/** The children of a part of the syntax tree. */
export function childrenOf(part: ExactObject): ExactObject[] {
  return Array.isArray(part.children) ? part.children.filter(isObject) : [];
}
