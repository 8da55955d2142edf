const MAX_NS = 2n ** 63n - 1n;
const DATE_TIME =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?(?:[Zz]|UTC|([+-])(\d\d):?(\d\d)))?$/;
const NUMBER = /^(\d{1,19})(?:\.(\d{1,30}))?$/;

/**
 * Nanoseconds since the epoch of a time as a log record writes it, or undefined when it cannot be
 * understood or lies outside 1970-01-01T00:00:00.000000001Z to 2262-04-11 (2^63-1 ns):
 * - RFC 3339 with up to nine digits of fraction and any offset; a space for the `T` is fine, and without
 *   an offset it is UTC;
 * - a number since the epoch whose magnitude says its unit: from 10^8 seconds, from 10^11 milliseconds,
 *   from 10^14 microseconds, from 10^17 nanoseconds (each begins in March 1973), with or without a
 *   fraction. Smaller numbers are uptimes or dates like 20240131 and not understood.
 */
export function timeOf(text: string): bigint | undefined {
  const trimmed = text.trim();
  return fits(epochNumber(trimmed) ?? dateTime(trimmed));
}

/** The same of a number whose name says that it is nanoseconds. */
export function nanosecondsOf(text: string): bigint | undefined {
  return /^\d{1,19}$/.test(text) ? fits(BigInt(text)) : undefined;
}

function fits(ns: bigint | undefined): bigint | undefined {
  return ns !== undefined && ns > 0n && ns <= MAX_NS ? ns : undefined;
}

function epochNumber(text: string): bigint | undefined {
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const whole = BigInt(match[1]);
  if (whole < 10n ** 8n) return undefined;
  const digits = whole < 10n ** 11n ? 9 : whole < 10n ** 14n ? 6 : whole < 10n ** 17n ? 3 : 0;
  const fraction = (match[2] ?? '').slice(0, digits).padEnd(digits, '0');
  return whole * 10n ** BigInt(digits) + BigInt(fraction || '0');
}

function dateTime(text: string): bigint | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  // Second 60 is a leap second: it counts as the first one of the next minute, as in Unix time.
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const offset = offsetMinutes(match[8], match[9], match[10]);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (offset === undefined || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const seconds = date.getTime() / 1000 + hour * 3600 + (minute - offset) * 60 + second;
  return BigInt(seconds) * 1_000_000_000n + BigInt((match[7] ?? '').padEnd(9, '0'));
}

function offsetMinutes(sign: string | undefined, hours: string, minutes: string): number | undefined {
  if (sign === undefined) return 0;
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
