import type { ExactObject } from '../../sql/exact-json.ts';
import type { Context } from './context.ts';
import { type Interval, intervalOf } from './literals.ts';
import { regexLiteral, regexSql } from './patterns.ts';
import { isInteger, isTime, mayBeNan, type SqlType, type Typed, unified } from './types.ts';

/** One call of a function that is no aggregate. */
export interface Call {
  readonly name: string;
  readonly part: ExactObject;
  readonly nodes: readonly ExactObject[];
  readonly translate: (node: ExactObject) => Typed;
  readonly cx: Context;
}

type Bridge = (call: Call) => Typed;

/** Doubles from here on have no fraction. */
const WHOLE_FROM = '4503599627370496E0';
const TRUNCATED = ['millisecond', 'second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'];
const PARTS = ['second', 'minute', 'hour', 'day', 'month', 'quarter', 'year'];
/** Buckets of whole seconds begin here, a Monday. */
const ORIGIN = "TIMESTAMP '2000-01-03 00:00:00'";
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
  date_trunc: truncated,
  datetrunc: truncated,
  date_part: datePart,
  datepart: datePart,
  time_bucket: bucket,
  make_timestamp(call) {
    const [micros] = all(call, 1);
    if (!isInteger(micros)) throw refusal(call, `make_timestamp of ${micros.type}`);
    const instant = `from_unixtime_nanos(${micros.sql} * 1000)`;
    return { sql: `CAST(${instant} AT TIME ZONE 'UTC' AS timestamp(6))`, instant, type: 'TIMESTAMP' };
  },
  ...Object.fromEntries(
    PARTS.map((unit) => [unit, (call: Call) => timePart(unit, all(call, 1)[0], call)] as const),
  ),
};

/** Translates a call of a function of the table above. Throws QueryError for every other. */
export function scalarFunction(call: Call): Typed {
  const bridge = Object.hasOwn(FUNCTIONS, call.name) ? FUNCTIONS[call.name] : undefined;
  if (bridge === undefined) throw refusal(call, `the function ${call.name}`);
  return bridge(call);
}

const refusal = (call: Call, what: string) => call.cx.refusals.of(call.part, what);

function all(call: Call, count: number): Typed[] {
  if (call.nodes.length !== count) throw refusal(call, `${call.name} of ${call.nodes.length} arguments`);
  return call.nodes.map(call.translate);
}

/** The arguments, which are of these types; undefined stands for any. */
function values(call: Call, types: readonly (SqlType | undefined)[]): Typed[] {
  const found = all(call, types.length);
  if (found.some(({ type }, i) => types[i] !== undefined && type !== types[i] && type !== 'NULL')) {
    throw refusal(call, `${call.name} of ${found.map(({ type }) => type).join(', ')}`);
  }
  return found;
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

function unitOf(call: Call, unit: Typed, known: readonly string[]): string {
  const name = unit.text?.toLowerCase();
  if (name === undefined || !known.includes(name))
    throw refusal(call, `${call.name} to ${unit.text ?? 'other than a literal unit'}`);
  return name;
}

function truncated(call: Call): Typed {
  const [unit, time] = all(call, 2);
  if (!isTime(time)) throw refusal(call, `date_trunc of ${time.type}`);
  const wall = time.type === 'DATE' ? `CAST(${time.sql} AS timestamp(6))` : time.sql;
  const type = time.type === 'TIMESTAMPTZ' ? 'TIMESTAMPTZ' : 'TIMESTAMP';
  const name = unitOf(call, unit, TRUNCATED);
  // The clock's instant is in UTC, so that it can be cut as it is; a column's has the zone of its engine.
  const instant =
    time.type === 'TIMESTAMPTZ' && time.instant ? { instant: `date_trunc('${name}', ${time.instant})` } : {};
  return { sql: `date_trunc('${name}', ${wall})`, type, ...instant };
}

function datePart(call: Call): Typed {
  const [unit, time] = all(call, 2);
  return timePart(unitOf(call, unit, PARTS), time, call);
}

function timePart(unit: string, time: Typed, call: Call): Typed {
  if (!isTime(time)) throw refusal(call, `${unit} of ${time.type}`);
  const wall = time.type === 'DATE' ? `CAST(${time.sql} AS timestamp(6))` : time.sql;
  return { sql: `${unit}(${wall})`, type: 'BIGINT' };
}

/** Buckets of whole seconds, counted from DuckDB's origin. */
function bucket(call: Call): Typed {
  const width: Interval | undefined = intervalOf(call.nodes[0], call.cx.refusals);
  if (width?.seconds === undefined || width.seconds === 0n || call.nodes.length !== 2) {
    throw call.cx.refusals.of(
      call.part,
      'time_bucket with other than a literal interval of seconds to weeks',
      "write time_bucket(INTERVAL '5 minutes', timestamp), or date_trunc('month', timestamp)",
    );
  }
  const time = call.translate(call.nodes[1]);
  if (time.type !== 'TIMESTAMP') throw refusal(call, `time_bucket of ${time.type}`);
  const second = `date_trunc('second', ${time.sql})`;
  const since = `date_diff('second', ${ORIGIN}, ${second})`;
  const { seconds } = width;
  return {
    sql: `date_add('second', - mod(mod(${since}, ${seconds}) + ${seconds}, ${seconds}), ${second})`,
    type: 'TIMESTAMP',
  };
}
