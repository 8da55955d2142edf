import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import { EngineError } from '../errors.ts';
import type { QueryPlan } from './plan.ts';
import type { Sandbox } from './sandbox.ts';
import { sqlName } from './text.ts';
import { viewStatement } from './views.ts';

/** In a schema of its own, where SHOW TABLES does not list it. */
const SCHEMA = sqlName('__lakewright');
const RESULT = `${SCHEMA}.result`;
const HEAD = `CREATE TABLE ${RESULT} AS `;

/** Bytes that stand before a query's text in the statement that runs it. */
export const RUN_OFFSET = Buffer.byteLength(HEAD);

/** The rows of a query, kept in its sandbox. */
export interface StoredResult {
  readonly rows: number;
  /** For each column, its type as DuckDB names it. */
  readonly typeNames: readonly string[];
}

/** Runs `query` over the planned files and keeps its rows in the sandbox; resolves to what they are. */
export async function runQuery(sandbox: Sandbox, plan: QueryPlan, query: string): Promise<StoredResult> {
  await sandbox.lock([...plan.keyOf.keys()]);
  for (const { table, paths, bounds } of plan.tables) {
    await sandbox.connection.run(viewStatement(table, paths, bounds));
  }
  return keepRows(sandbox.connection, query);
}

/**
 * Runs `query` over the views that there are and keeps its rows.
 *
 * The rows go into a table first, and are not streamed as DuckDB finds them, since the binding
 * ends a stream that fails half-way like one that is complete, and since a result outside of a table does
 * not count as memory.
 */
export async function keepRows(connection: DuckDBConnection, query: string): Promise<StoredResult> {
  await connection.run(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
  const prepared = await prepareOne(connection, HEAD + query);
  try {
    await prepared.run();
  } finally {
    prepared.destroySync();
  }
  const count = await connection.runAndReadAll(`SELECT count(*) FROM ${RESULT}`);
  const columns = await connection.runAndReadAll(`DESCRIBE ${RESULT}`);
  return {
    rows: Number(count.getRows()[0][0]),
    typeNames: columns.getRows().map(([_name, type]) => String(type)),
  };
}

/** Throws what keepRows would throw of names and types, and runs nothing. */
export async function bindQuery(connection: DuckDBConnection, query: string): Promise<void> {
  await connection.run(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
  (await prepareOne(connection, HEAD + query)).destroySync();
}

/** The rows of the last run, `limit` at most, in their order. */
export function resultStatement(limit: number): string {
  return `SELECT * FROM ${RESULT} LIMIT ${limit}`;
}

async function prepareOne(connection: DuckDBConnection, sql: string): Promise<DuckDBPreparedStatement> {
  const extracted = await connection.extractStatements(sql);
  if (extracted.count !== 1) throw new EngineError(`the query became ${extracted.count} statements`);
  return extracted.prepare(0);
}
