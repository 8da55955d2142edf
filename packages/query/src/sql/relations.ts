import { type ExactJson, type ExactObject, isObject } from './exact-json.ts';

/**
 * The tables in a SELECT's FROM for which it is certain that a row which fails a condition of the WHERE
 * cannot change the answer, each with whether it stands there alone. Conditions that are false for NULL
 * hold through inner and outer joins; samples, ASOF, positional, semi and anti joins are left out, and so
 * is every table whose columns were renamed.
 */
export function boundableRelations(node: ExactObject): [relation: ExactObject, alone: boolean][] {
  if (node.type !== 'SELECT_NODE' || node.sample || !isObject(node.where_clause)) return [];
  const { from_table: from } = node;
  if (isPlainTable(from)) return [[from, true]];
  return joined(from).map((relation) => [relation, false]);
}

function joined(from: ExactJson): ExactObject[] {
  if (!isObject(from) || from.type !== 'JOIN') return [];
  if (from.ref_type !== 'REGULAR' && from.ref_type !== 'CROSS') return [];
  if (!['INNER', 'LEFT', 'RIGHT', 'OUTER'].includes(String(from.join_type))) return [];
  return [from.left, from.right].flatMap((side) => (isPlainTable(side) ? [side] : joined(side)));
}

function isPlainTable(part: ExactJson | undefined): part is ExactObject {
  return (
    isObject(part) &&
    part.type === 'BASE_TABLE' &&
    !part.sample &&
    Array.isArray(part.column_name_alias) &&
    part.column_name_alias.length === 0
  );
}
