import type { FieldDescriptor } from '../wire/schema.ts';
import { LongNumber } from './parse.ts';

/** What is wrong with a value; who reads the document knows where it stands. */
export class JsonFault {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Longest text of an integer: 20 digits, and room for a sign, a fraction of zeros and an exponent. */
const MAX_INTEGER_TEXT = 48;
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,2}))?$/;
const NUMBER_TEXT = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
const HEX = /^[0-9a-fA-F]*$/;

/** Inclusive ranges of the integer types. */
export const RANGES = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  sfixed64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  fixed64: [0n, 2n ** 64n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  enum: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  fixed32: [0n, 2n ** 32n - 1n],
} as const;

/** The integer that a decimal text denotes exactly, or undefined (`1.5`, `abc`, `1e99`). */
function integerOf(text: string): bigint | undefined {
  const parts = text.length > MAX_INTEGER_TEXT ? null : DECIMAL.exec(text);
  if (parts === null) return undefined;
  const [, sign, whole, fraction = '', exponent = '0'] = parts;
  const shift = Number(exponent) - fraction.length;
  let digits = BigInt(whole + fraction);
  if (shift >= 0) digits *= 10n ** BigInt(shift);
  else {
    const divisor = 10n ** BigInt(-shift);
    if (digits % divisor !== 0n) return undefined;
    digits /= divisor;
  }
  return sign === '-' ? -digits : digits;
}

/** An integer within the range of `type`, from a JSON number or string. Throws JsonFault. */
export function readInteger(value: unknown, type: keyof typeof RANGES): bigint {
  let integer: bigint | undefined;
  if (typeof value === 'number') {
    // A whole number past 2^53 that is not a LongNumber was short enough to be exact.
    integer = Number.isInteger(value) ? BigInt(value) : undefined;
  } else if (typeof value === 'string') integer = integerOf(value);
  else if (value instanceof LongNumber) integer = integerOf(value.source);
  if (integer === undefined) throw new JsonFault(`expected an integer, as a number or a string`);
  const [least, most] = RANGES[type];
  if (integer < least || integer > most) {
    throw new JsonFault(`out of range, ${type} goes from ${least} to ${most}`);
  }
  return integer;
}

/** A double from a JSON number, `"NaN"`, `"Infinity"`, `"-Infinity"` or a number in quotes. */
export function readDouble(value: unknown): number {
  if (value === 'NaN') return Number.NaN;
  if (value === 'Infinity') return Number.POSITIVE_INFINITY;
  if (value === '-Infinity') return Number.NEGATIVE_INFINITY;
  let double: number | undefined;
  if (typeof value === 'number') double = value;
  else if (value instanceof LongNumber) double = value.value;
  else if (typeof value === 'string' && NUMBER_TEXT.test(value)) double = Number(value);
  if (double === undefined) {
    throw new JsonFault(`expected a number, "NaN", "Infinity" or "-Infinity"`);
  }
  if (!Number.isFinite(double)) throw new JsonFault(`out of range of a double`);
  return double;
}

/** An enum's number, from its number or its name. */
export function readEnum(value: unknown, names: readonly string[]): bigint {
  if (typeof value !== 'string') return readInteger(value, 'enum');
  const number = names.indexOf(value);
  if (number < 0) throw new JsonFault(`not a name of this enum; the first is ${names[0]}`);
  return BigInt(number);
}

export function readString(value: unknown): string {
  if (typeof value !== 'string') throw new JsonFault(`expected a string`);
  return value;
}

export function readBool(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new JsonFault(`expected true or false`);
  return value;
}

/** Ids are hexadecimal in OTLP/JSON (its one departure from protobuf's JSON), other bytes base64. */
export function readBytes(value: unknown, field: FieldDescriptor): Uint8Array {
  const text = readString(value);
  if (field.rule !== undefined) {
    if (!HEX.test(text) || text.length % 2 !== 0) {
      throw new JsonFault(`expected hexadecimal digits, two for each byte`);
    }
    return Buffer.from(text, 'hex');
  }
  if (!BASE64.test(text) || text.replace(/=+$/, '').length % 4 === 1) {
    throw new JsonFault(`expected base64`);
  }
  return Buffer.from(text, 'base64');
}
