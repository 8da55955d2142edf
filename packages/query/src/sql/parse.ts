import type { DuckDBConnection } from '@duckdb/node-api';
import { EngineError, ForbiddenQueryError, QueryError } from '../errors.ts';
import { type ExactJson, type ExactObject, isObject, parseExact } from './exact-json.ts';
import { characterAt, pointAt, statementEnd } from './text.ts';

const HEAD = 'SELECT * FROM (\n';

/** A query as it will be run: its own text inside one that cuts its rows. */
export interface ParsedQuery {
  /** `SELECT * FROM (\n<query>\n) LIMIT n`. */
  readonly text: string;
  /** DuckDB's syntax tree of `text`: what is vetted is what is run. */
  readonly node: ExactObject;
  /** Characters before the fault in the asker's query, of a byte offset into `text`; undefined outside. */
  positionOf(byteOffset: number | undefined): number | undefined;
}

/**
 * Parses `sql` with DuckDB's own parser. Throws QueryError for what is no SQL or not exactly one statement,
 * ForbiddenQueryError for every statement but a query.
 */
export async function parseQuery(
  connection: DuckDBConnection,
  sql: string,
  rows: number,
): Promise<ParsedQuery> {
  // A database that ends strings at NUL would run another text than the one that was vetted.
  const nul = sql.indexOf('\0');
  if (nul >= 0) throw new QueryError('the query has a NUL character in it', { position: nul });
  if (!sql.isWellFormed()) throw new QueryError('the query is not well-formed Unicode');

  const whole = await syntaxTree(connection, sql);
  const count = statements(whole, sql).length;
  if (count === 0) throw new QueryError('the query is empty');
  if (count > 1) throw new QueryError(`there are ${count} statements; ask one query at a time`);

  const body = sql.slice(0, statementEnd(sql));
  const text = `${HEAD}${body}\n) LIMIT ${rows}`;
  const [statement] = statements(await syntaxTree(connection, text), sql);
  const [alone] = statements(await syntaxTree(connection, body), sql);
  const [original] = statements(whole, sql);
  if (!isObject(statement) || !isObject(statement.node) || !isSame(alone, original)) {
    throw new EngineError('the query could not be told from what follows its semicolon', {
      hint: 'leave out the semicolon and everything after it',
    });
  }
  return {
    text,
    node: statement.node,
    positionOf(byteOffset) {
      const inBody = byteOffset === undefined ? -1 : byteOffset - HEAD.length;
      return inBody < 0 || inBody > Buffer.byteLength(body) ? undefined : characterAt(body, inBody);
    },
  };
}

/** The node of one expression list as DuckDB's syntax tree has it, turned back into SQL text. */
export async function expressionText(connection: DuckDBConnection, tree: string): Promise<string> {
  return String(await scalar(connection, 'SELECT json_deserialize_sql($1::JSON)', tree));
}

async function syntaxTree(connection: DuckDBConnection, sql: string): Promise<ExactObject> {
  const tree = parseExact(String(await scalar(connection, 'SELECT json_serialize_sql($1::VARCHAR)', sql)));
  if (!isObject(tree)) throw new EngineError('DuckDB gave no syntax tree for the query');
  return tree;
}

async function scalar(connection: DuckDBConnection, sql: string, argument: string): Promise<unknown> {
  const reader = await connection.runAndReadAll(sql, [argument]);
  return reader.getRows()[0]?.[0];
}

function statements(tree: ExactObject, sql: string): readonly ExactJson[] {
  if (tree.error !== true) return Array.isArray(tree.statements) ? tree.statements : [];
  if (tree.error_type === 'not implemented') {
    throw new ForbiddenQueryError(
      'only queries are answered: SELECT, WITH, VALUES, FROM, DESCRIBE, SUMMARIZE',
      {
        hint: 'for PIVOT, name the values: FROM (PIVOT logs ON severity_text IN (...) USING count(*))',
      },
    );
  }
  const offset = Number(tree.position);
  const position = tree.position === undefined ? undefined : characterAt(sql, offset);
  const where = position === undefined ? '' : `\n\n${pointAt(sql, position)}`;
  throw new QueryError(`Parser Error: ${tree.error_message}${where}`, { position });
}

const isSame = (a: ExactJson, b: ExactJson): boolean => stable(a) === stable(b);
const stable = (value: ExactJson): string =>
  JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner));
