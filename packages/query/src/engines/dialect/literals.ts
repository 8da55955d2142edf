import { type ExactJson, type ExactObject, isObject } from '../../sql/exact-json.ts';
import type { Refusals } from './refusals.ts';
import { type Typed, textLiteral } from './types.ts';

/** Seconds of each unit that has always as many. */
const SECONDS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
};
/** Intervals stay below what every engine can add to a time. */
const MOST_UNITS = 1_000_000_000n;

/** An interval of whole units. */
export interface Interval {
  readonly count: bigint;
  readonly unit: 'second' | 'minute' | 'hour' | 'day' | 'month' | 'year';
  /** Its length, where that is always the same. */
  readonly seconds?: bigint;
}

export function constant(part: ExactObject, refusals: Refusals): Typed {
  const value = isObject(part.value) ? part.value : {};
  const type = isObject(value.type) ? value.type : {};
  if (value.is_null === true) return { sql: 'NULL', type: 'NULL' };
  const content = value.value;
  switch (type.id) {
    case 'VARCHAR':
      return textLiteral(String(content));
    case 'BOOLEAN':
      return { sql: content ? 'TRUE' : 'FALSE', type: 'BOOLEAN' };
    case 'INTEGER':
    case 'BIGINT': {
      const integer = BigInt(String(content));
      return { sql: signed(String(integer)), type: type.id, integer };
    }
    case 'DOUBLE': {
      const number = Number(content);
      return { sql: signed(`${exponential(number)}`), type: 'DOUBLE', finite: true };
    }
    case 'DECIMAL':
      return decimalConstant(content, type);
    default:
      throw refusals.of(part, `a literal of type ${type.id}`);
  }
}

/** A negative number is an operand of its own only in parentheses. */
const signed = (text: string): string => (text.startsWith('-') ? `(${text})` : text);

const exponential = (number: number): string => {
  const text = number.toExponential().toUpperCase().replace('E+', 'E');
  return /^-?\d+E0$/.test(text) || text.includes('E') ? text : `${text}E0`;
};

function decimalConstant(content: ExactJson, type: ExactObject): Typed {
  const info = isObject(type.type_info) ? type.type_info : {};
  const scale = Number(info.scale);
  const unscaled = BigInt(String(content));
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const text = `${unscaled < 0n ? '-' : ''}${digits.slice(0, digits.length - scale)}.${digits.slice(digits.length - scale)}`;
  return { sql: text, type: 'DECIMAL', decimal: { unscaled, scale } };
}

/** A text that DuckDB reads as a time in UTC. Only forms that can be read in one way are taken. */
export function timestampLiteral(text: string, part: ExactObject, refusals: Refusals): Typed {
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(?:Z|\+00(?::?00)?)?)?$/.exec(text);
  const [, day = '', minute = '00:00', second = '00', fraction = ''] = match ?? [];
  if (match === null || !isTimeOfDay(day, `${minute}:${second}`)) {
    throw refusals.of(
      part,
      `the time ${JSON.stringify(text)}`,
      'write it as 2026-01-02 03:04:05.123456, in UTC',
    );
  }
  const wall = `${day} ${minute}:${second}${fraction === '' ? '' : `.${fraction}`}`;
  return { sql: `TIMESTAMP '${wall}'`, instant: `TIMESTAMP '${wall} UTC'`, type: 'TIMESTAMP' };
}

export function dateLiteral(text: string, part: ExactObject, refusals: Refusals): Typed {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || !isTimeOfDay(text, '00:00:00')) {
    throw refusals.of(part, `the date ${JSON.stringify(text)}`, 'write it as 2026-01-02');
  }
  return { sql: `DATE '${text}'`, instant: `TIMESTAMP '${text} 00:00:00 UTC'`, type: 'DATE' };
}

function isTimeOfDay(day: string, time: string): boolean {
  const date = new Date(`${day}T${time}Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${day}T${time}`);
}

/** The interval that `part` says, or undefined where it is none: `INTERVAL 5 MINUTE`, `INTERVAL '5 minutes'`. */
export function intervalOf(part: ExactJson | undefined, refusals: Refusals): Interval | undefined {
  if (!isObject(part)) return undefined;
  if (part.class === 'CAST' && isObject(part.cast_type) && part.cast_type.id === 'INTERVAL') {
    const text = isObject(part.child) && isObject(part.child.value) ? String(part.child.value.value) : '';
    const match = /^(\d{1,10}) (second|minute|hour|day|week|month|year)s?$/i.exec(text);
    if (match === null)
      throw refusals.of(part, `the interval ${JSON.stringify(text)}`, "write one unit: INTERVAL '5 minutes'");
    return interval(BigInt(match[1]), match[2].toLowerCase(), part, refusals);
  }
  const unit = /^to_(second|minute|hour|day|week|month|year)s$/.exec(String(part.function_name))?.[1];
  if (part.class !== 'FUNCTION' || unit === undefined || !Array.isArray(part.children)) return undefined;
  const count = wholeNumber(part.children[0]);
  if (count === undefined) throw refusals.of(part, 'an interval of other than a whole number');
  return interval(count, unit, part, refusals);
}

function interval(count: bigint, unit: string, part: ExactObject, refusals: Refusals): Interval {
  if (count < 0n || count > MOST_UNITS) throw refusals.of(part, `an interval of ${count} ${unit}s`);
  if (unit === 'week') return { count: count * 7n, unit: 'day', seconds: count * BigInt(SECONDS.week) };
  const seconds = SECONDS[unit];
  return {
    count,
    unit: unit as Interval['unit'],
    ...(seconds === undefined ? {} : { seconds: count * BigInt(seconds) }),
  };
}

/** The parser casts and truncates what it finds in an interval. */
function wholeNumber(part: ExactJson | undefined): bigint | undefined {
  if (!isObject(part)) return undefined;
  if (part.class === 'CAST') return wholeNumber(part.child);
  if (part.class === 'FUNCTION' && part.function_name === 'trunc' && Array.isArray(part.children)) {
    return wholeNumber(part.children[0]);
  }
  const value = part.class === 'CONSTANT' && isObject(part.value) ? part.value.value : undefined;
  return (typeof value === 'number' && Number.isSafeInteger(value)) || typeof value === 'bigint'
    ? BigInt(value)
    : undefined;
}

export const intervalSql = ({ count, unit }: Interval): string => `INTERVAL '${count}' ${unit.toUpperCase()}`;
