import { QueryError } from '../../errors.ts';
import type { ExactObject } from '../../sql/exact-json.ts';
import { pointAt } from '../../sql/text.ts';

const HINT = 'run it with --engine duckdb, or write it in another way';

/** Makes the errors for what has no exact counterpart: each names the construct and where it stands. */
export class Refusals {
  readonly #sql: string;
  readonly #positionOf: (byteOffset: number | undefined) => number | undefined;

  constructor(sql: string, positionOf: (byteOffset: number | undefined) => number | undefined) {
    this.#sql = sql;
    this.#positionOf = positionOf;
  }

  /** The refusal of `what`, which `part` of the syntax tree holds. */
  of(part: ExactObject | undefined, what: string, hint: string = HINT): QueryError {
    const offset = part?.query_location;
    const position = this.#positionOf(typeof offset === 'number' ? offset : undefined);
    const where = position === undefined ? '' : `\n\n${pointAt(this.#sql, position)}`;
    return new QueryError(`${what} has no exact counterpart in the SQL of Trino and Athena${where}`, {
      position,
      hint,
    });
  }
}
