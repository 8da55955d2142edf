import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LimitError } from '@lakewright/core';
import { TABLE_NAMES, TABLES } from '@lakewright/lake';
import { EngineError, QueryError } from '../errors.ts';
import { DEFAULT_SQL_LIMITS } from '../limits.ts';
import { explain } from '../sql/duckdb-errors.ts';
import { type ExactObject, isObject } from '../sql/exact-json.ts';
import { functionPolicy } from '../sql/functions.ts';
import { type ParsedQuery, parseQuery } from '../sql/parse.ts';
import { type Sandbox, sandboxPool } from '../sql/sandbox.ts';
import { vetQuery } from '../sql/vet.ts';
import { viewStatement } from '../sql/views.ts';
import { Refusals, translateSelect, typeOfName } from './dialect/index.ts';

const DESCRIBE = 'DESCRIBE ';

/** A query for Trino or Athena, and what its columns are called and are in DuckDB. */
export interface Translation {
  readonly sql: string;
  readonly columns: readonly TranslatedColumn[];
  /** Rows to answer; the query itself asks for one more, which tells whether there are any. */
  readonly limit: number;
}

export interface TranslatedColumn {
  readonly name: string;
  /** As DuckDB names it. */
  readonly type: string;
}

export interface TranslationRequest {
  /** One query in DuckDB's dialect over the lake's tables. */
  readonly sql: string;
  /** Bounds on time_unix_nano of every table, ns since the epoch: inclusive. */
  readonly startNs?: bigint;
  /** Exclusive. */
  readonly endNs?: bigint;
  /** Rows to answer at most; 10,000 when absent. */
  readonly limit?: number;
  /** The engine whose answer the query is for. */
  readonly engine: 'trino' | 'athena';
}

/**
 * Translates a query to the SQL of Trino, which Athena's engine version 3 has, too. DuckDB parses and binds it first
 * over tables without rows: what the query API would refuse is refused in the same words. Throws QueryError and
 * ForbiddenQueryError, which name what cannot be translated exactly and where it stands; LimitError for `limit` and
 * the length of the query.
 */
export async function translate(request: TranslationRequest): Promise<Translation> {
  const limit = checked(request);
  const directory = await mkdtemp(join(tmpdir(), 'lakewright-translate-'));
  const pool = sandboxPool(DEFAULT_SQL_LIMITS, directory);
  try {
    const sandbox = await pool.take();
    try {
      return await translateIn(sandbox, request, limit, directory);
    } finally {
      await sandbox.close();
    }
  } finally {
    await pool.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function checked({ sql, limit = DEFAULT_SQL_LIMITS.defaultRows }: TranslationRequest): number {
  const { maxRows, maxSqlBytes } = DEFAULT_SQL_LIMITS;
  const bytes = Buffer.byteLength(sql);
  if (bytes > maxSqlBytes) {
    throw new LimitError('maxSqlBytes', `the query is ${bytes} bytes long; at most ${maxSqlBytes} are read`);
  }
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new QueryError(`limit ${limit} is not a positive integer`);
  }
  if (limit > maxRows) {
    throw new LimitError(
      'maxRows',
      `limit ${limit} is more than the ${maxRows} rows that one answer may have`,
      {
        hint: 'aggregate, or ask for one time range after the other',
      },
    );
  }
  return limit;
}

async function translateIn(
  sandbox: Sandbox,
  request: TranslationRequest,
  limit: number,
  directory: string,
): Promise<Translation> {
  const { sql, startNs, endNs, engine } = request;
  const { connection } = sandbox;
  let positionOf: (byteOffset: number | undefined) => number | undefined = () => undefined;
  try {
    const parsed = await parseQuery(connection, sql, limit + 1);
    positionOf = (at) => parsed.positionOf(at === undefined ? undefined : at - DESCRIBE.length);
    vetQuery(parsed.node, await functionPolicy(connection), parsed.positionOf);
    const columns = await described(sandbox, parsed);
    const refusals = new Refusals(sql, parsed.positionOf);
    const derived = await derivedTrees(sandbox);
    const translated = translateSelect(
      { node: selectOf(parsed), derived, refusals },
      { limit: limit + 1, startNs, endNs, nestedAsJson: engine === 'athena' },
    );
    checkTypes(columns, translated.columns, refusals);
    return { sql: translated.sql, columns, limit };
  } catch (error) {
    throw explain(error, {
      sql,
      limits: DEFAULT_SQL_LIMITS,
      keyOf: new Map(),
      hidden: [directory],
      positionOf: (at) => positionOf(at),
    });
  }
}

/** Names and types of the columns, as DuckDB binds the query over tables without rows. */
async function described(sandbox: Sandbox, parsed: ParsedQuery): Promise<TranslatedColumn[]> {
  const { connection } = sandbox;
  await sandbox.lock([]);
  for (const table of TABLE_NAMES) await connection.run(viewStatement(table, [], {}));
  const reader = await connection.runAndReadAll(DESCRIBE + parsed.text);
  return reader.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
}

/** The asker's query inside the one that cuts its rows. */
function selectOf({ node: { from_table: query } }: ParsedQuery): ExactObject {
  const node = isObject(query) && isObject(query.subquery) ? query.subquery.node : undefined;
  if (!isObject(node)) throw new EngineError('DuckDB gave no syntax tree of the query');
  return node;
}

async function derivedTrees({ connection }: Sandbox): Promise<Map<string, ExactObject>> {
  const texts = Object.values(TABLES).flatMap((columns) => columns.flatMap(({ derived }) => derived ?? []));
  const trees = new Map<string, ExactObject>();
  for (const text of new Set(texts)) {
    const node = selectOf(await parseQuery(connection, `SELECT ${text}`, 1));
    const [expression] = Array.isArray(node.select_list) ? node.select_list : [];
    if (isObject(expression)) trees.set(text, expression);
  }
  return trees;
}

/** What the translation takes a column for is what DuckDB takes it for, or there is no translation. */
function checkTypes(
  columns: readonly TranslatedColumn[],
  translated: readonly { readonly value: { readonly type: string } }[],
  refusals: Refusals,
): void {
  if (columns.length !== translated.length) throw refusals.of(undefined, 'the list of columns of this query');
  for (const [i, { name, type }] of columns.entries()) {
    const found = translated[i].value.type;
    if (found !== 'NULL' && found !== typeOfName(type)) {
      throw refusals.of(undefined, `column ${i + 1} (${name}) of type ${type}`);
    }
  }
}
