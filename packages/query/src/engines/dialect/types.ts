import type { ExactObject } from '../../sql/exact-json.ts';
import { sqlString } from '../../sql/text.ts';
import type { Refusals } from './refusals.ts';

/** Types of DuckDB that expressions of a translated query have. TIMESTAMPTZ is that of the clock alone. */
export type SqlType =
  | 'NULL'
  | 'BOOLEAN'
  | 'INTEGER'
  | 'BIGINT'
  | 'HUGEINT'
  | 'DECIMAL'
  | 'DOUBLE'
  | 'VARCHAR'
  | 'DATE'
  | 'TIMESTAMP'
  | 'TIMESTAMPTZ'
  | 'INTERVAL'
  | 'MAP(VARCHAR, VARCHAR)'
  | 'BIGINT[]'
  | 'DOUBLE[]';

/** An expression in Trino's SQL, with what is known of its values. It can stand wherever an operand can. */
export interface Typed {
  readonly sql: string;
  readonly type: SqlType;
  /** The same time as `timestamp with time zone`: of a table's own column, what engines prune files by. */
  readonly instant?: string;
  /** The value of a text literal, of an integer literal, of a decimal one. */
  readonly text?: string;
  readonly integer?: bigint;
  readonly decimal?: { readonly unscaled: bigint; readonly scale: number };
  /** A DOUBLE that is neither NaN nor infinite; or one that is not NaN. */
  readonly finite?: boolean;
  readonly notNan?: boolean;
  /** A DOUBLE without a fraction, where it is finite. */
  readonly whole?: boolean;
}

export const isInteger = ({ type }: Typed): boolean =>
  type === 'INTEGER' || type === 'BIGINT' || type === 'HUGEINT';
export const isTime = ({ type }: Typed): boolean =>
  type === 'TIMESTAMP' || type === 'TIMESTAMPTZ' || type === 'DATE';
export const mayBeNan = ({ type, finite, notNan }: Typed): boolean => type === 'DOUBLE' && !finite && !notNan;

/** A number that is written out: a DOUBLE that is not NULL. */
export const isNumberLiteral = ({ sql }: Typed): boolean => /^\(?-?[\d.]+E-?\d+\)?$/.test(sql);

/** DuckDB's name of each type, as DESCRIBE says it, without the width of decimals. */
export function typeOfName(name: string): string {
  if (name === 'TIMESTAMP WITH TIME ZONE') return 'TIMESTAMPTZ';
  return name.startsWith('DECIMAL(') ? 'DECIMAL' : name;
}

const NUMBERS: readonly SqlType[] = ['INTEGER', 'BIGINT', 'HUGEINT', 'DOUBLE'];

/**
 * `values` in the one type that DuckDB gives all of them: integers widen, and become DOUBLE beside a DOUBLE.
 * Throws the refusal of `what` where they have none that both engines agree on.
 */
export function unified(
  values: readonly Typed[],
  part: ExactObject,
  what: string,
  refusals: Refusals,
): { readonly values: readonly Typed[]; readonly type: SqlType } {
  const typed = values.filter(({ type }) => type !== 'NULL');
  const types = [...new Set(typed.map(({ type }) => type))];
  if (types.length <= 1) return { values, type: types[0] ?? 'NULL' };
  const isDouble = types.includes('DOUBLE');
  if (types.every((type) => NUMBERS.includes(type) || (type === 'DECIMAL' && isDouble))) {
    const type = NUMBERS[Math.max(...types.map((each) => NUMBERS.indexOf(each)))];
    return { values: isDouble ? values.map((value) => asDouble(value, part, refusals)) : values, type };
  }
  throw refusals.of(part, `${what} of ${types.join(' and ')}`, 'give them one type with CAST');
}

/** A number as DOUBLE, in the way DuckDB makes it one. */
export function asDouble(value: Typed, part: ExactObject, refusals: Refusals): Typed {
  if (value.type === 'DOUBLE' || value.type === 'NULL') return value;
  if (isInteger(value)) {
    const sql = value.integer === undefined ? `CAST(${value.sql} AS double)` : `${value.integer}E0`;
    return { sql, type: 'DOUBLE', finite: true, whole: true, integer: value.integer };
  }
  const { decimal } = value;
  if (decimal === undefined || decimal.unscaled > 2n ** 53n || decimal.unscaled < -(2n ** 53n)) {
    throw refusals.of(part, `${value.type} as a DOUBLE`, 'write the number with an exponent: 1.5e0');
  }
  return { sql: `${value.sql}E0`, type: 'DOUBLE', finite: true };
}

/** A text in Trino's SQL: its strings have no escapes but the doubled quote, as DuckDB's. */
export const textLiteral = (text: string): Typed => ({ sql: sqlString(text), type: 'VARCHAR', text });
