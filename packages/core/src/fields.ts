import { ConfigError } from './errors.ts';

/** The fields of a mapping at `where`. Throws ConfigError when it is none, or has fields that are not `known`. */
export function fieldsOf(value: unknown, where: string, known: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError(`${where} is not a mapping`);
  }
  const unknown = Object.keys(value).find((field) => !known.includes(field));
  if (unknown === undefined) return value as Record<string, unknown>;
  throw new ConfigError(`${where} has an unknown field ${JSON.stringify(unknown)}`, {
    hint: `its fields are ${known.join(', ')}`,
  });
}
