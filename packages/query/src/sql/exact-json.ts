/** JSON in which integers past 2^53 keep their value: they are bigints. */
export type ExactJson =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly ExactJson[]
  | { readonly [key: string]: ExactJson };

/** An object inside ExactJson. */
export type ExactObject = { readonly [key: string]: ExactJson };

export function isObject(value: ExactJson | undefined): value is ExactObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// The reviver's third argument (the number as written) and JSON.rawJSON are in Node.js 24 but not yet in
// the compiler's library.
function exactNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** Parses JSON text. Throws SyntaxError. */
export function parseExact(text: string): ExactJson {
  return JSON.parse(text, exactNumber) as ExactJson;
}

/** The text of `value`, bigints as plain integers. */
export function stringifyExact(value: ExactJson): string {
  return JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? rawJSON(String(inner)) : inner));
}
