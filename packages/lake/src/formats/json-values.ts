/**
 * A JSON number that a double does not hold as it was written: a long integer, a time with many decimals,
 * or one past the range of doubles. `text` is how it was written.
 */
export class LongNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | LongNumber
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

/**
 * Only texts with such a number can hold a LongNumber that matters: long integers, times with more decimals
 * than a double has, exponents past its range. Looking costs little, keeping the digits much.
 */
const SUSPECT = /[:,[\s]-?(?:\d{16}|\d{9,}\.\d{7}|\d[\d.]*[eE]\+?\d{3})/;
const SHORT = 15;

/**
 * Parses JSON without losing digits: see LongNumber. Throws SyntaxError. Values nested thousands deep are
 * parsed without that care: no record may nest so deep (see R1 in `value-writer.ts`).
 */
export function parseJson(text: string): JsonValue {
  if (!SUSPECT.test(text)) return JSON.parse(text) as JsonValue;
  try {
    return JSON.parse(text, keepDigits) as JsonValue;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return JSON.parse(text) as JsonValue;
  }
}

function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  const { source } = context;
  if (source.length <= SHORT && Number.isFinite(value)) return value;
  const held = String(value) === source && (!Number.isInteger(value) || Number.isSafeInteger(value));
  return held ? value : new LongNumber(source);
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LongNumber)
  );
}

/** A string, number or boolean as text; undefined for everything else. */
export function scalarText(value: JsonValue): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value instanceof LongNumber ? value.text : undefined;
}
