import { RequestError } from '../errors.ts';

const RFC3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const MAX_NS = 2n ** 63n - 1n;
const MIN_NS = -(2n ** 63n);

/**
 * A moment in ns since the epoch, from RFC 3339 with up to nine digits of a second's fraction, or from
 * epoch ns as a number or as digits. Throws RequestError naming `field`.
 */
export function parseTime(value: unknown, field: string): bigint {
  const ns = typeof value === 'string' ? fromText(value) : fromNumber(value);
  if (ns === undefined || ns < MIN_NS || ns > MAX_NS) {
    throw new RequestError(400, 'BAD_REQUEST', `${field} is not a time between 1677 and 2262`, {
      hint: 'write RFC 3339 like "2024-01-01T00:00:00.123456789Z", or ns since the epoch',
    });
  }
  return ns;
}

function fromNumber(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

function fromText(text: string): bigint | undefined {
  if (/^-?\d{1,19}$/.test(text)) return BigInt(text);
  const parts = RFC3339.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const rolledOver = date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day;
  if (rolledOver || hour > 23 || minute > 59 || second > 59) return undefined;
  const offset = offsetMinutes(parts[8], parts[9], parts[10]);
  if (offset === undefined) return undefined;
  const fraction = BigInt((parts[7] ?? '').padEnd(9, '0'));
  return BigInt(date.getTime() - offset * 60_000) * 1_000_000n + fraction;
}

function offsetMinutes(sign: string | undefined, hours: string, minutes: string): number | undefined {
  if (sign === undefined) return 0;
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** RFC 3339 in UTC of ns since the epoch; nine digits of fraction, or none when they are zero. */
export function formatTime(ns: bigint): string {
  return withFraction(ns, 1_000_000_000n, 9, true);
}

/** RFC 3339 in UTC of µs since the epoch, six digits; undefined outside of the years that Date knows. */
export function formatMicros(micros: bigint): string | undefined {
  const MOST = 8_640_000_000_000_000_000n;
  return micros > MOST || micros < -MOST ? undefined : withFraction(micros, 1_000_000n, 6, false);
}

function withFraction(value: bigint, unit: bigint, digits: number, isOptional: boolean): string {
  const fraction = ((value % unit) + unit) % unit;
  const whole = new Date(Number((value - fraction) / unit) * 1000).toISOString().replace(/\.\d+Z$/, '');
  return isOptional && fraction === 0n ? `${whole}Z` : `${whole}.${String(fraction).padStart(digits, '0')}Z`;
}
