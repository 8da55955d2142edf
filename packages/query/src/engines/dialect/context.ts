import type { ExactObject } from '../../sql/exact-json.ts';
import type { Refusals } from './refusals.ts';
import type { OutputColumn, Relation } from './scope.ts';
import type { Typed } from './types.ts';

/** The rows of a query inside of another one. */
export interface InnerQuery {
  readonly sql: string;
  readonly columns: readonly OutputColumn[];
}

/** Where an expression stands, and what names mean there. */
export interface Context {
  readonly relations: readonly Relation[];
  /** What a name of the SELECT list stands for; undefined where such names do not count. */
  alias(name: string, part: ExactObject): Typed | undefined;
  /** Times may be compared as instants: before rows are grouped, when a column is still the table's own. */
  readonly instants: boolean;
  readonly refusals: Refusals;
  /** The translation of a subquery, which sees the same common table expressions and no column from here. */
  query(node: ExactObject): InnerQuery;
  /** A name that no query has. */
  freshName(): string;
}
