import { ConfigError } from './errors.ts';
import type { Sql, SqlRunner } from './ports.ts';

/** One step of a schema's history. */
export interface Migration {
  /** 1 and up, each one more than the one before. */
  readonly version: number;
  readonly name: string;
  /** One statement each. Never edited once released: a change is a new migration. */
  readonly statements: readonly string[];
}

/** A group of tables that belong together, and how they came to be what they are. */
export interface SqlSchema {
  /** The table that remembers which migrations were run: a plain SQL name, written by a programmer. */
  readonly table: string;
  /** Any fixed number, this schema's own: every process that migrates these tables takes the same lock. */
  readonly lock: number;
  readonly migrations: readonly Migration[];
  /** What the tables are, for the error: `catalog`. */
  readonly what: string;
}

/**
 * Whether the schema's tables are at the version that this program knows: for processes that use them and do
 * not make them. Throws ConfigError when a newer program has made them, UnavailableError when the database does
 * not answer.
 */
export async function isMigrated(sql: SqlRunner, schema: SqlSchema): Promise<boolean> {
  const [{ there }] = await sql.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    schema.table,
  ]);
  return there && (await currentVersion(sql, schema)) === newestVersion(schema);
}

/**
 * Brings the schema's tables to the version that this program knows, in one transaction; processes that
 * start together wait for each other. Throws ConfigError when a newer program has made the tables, and
 * UnavailableError when the database does not answer.
 */
export async function migrate(sql: Sql, schema: SqlSchema, nowMs: number): Promise<void> {
  const { table, lock, migrations } = schema;
  await sql.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1::bigint)', [lock]);
    await tx.query(`create table if not exists ${table} (
      version integer primary key, name text not null, applied_at_ms bigint not null)`);
    const current = await currentVersion(tx, schema);
    for (const migration of migrations) {
      if (migration.version <= current) continue;
      for (const statement of migration.statements) await tx.query(statement);
      await tx.query(`insert into ${table} values ($1, $2, $3)`, [migration.version, migration.name, nowMs]);
    }
  });
}

const newestVersion = ({ migrations }: SqlSchema): number => migrations[migrations.length - 1].version;

async function currentVersion(sql: SqlRunner, schema: SqlSchema): Promise<number> {
  const [{ version }] = await sql.query<{ version: number }>(
    `select coalesce(max(version), 0) as version from ${schema.table}`,
  );
  const newest = newestVersion(schema);
  if (version <= newest) return version;
  throw new ConfigError(`the ${schema.what} has version ${version}, this program knows ${newest}`, {
    hint: 'run the newer Lakewright that made it',
  });
}
