import type { ExactObject } from '../../sql/exact-json.ts';
import type { Context } from './context.ts';
import { dateLiteral, timestampLiteral } from './literals.ts';
import { isNumberLiteral, isTime, mayBeNan, type Typed, unified } from './types.ts';

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=' | 'IS DISTINCT FROM' | 'IS NOT DISTINCT FROM';

export const COMPARISONS: Readonly<Record<string, Comparison>> = {
  COMPARE_EQUAL: '=',
  COMPARE_NOTEQUAL: '<>',
  COMPARE_LESSTHAN: '<',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHAN: '>',
  COMPARE_GREATERTHANOREQUALTO: '>=',
  COMPARE_DISTINCT_FROM: 'IS DISTINCT FROM',
  COMPARE_NOT_DISTINCT_FROM: 'IS NOT DISTINCT FROM',
};

const UNORDERED = new Set(['MAP(VARCHAR, VARCHAR)', 'BIGINT[]', 'DOUBLE[]', 'INTERVAL']);

/**
 * A comparison with DuckDB's meaning: its NaN equals NaN and is greater than every other number, where Trino's
 * is like no number at all.
 */
export function compare(op: Comparison, left: Typed, right: Typed, part: ExactObject, cx: Context): Typed {
  const [a, b] = comparable(left, right, part, cx);
  const plain = `${a.sql} ${op} ${b.sql}`;
  if (!mayBeNan(a) && !mayBeNan(b)) return { sql: `(${plain})`, type: 'BOOLEAN' };
  const nan = ({ sql }: Typed) => `is_nan(${sql})`;
  const atLeast = (x: Typed, y: Typed) => {
    if (!mayBeNan(x)) return '';
    return isNumberLiteral(y) ? ` OR ${nan(x)}` : ` OR (${nan(x)} AND ${y.sql} IS NOT NULL)`;
  };
  const above = (x: Typed, y: Typed) =>
    mayBeNan(x) && mayBeNan(y) ? ` OR (${nan(x)} AND NOT ${nan(y)})` : atLeast(x, y);
  const bothNan = mayBeNan(a) && mayBeNan(b) ? `(${nan(a)} AND ${nan(b)})` : undefined;
  switch (op) {
    case '>':
      return { sql: `(${plain}${above(a, b)})`, type: 'BOOLEAN' };
    case '<':
      return { sql: `(${plain}${above(b, a)})`, type: 'BOOLEAN' };
    case '>=':
      return { sql: `(${plain}${atLeast(a, b)})`, type: 'BOOLEAN' };
    case '<=':
      return { sql: `(${plain}${atLeast(b, a)})`, type: 'BOOLEAN' };
    case '=':
      return { sql: bothNan === undefined ? `(${plain})` : `(${plain} OR ${bothNan})`, type: 'BOOLEAN' };
    case '<>':
      return { sql: bothNan === undefined ? `(${plain})` : `(${plain} AND NOT ${bothNan})`, type: 'BOOLEAN' };
    default:
      throw cx.refusals.of(part, `${op} of DOUBLE that may be NaN`);
  }
}

/** Both sides in forms that can be compared. */
export function comparable(left: Typed, right: Typed, part: ExactObject, cx: Context): [Typed, Typed] {
  const [a, b] = [asTimeBeside(left, right, part, cx), asTimeBeside(right, left, part, cx)];
  for (const { type } of [a, b]) {
    if (UNORDERED.has(type)) throw cx.refusals.of(part, `a comparison of ${type}`);
  }
  if (isTime(a) && isTime(b)) return timesOf(a, b, cx);
  // A decimal beside an integer is compared exactly by both.
  const types = [a.type, b.type].sort().join(' ');
  if (/^(BIGINT|INTEGER|DECIMAL) (DECIMAL|INTEGER)$/.test(types)) return [a, b];
  const { values } = unified([a, b], part, 'a comparison', cx.refusals);
  return [values[0], values[1]];
}

/** A text literal beside a time is a time. */
function asTimeBeside(value: Typed, other: Typed, part: ExactObject, cx: Context): Typed {
  if (value.text === undefined || !isTime(other)) return value;
  return other.type === 'DATE'
    ? dateLiteral(value.text, part, cx.refusals)
    : timestampLiteral(value.text, part, cx.refusals);
}

function timesOf(a: Typed, b: Typed, cx: Context): [Typed, Typed] {
  if (!cx.instants || a.instant === undefined || b.instant === undefined) return [a, b];
  return [
    { ...a, sql: a.instant },
    { ...b, sql: b.instant },
  ];
}
