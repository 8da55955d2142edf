import { type ExactJson, type ExactObject, isObject } from '../../sql/exact-json.ts';
import type { Context } from './context.ts';
import { isInteger, isTime, mayBeNan, type Typed } from './types.ts';

interface Walk {
  expression(part: ExactJson | undefined, cx: Context): Typed;
  condition(part: ExactJson | undefined, cx: Context): string;
}

const NAMES = new Set([
  'any_value',
  'approx_count_distinct',
  'approx_quantile',
  'avg',
  'bool_and',
  'bool_or',
  'count',
  'count_if',
  'count_star',
  'listagg',
  'max',
  'mean',
  'min',
  'string_agg',
  'group_concat',
  'sum',
]);

export const isAggregate = (name: string): boolean => NAMES.has(name);

/** What is around the argument of an aggregate: `DISTINCT` before it, `FILTER` after it. */
interface Frame {
  readonly distinct: string;
  readonly filter: string;
}

export function aggregate(
  name: string,
  part: ExactObject,
  children: readonly ExactObject[],
  cx: Context,
  walk: Walk,
): Typed {
  // Rows are not grouped yet inside of an aggregate.
  const inside: Context = { ...cx, instants: true };
  const filter = isObject(part.filter) ? ` FILTER (WHERE ${walk.condition(part.filter, inside)})` : '';
  const frame: Frame = { distinct: part.distinct === true ? 'DISTINCT ' : '', filter };
  const values = children.map((child) => walk.expression(child, inside));
  const orders = ordersOf(part);
  if (['string_agg', 'listagg', 'group_concat'].includes(name)) {
    return listed(name, part, values, orders, frame, { ...walk, cx: inside });
  }
  if (orders.length > 0) throw cx.refusals.of(part, `${name} with ORDER BY`);
  if (name === 'count_star' || (name === 'count' && values.length === 0)) {
    return { sql: `count(*)${filter}`, type: 'BIGINT' };
  }
  const [value, ...more] = values;
  if (more.length > 0 && name !== 'approx_quantile')
    throw cx.refusals.of(part, `${name} of ${values.length} values`);
  const made = one(name, value, more, frame, part, cx);
  if (made === undefined) throw cx.refusals.of(part, `${frame.distinct}${name} of ${value.type}`);
  return made;
}

function one(
  name: string,
  value: Typed,
  more: readonly Typed[],
  { distinct, filter }: Frame,
  part: ExactObject,
  cx: Context,
): Typed | undefined {
  const plain = (called: string, type: Typed['type']): Typed => ({
    sql: `${called}(${distinct}${value.sql})${filter}`,
    type,
  });
  const isNumber = isInteger(value) || value.type === 'DOUBLE';
  // Whether two NaN, two zeros of different signs, or two maps are one value is for each engine to say.
  if (distinct !== '' && (value.type === 'DOUBLE' || /[[(]/.test(value.type))) return undefined;
  switch (name) {
    case 'count':
      return plain('count', 'BIGINT');
    case 'count_if':
      return value.type === 'BOOLEAN' && distinct === '' ? plain('count_if', 'HUGEINT') : undefined;
    case 'sum':
      if (value.type === 'DOUBLE') return plain('sum', 'DOUBLE');
      return isInteger(value) ? plain('sum', 'HUGEINT') : undefined;
    case 'avg':
    case 'mean':
      return isNumber && value.type !== 'HUGEINT'
        ? { ...plain('avg', 'DOUBLE'), finite: isInteger(value) }
        : undefined;
    case 'min':
    case 'max':
      return extreme(name, value, filter);
    case 'bool_and':
    case 'bool_or':
      return value.type === 'BOOLEAN' ? plain(name, 'BOOLEAN') : undefined;
    case 'any_value':
      return distinct === '' ? plain('arbitrary', value.type) : undefined;
    case 'approx_count_distinct':
      return distinct === '' && value.type !== 'DOUBLE' ? plain('approx_distinct', 'BIGINT') : undefined;
    default:
      return quantile(value, more[0], filter, distinct, part, cx);
  }
}

/** NaN is the greatest number in DuckDB. What Trino makes of it depends on its version. */
function extreme(name: 'min' | 'max', value: Typed, filter: string): Typed | undefined {
  const { sql, type } = value;
  if (mayBeNan(value)) {
    const numbers = `${name}(CASE WHEN NOT is_nan(${sql}) THEN ${sql} END)${filter}`;
    const anyNan = `bool_or(is_nan(${sql}))${filter}`;
    return name === 'max'
      ? { sql: `CASE WHEN ${anyNan} THEN nan() ELSE ${numbers} END`, type }
      : { sql: `coalesce(${numbers}, CASE WHEN ${anyNan} THEN nan() END)`, type };
  }
  const ordered = isInteger(value) || isTime(value) || ['DOUBLE', 'VARCHAR', 'BOOLEAN'].includes(type);
  if (!ordered) return undefined;
  return { sql: `${name}(${sql})${filter}`, type, finite: value.finite, notNan: value.notNan };
}

function quantile(
  value: Typed,
  at: Typed | undefined,
  filter: string,
  distinct: string,
  part: ExactObject,
  cx: Context,
): Typed | undefined {
  if (at?.decimal === undefined && at?.integer === undefined)
    throw cx.refusals.of(part, 'approx_quantile without one literal quantile');
  if (distinct !== '' || (!isInteger(value) && (value.type !== 'DOUBLE' || mayBeNan(value))))
    return undefined;
  if (value.type === 'HUGEINT') return undefined;
  const share = at.decimal === undefined ? `${at.integer}E0` : `${at.sql}E0`;
  return { sql: `approx_percentile(${value.sql}, ${share})${filter}`, type: value.type };
}

function ordersOf(part: ExactObject): ExactObject[] {
  const { order_bys: modifier } = part;
  const orders = isObject(modifier) ? modifier.orders : undefined;
  return Array.isArray(orders) ? orders.filter(isObject) : [];
}

/** string_agg: Trino wants to be told the order, and a literal between the values. */
function listed(
  name: string,
  part: ExactObject,
  values: readonly Typed[],
  orders: readonly ExactObject[],
  { distinct, filter }: Frame,
  { expression, cx }: Walk & { cx: Context },
): Typed {
  const [value, separator] = values;
  if (orders.length === 0)
    throw cx.refusals.of(part, `${name} without ORDER BY`, "write string_agg(x, ',' ORDER BY x)");
  if (value.type !== 'VARCHAR' || separator?.text === undefined || distinct !== '') {
    throw cx.refusals.of(part, `${distinct}${name} of ${values.map(({ type }) => type).join(' and ')}`);
  }
  const by = orders.map((order) => orderTerm(expression(order.expression, cx), order, cx));
  return {
    sql: `listagg(${value.sql}, ${separator.sql}) WITHIN GROUP (ORDER BY ${by.join(', ')})${filter}`,
    type: 'VARCHAR',
  };
}

/** A term of ORDER BY, with what DuckDB's defaults are spelled out. `sql` stands for `value` where it is given. */
export function orderTerm(value: Typed, order: ExactObject, cx: Context, sql: string = value.sql): string {
  if (/[[(]/.test(value.type) || value.type === 'INTERVAL')
    throw cx.refusals.of(order, `ORDER BY of ${value.type}`);
  const direction = order.type === 'DESCENDING' ? 'DESC' : 'ASC';
  const nulls = order.null_order === 'NULLS FIRST' ? 'NULLS FIRST' : 'NULLS LAST';
  return `${sql} ${direction} ${nulls}`;
}
