import { type ExactObject, isObject } from '../../sql/exact-json.ts';
import type { Context } from './context.ts';
import { dateLiteral, timestampLiteral } from './literals.ts';
import { asDouble, isInteger, isTime, type SqlType, type Typed } from './types.ts';

const NAMES: Readonly<Partial<Record<SqlType, string>>> = {
  BOOLEAN: 'boolean',
  INTEGER: 'integer',
  BIGINT: 'bigint',
  DOUBLE: 'double',
  VARCHAR: 'varchar',
  DATE: 'date',
  TIMESTAMP: 'timestamp(6)',
};

/** CAST, where both engines give the same value, or one of them fails. */
export function cast(part: ExactObject, child: Typed, cx: Context): Typed {
  const target = isObject(part.cast_type) ? (String(part.cast_type.id) as SqlType) : 'NULL';
  const name = NAMES[target];
  const described = `CAST(${child.type} AS ${target})`;
  if (part.try_cast === true) {
    const hint = "test the text first: CASE WHEN regexp_matches(x, '^[0-9]+$') THEN CAST(x AS BIGINT) END";
    throw cx.refusals.of(part, `TRY_${described}`, hint);
  }
  // TRUE and FALSE are such casts.
  if (target === 'BOOLEAN' && (child.text === 't' || child.text === 'f')) {
    return { sql: child.text === 't' ? 'TRUE' : 'FALSE', type: 'BOOLEAN' };
  }
  if (child.text !== undefined && target === 'TIMESTAMP') {
    return timestampLiteral(child.text, part, cx.refusals);
  }
  if (child.text !== undefined && target === 'DATE') return dateLiteral(child.text, part, cx.refusals);
  if (name === undefined) throw cx.refusals.of(part, described);
  if (child.type === target) return child;
  if (child.type === 'NULL') return { sql: `CAST(NULL AS ${name})`, type: target };
  if (target === 'DOUBLE') return toDouble(part, child, cx);
  if (!isSame(child, target)) throw cx.refusals.of(part, described, hintFor(child, target));
  return {
    sql: `CAST(${child.sql} AS ${name})`,
    type: target,
    ...(isTime(child) && target === 'TIMESTAMP' ? { instant: child.instant } : {}),
  };
}

function isSame(child: Typed, target: SqlType): boolean {
  switch (target) {
    case 'BIGINT':
    case 'INTEGER':
      // A DOUBLE with a fraction is rounded in another way.
      return (
        isInteger(child) ||
        child.type === 'VARCHAR' ||
        child.type === 'BOOLEAN' ||
        (child.type === 'DOUBLE' && child.whole === true)
      );
    case 'VARCHAR':
      return isInteger(child) || child.type === 'BOOLEAN' || child.type === 'DATE';
    case 'DATE':
      return isTime(child);
    case 'TIMESTAMP':
      return isTime(child);
    default:
      return false;
  }
}

function hintFor(child: Typed, target: SqlType): string | undefined {
  if (child.type === 'DOUBLE' && (target === 'BIGINT' || target === 'INTEGER')) {
    return 'say how to round: CAST(round(x) AS BIGINT), or floor, or ceil';
  }
  return undefined;
}

function toDouble(part: ExactObject, child: Typed, cx: Context): Typed {
  if (child.type !== 'VARCHAR') return asDouble(child, part, cx.refusals);
  // Trino also reads Java's 1d, 1f and 0x1p3: they become texts that it cannot read.
  return {
    sql: `CAST(CASE WHEN regexp_like(${child.sql}, '[dDfFxX]') THEN 'no number: ' || ${child.sql} ELSE ${child.sql} END AS double)`,
    type: 'DOUBLE',
  };
}
