import {
  ConfigError,
  type LakewrightError,
  type Logger,
  type Sql,
  type SqlRunner,
  type SqlValue,
  silentLogger,
} from '@lakewright/core';
import pg from 'pg';
import { sqlError } from './sql-errors.ts';
import { type Rows, runTransaction } from './transaction.ts';

/** Connections to the server at most; the services of one process share them. */
const DEFAULT_CONNECTIONS = 8;
/** Milliseconds to wait for a connection before the server counts as away. */
const CONNECT_TIMEOUT_MS = 10_000;

const BYTEA = 17;
const INT8 = 20;

/** int8 as bigint and bytea as plain bytes; everything else as `pg` reads it. */
const TYPES = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    const parse = pg.types.getTypeParser(oid, format);
    if (oid === INT8) return BigInt;
    if (oid === BYTEA) return (text: string) => Uint8Array.from(parse(text) as Uint8Array);
    return parse;
  },
} as pg.CustomTypesConfig;

/**
 * A PostgreSQL server by its URL (`postgres://user:password@host:5432/database?sslmode=verify-full`). Connects
 * once before it resolves: throws UnavailableError when the server does not answer, ConfigError when the URL
 * is none. The URL's password is in no error.
 */
export async function postgresSql(
  url: string,
  options: { logger?: Logger; connections?: number } = {},
): Promise<Sql> {
  const logger = options.logger ?? silentLogger;
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) {
    throw new ConfigError('the database URL is not a PostgreSQL URL', {
      hint: 'write it like postgres://user:password@host:5432/database',
    });
  }
  const pool = new pg.Pool({
    connectionString: url,
    max: options.connections ?? DEFAULT_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'lakewright',
    types: TYPES,
  });
  // A connection that breaks while nobody uses it: the pool makes another.
  pool.on('error', (error) => logger.log('warn', 'a database connection broke', { error }));
  const sql = new PostgresSql(pool);
  try {
    await sql.query('select 1');
  } catch (error) {
    await sql.close();
    throw error;
  }
  return sql;
}

class PostgresSql implements Sql {
  readonly #pool: pg.Pool;
  #closing: Promise<void> | undefined;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  query<Row>(text: string, params: readonly SqlValue[] = []): Promise<Row[]> {
    return this.#borrow(async (connection) => (await connection.send(text, params)) as Row[]);
  }

  script(text: string): Promise<void> {
    return this.#borrow((connection) => connection.script(text));
  }

  transaction<T>(work: (tx: SqlRunner) => Promise<T>): Promise<T> {
    return this.#borrow((connection) =>
      runTransaction((text, params) => connection.send(text, params), work),
    );
  }

  close(): Promise<void> {
    this.#closing ??= this.#pool.end();
    return this.#closing;
  }

  async #borrow<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((error) => {
      throw databaseError(error);
    });
    const connection = new Connection(client);
    try {
      return await work(connection);
    } finally {
      connection.giveBack();
    }
  }
}

/** A connection while it is lent out. One that broke is not used again. */
class Connection {
  readonly #client: pg.PoolClient;
  #broken = false;
  readonly #onError = () => {
    this.#broken = true;
  };

  constructor(client: pg.PoolClient) {
    this.#client = client;
    client.on('error', this.#onError);
  }

  async send(text: string, params: readonly SqlValue[]): Promise<Rows> {
    // The extended protocol takes exactly one statement, with or without parameters.
    const config = { text, values: params.map(toParameter), queryMode: 'extended' };
    return this.#run(async () => (await this.#client.query<Record<string, unknown>>(config)).rows);
  }

  async script(text: string): Promise<void> {
    await this.#run(() => this.#client.query(text));
  }

  giveBack(): void {
    this.#client.off('error', this.#onError);
    this.#client.release(this.#broken);
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#broken ||= !(error instanceof pg.DatabaseError);
      throw databaseError(error);
    }
  }
}

function toParameter(value: SqlValue): unknown {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
}

function databaseError(error: unknown): LakewrightError {
  return sqlError(error instanceof pg.DatabaseError ? error.code : undefined, error);
}
