import { all, type Bridge, type Call, refusal, values } from './calls.ts';
import { regexLiteral, regexSql } from './patterns.ts';
import { TIMES } from './times.ts';
import { isInteger, mayBeNan, type SqlType, type Typed, unified } from './types.ts';

/** Doubles from here on have no fraction. */
const WHOLE_FROM = '4503599627370496E0';
/** Of a power of ten that a DOUBLE holds exactly. */
const MOST_DIGITS = 15n;

const FUNCTIONS: Readonly<Record<string, Bridge>> = {
  lower: renamed('lower', ['VARCHAR'], 'VARCHAR'),
  lcase: renamed('lower', ['VARCHAR'], 'VARCHAR'),
  upper: renamed('upper', ['VARCHAR'], 'VARCHAR'),
  ucase: renamed('upper', ['VARCHAR'], 'VARCHAR'),
  length: renamed('length', ['VARCHAR'], 'BIGINT'),
  len: renamed('length', ['VARCHAR'], 'BIGINT'),
  starts_with: renamed('starts_with', ['VARCHAR', 'VARCHAR'], 'BOOLEAN'),
  prefix: renamed('starts_with', ['VARCHAR', 'VARCHAR'], 'BOOLEAN'),
  strpos: renamed('strpos', ['VARCHAR', 'VARCHAR'], 'BIGINT'),
  instr: renamed('strpos', ['VARCHAR', 'VARCHAR'], 'BIGINT'),
  position: renamed('strpos', ['VARCHAR', 'VARCHAR'], 'BIGINT'),
  contains(call) {
    const [text, part] = values(call, ['VARCHAR', 'VARCHAR']);
    return { sql: `(strpos(${text.sql}, ${part.sql}) > 0)`, type: 'BOOLEAN' };
  },
  substr: substring,
  substring,
  left: (call) => {
    const [text, count] = values(call, ['VARCHAR', undefined]);
    if (count.integer === undefined || count.integer < 0n)
      throw refusal(call, 'left of other than a literal');
    return { sql: `substr(${text.sql}, 1, ${count.integer})`, type: 'VARCHAR' };
  },
  '~~': like('LIKE'),
  '!~~': like('NOT LIKE'),
  '~~*': like('LIKE', 'lower'),
  '!~~*': like('NOT LIKE', 'lower'),
  regexp_matches(call) {
    const [text, pattern] = values(call, ['VARCHAR', 'VARCHAR']);
    return regexSql(text, regexLiteral(pattern, call.part, call.cx.refusals));
  },
  regexp_full_match(call) {
    const [text, pattern] = values(call, ['VARCHAR', 'VARCHAR']);
    return regexSql(text, `\\A(?:${regexLiteral(pattern, call.part, call.cx.refusals)})\\z`);
  },
  nullif(call) {
    const { values: same, type } = unified(all(call, 2), call.part, 'nullif', call.cx.refusals);
    if (same.some(mayBeNan) || /[[(]/.test(type)) throw refusal(call, `nullif of ${type}`);
    return {
      ...same[0],
      integer: undefined,
      text: undefined,
      sql: `nullif(${same.map(({ sql }) => sql).join(', ')})`,
    };
  },
  abs(call) {
    const [value] = all(call, 1);
    if (!isInteger(value) && value.type !== 'DOUBLE') throw refusal(call, `abs of ${value.type}`);
    return { ...value, integer: undefined, decimal: undefined, sql: `abs(${value.sql})` };
  },
  floor: wholeNumber('floor'),
  ceil: wholeNumber('ceil'),
  ceiling: wholeNumber('ceil'),
  isnan: renamed('is_nan', ['DOUBLE'], 'BOOLEAN'),
  round,
  greatest: mostOf('greatest'),
  least: mostOf('least'),
  ...TIMES,
};

/** Translates a call of a function of the table above. Throws QueryError for every other. */
export function scalarFunction(call: Call): Typed {
  const bridge = Object.hasOwn(FUNCTIONS, call.name) ? FUNCTIONS[call.name] : undefined;
  if (bridge === undefined) throw refusal(call, `the function ${call.name}`);
  return bridge(call);
}

function renamed(name: string, types: readonly SqlType[], type: SqlType): Bridge {
  return (call) => ({
    sql: `${name}(${values(call, types)
      .map(({ sql }) => sql)
      .join(', ')})`,
    type,
  });
}

function like(op: string, fold?: string): Bridge {
  return (call) => {
    const [a, b] = values(call, ['VARCHAR', 'VARCHAR']).map(({ sql }) =>
      fold === undefined ? sql : `${fold}(${sql})`,
    );
    return { sql: `(${a} ${op} ${b})`, type: 'BOOLEAN' };
  };
}

/** Only places that are surely within both engines' meaning: from 1 on, and no length below 0. */
function substring(call: Call): Typed {
  const [text, start, length] = call.nodes.map(call.translate);
  const isPlain =
    text.type === 'VARCHAR' &&
    (start?.integer ?? 0n) >= 1n &&
    (call.nodes.length === 2 || (length?.integer ?? -1n) >= 0n);
  if (!isPlain || call.nodes.length > 3) {
    throw call.cx.refusals.of(
      call.part,
      'substr with other than literal places from 1 on',
      'write substr(text, 1, 20)',
    );
  }
  const rest = length === undefined ? '' : `, ${length.sql}`;
  return { sql: `substr(${text.sql}, ${start.sql}${rest})`, type: 'VARCHAR' };
}

function wholeNumber(name: string): Bridge {
  return (call) => {
    const [value] = all(call, 1);
    if (value.type !== 'DOUBLE') throw refusal(call, `${name} of ${value.type}`);
    return { ...value, integer: undefined, sql: `${name}(${value.sql})`, whole: true };
  };
}

/**
 * Half away from zero, as both have it; Trino goes by way of a BIGINT, which large numbers do not fit into. Digits
 * are rounded as DuckDB does it.
 */
function round(call: Call): Typed {
  const [value, digits] = call.nodes.map(call.translate);
  const count = call.nodes.length === 1 ? 0n : digits?.integer;
  if (value.type !== 'DOUBLE' || call.nodes.length > 2)
    throw call.cx.refusals.of(call.part, `round of ${value.type}`, 'CAST the number to DOUBLE');
  if (count === undefined || count < 0n || count > MOST_DIGITS)
    throw refusal(call, `round to other than 0 to ${MOST_DIGITS} literal digits`);
  const { sql } = value;
  const known = { type: value.type, finite: value.finite, notNan: value.notNan };
  if (count === 0n) {
    return {
      ...known,
      sql: `CASE WHEN abs(${sql}) < ${WHOLE_FROM} THEN round(${sql}) ELSE ${sql} END`,
      whole: true,
    };
  }
  const factor = `1E${count}`;
  const scaled = `(${sql} * ${factor})`;
  return {
    ...known,
    sql:
      `CASE WHEN abs${scaled} < ${WHOLE_FROM} THEN round${scaled} / ${factor} ` +
      `WHEN is_finite${scaled} THEN ${scaled} / ${factor} ELSE ${sql} END`,
  };
}

/** DuckDB leaves NULLs out, Trino answers NULL. */
function mostOf(name: string): Bridge {
  return (call) => {
    const arguments_ = call.nodes.map(call.translate);
    const { values: same, type } = unified(arguments_, call.part, name, call.cx.refusals);
    if (same.some(mayBeNan) || /[[(]/.test(type)) throw refusal(call, `${name} of ${type}`);
    const sql = same.map((value) => value.sql).reduce((a, b) => `coalesce(${name}(${a}, ${b}), ${a}, ${b})`);
    return { sql, type, finite: same.every(({ finite }) => finite), notNan: true };
  };
}
