import { RequestError } from '../errors.ts';
import { type ExactJson, isObject, parseExact } from '../sql/exact-json.ts';
import { parseTime } from './time.ts';

/** What `POST /api/v1/sql` asks. */
export interface SqlBody {
  readonly sql: string;
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  readonly limit?: number;
}

const FIELDS = ['query', 'start', 'end', 'limit'];

const bad = (message: string, hint?: string) => new RequestError(400, 'BAD_REQUEST', message, { hint });

/** JSON in which epoch ns written as numbers keep their digits. Throws RequestError. */
export function parseJsonBody(text: string): ExactJson {
  try {
    return parseExact(text);
  } catch (error) {
    throw new RequestError(400, 'BAD_REQUEST', 'the body is not JSON', { cause: error });
  }
}

/** Reads `{"query", "start"?, "end"?, "limit"?}`. Throws RequestError naming the field that is wrong. */
export function parseSqlBody(body: unknown): SqlBody {
  if (!isObject(body as ExactJson)) throw bad('the body is not an object like {"query": "SELECT ..."}');
  const fields = body as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined)
    throw bad(`there is no field ${JSON.stringify(unknown)}`, `the fields are ${FIELDS.join(', ')}`);
  const { query: sql, start, end, limit } = fields;
  if (typeof sql !== 'string') throw bad('query is not a string');
  const isPositive = typeof limit === 'number' && Number.isSafeInteger(limit) && limit > 0;
  if (limit !== undefined && limit !== null && !isPositive) throw bad('limit is not a positive integer');
  const startNs = optionalTime(start, 'start');
  const endNs = optionalTime(end, 'end');
  if (startNs !== undefined && endNs !== undefined && startNs > endNs) throw bad('start is after end');
  return { sql, startNs, endNs, limit: isPositive ? limit : undefined };
}

function optionalTime(value: unknown, field: string): bigint | undefined {
  return value === undefined || value === null ? undefined : parseTime(value, field);
}
