import type { StatementEngine, StatementOptions, StatementRow } from '@lakewright/core';
import { EngineError } from '../errors.ts';
import { integerJson, type JsonValue } from '../http/values.ts';
import { typeOfName } from './dialect/index.ts';
import type { TranslatedColumn, Translation } from './translation.ts';

/** An answer as the query API's JSON has it, whichever engine it came from. */
export interface EngineAnswer {
  readonly columns: readonly TranslatedColumn[];
  readonly rows: readonly (readonly JsonValue[])[];
  readonly stats: {
    readonly rowsReturned: number;
    /** Whether the query has more rows than `limit`, which were not answered. */
    readonly truncated: boolean;
    readonly limit: number;
    readonly elapsedMs: number;
  };
}

/**
 * Asks `engine`. Throws what it throws, and EngineError for values that are not of the columns' types: an answer that
 * cannot be read is none.
 */
export async function askEngine(
  engine: StatementEngine,
  { sql, columns, limit }: Translation,
  options: StatementOptions = {},
): Promise<EngineAnswer> {
  const started = performance.now();
  const rows: JsonValue[][] = [];
  let truncated = false;
  for await (const page of engine.run(sql, options)) {
    for (const row of page) {
      if (rows.length < limit) rows.push(decoded(row, columns, engine.name));
      else truncated = true;
    }
  }
  const elapsedMs = Math.round((performance.now() - started) * 1000) / 1000;
  return { columns, rows, stats: { rowsReturned: rows.length, truncated, limit, elapsedMs } };
}

function decoded(row: StatementRow, columns: readonly TranslatedColumn[], engine: string): JsonValue[] {
  if (row.length !== columns.length) {
    throw new EngineError(`${engine} answered ${row.length} columns; the query has ${columns.length}`);
  }
  return columns.map(({ name, type }, i) => {
    const value = decodeValue(row[i], typeOfName(type));
    if (value !== undefined) return value;
    throw new EngineError(`${engine} answered a value of column ${name} that is no ${type}`);
  });
}

/**
 * A value as JSON answers have it, from what an engine wrote: numbers, texts and JSON of Trino, texts alone of
 * Athena. Undefined for what is not of the type.
 */
export function decodeValue(value: unknown, type: string): JsonValue | undefined {
  if (value === null || value === undefined) return null;
  switch (type) {
    case 'INTEGER':
    case 'BIGINT':
    case 'HUGEINT':
      return /^-?\d+$/.test(String(value)) ? integerJson(BigInt(String(value))) : undefined;
    case 'DOUBLE':
      return doubleJson(value);
    case 'BOOLEAN':
      if (typeof value === 'boolean') return value;
      return value === 'true' ? true : value === 'false' ? false : undefined;
    case 'TIMESTAMP':
    case 'TIMESTAMPTZ':
      return timestampJson(String(value));
    case 'VARCHAR':
    case 'DECIMAL':
    case 'DATE':
      return typeof value === 'object' ? undefined : String(value);
    default:
      return nestedJson(value, type);
  }
}

function doubleJson(value: unknown): JsonValue | undefined {
  const text = String(value);
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return text;
  return /^-?\d/.test(text) && Number.isFinite(Number(text)) ? Number(text) : undefined;
}

/** Times are written in UTC, without a zone. */
function timestampJson(text: string): string | undefined {
  const match = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?$/.exec(text);
  if (match === null) return undefined;
  const [, day, time, fraction = ''] = match;
  return `${day}T${time}.${fraction.padEnd(6, '0')}Z`;
}

function nestedJson(value: unknown, type: string): JsonValue | undefined {
  const content: unknown = typeof value === 'string' ? JSON.parse(value) : value;
  if (type.endsWith('[]')) {
    if (!Array.isArray(content)) return undefined;
    const items = content.map((item) => decodeValue(item, type.slice(0, -2)));
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return undefined;
  return Object.fromEntries(
    Object.entries(content).map(([key, entry]) => [key, entry === null ? null : String(entry)]),
  );
}
