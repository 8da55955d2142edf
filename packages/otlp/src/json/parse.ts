import { JsonError } from '../errors.ts';

/** A JSON number whose text says more than a double can hold. */
export class LongNumber {
  /** The nearest double. */
  readonly value: number;
  /** As it was written. */
  readonly source: string;

  constructor(value: number, source: string) {
    this.value = value;
    this.source = source;
  }
}

/** A bare number that a double may not hold exactly: sixteen digits or more, or with an exponent. */
const MAY_BE_LONG = /[:[,\s]-?(?:[\d.]{16,}|[\d.]+[eE])/;
const SHORT_INTEGER = /^-?\d{1,15}$/;

type ParseWithSource = (
  text: string,
  reviver?: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown;
const parse = JSON.parse as ParseWithSource;

/**
 * JSON of any kind; integers that a double cannot hold exactly come back as LongNumber. Bytes are taken as
 * UTF-8 (a byte order mark is passed over), bad sequences as U+FFFD. Throws JsonError.
 */
export function parseJson(input: Uint8Array | string): unknown {
  const text = typeof input === 'string' ? input : new TextDecoder().decode(input);
  try {
    // The reviver is several times slower than a plain parse, and most senders quote their 64-bit integers.
    return MAY_BE_LONG.test(text) ? parse(text, keepLongNumbers) : parse(text);
  } catch (error) {
    if (error instanceof RangeError) throw new JsonError('the JSON nests too deep to be read');
    throw new JsonError(`not valid JSON${positionIn(error)}`);
  }
}

function keepLongNumbers(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || !Number.isInteger(value)) return value;
  const { source } = context;
  return source === undefined || SHORT_INTEGER.test(source) ? value : new LongNumber(value, source);
}

/** The engine's message quotes the input, which may hold anything; only the position is passed on. */
function positionIn(error: unknown): string {
  const found = /position (\d+)/.exec(String(error));
  return found === null ? '' : ` at position ${found[1]}`;
}
