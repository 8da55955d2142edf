import type { DuckDBConnection } from '@duckdb/node-api';

/**
 * Functions of DuckDB that a query may not call: they read the environment, settings or other statements,
 * write outside of the result, wait, or trust bytes that the caller makes up.
 */
const DENIED = new Set([
  'combine',
  'create_sort_key',
  'current_setting',
  'currval',
  'finalize',
  'get_block_size',
  'getenv',
  'json_deserialize_sql',
  'json_execute_serialized_sql',
  'json_serialize_plan',
  'json_serialize_sql',
  'nextval',
  'parse_duckdb_log_message',
  'pg_get_constraintdef',
  'pg_get_viewdef',
  'pg_sleep',
  'sleep_ms',
  'variant_bytes_to_variant',
  'variant_to_parquet_variant',
  'write_log',
]);

/** Functions of the parser that DuckDB does not list. */
const UNLISTED = ['unnest'];

/** Table functions that make rows of nothing but their arguments. */
const TABLE_FUNCTIONS = new Set([
  'generate_series',
  'json_each',
  'json_tree',
  'pg_timezone_names',
  'range',
  'unnest',
]);

export type FunctionVerdict = 'allowed' | 'denied' | 'unknown';

/** Which functions a query may call. */
export interface FunctionPolicy {
  scalar(name: string): FunctionVerdict;
  table(name: string): FunctionVerdict;
}

/** The policy for the functions of the DuckDB behind `connection`: what it lists, less what is denied. */
export async function functionPolicy(connection: DuckDBConnection): Promise<FunctionPolicy> {
  const reader = await connection.runAndReadAll(
    'SELECT DISTINCT function_name, function_type FROM duckdb_functions() WHERE database_name = $1',
    ['system'],
  );
  const scalars = new Set<string>(UNLISTED);
  const tables = new Set<string>();
  for (const [name, type] of reader.getRows()) {
    const target = type === 'table' || type === 'table_macro' || type === 'pragma' ? tables : scalars;
    target.add(String(name).toLowerCase());
  }
  const denied = (name: string) => DENIED.has(name) || name.startsWith('__internal');
  return {
    scalar(name) {
      const lower = name.toLowerCase();
      if (denied(lower)) return 'denied';
      return scalars.has(lower) ? 'allowed' : 'unknown';
    },
    table(name) {
      const lower = name.toLowerCase();
      if (TABLE_FUNCTIONS.has(lower)) return 'allowed';
      return tables.has(lower) || denied(lower) ? 'denied' : 'unknown';
    },
  };
}
