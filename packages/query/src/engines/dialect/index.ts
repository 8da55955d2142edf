import type { ExactObject } from '../../sql/exact-json.ts';
import type { InnerQuery } from './context.ts';
import type { CommonTables } from './from.ts';
import type { Refusals } from './refusals.ts';
import { type Means, select } from './select.ts';
import type { Typed } from './types.ts';

export { Refusals } from './refusals.ts';
export { type SqlType, typeOfName } from './types.ts';

/** A query as DuckDB parsed it. */
export interface ParsedSelect {
  readonly node: ExactObject;
  readonly derived: ReadonlyMap<string, ExactObject>;
  readonly refusals: Refusals;
}

export interface DialectOptions {
  /** Rows at most that the translated query answers. */
  readonly limit: number;
  /** Bounds on time_unix_nano of every table, ns since the epoch: inclusive, exclusive. */
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  /** Whether maps and lists are answered as JSON, by an engine whose answers cannot hold them. */
  readonly nestedAsJson: boolean;
}

/**
 * The query in Trino's SQL, with the type of each column. Everything that is not surely the same in both is refused:
 * throws QueryError, which names it and where it stands.
 */
export function translateSelect(
  { node, derived, refusals }: ParsedSelect,
  options: DialectOptions,
): InnerQuery {
  const { limit, startNs, endNs, nestedAsJson } = options;
  let names = 0;
  const means: Means = {
    refusals,
    derived,
    startNs,
    endNs,
    query: (inner: ExactObject, tables: CommonTables) => select(inner, tables, means),
    freshName: () => `_c${names++}`,
  };
  const output = ({ sql, type }: Typed) =>
    nestedAsJson && /[[(]/.test(type) ? `json_format(CAST(${sql} AS json))` : sql;
  return select(node, new Map(), means, { limit, output });
}
