import { LakewrightError, messageOf, UnavailableError } from '@lakewright/core';
import { SqlError } from './errors.ts';

/**
 * SQLSTATE classes that say nothing against the statement: the connection, resources, an operator's
 * intervention, the system, a rolled-back transaction (deadlock, serialization).
 */
const TRANSIENT = ['08', '53', '57', '58', '40'];

/** The error to throw for what PostgreSQL, or the way to it, answered. */
export function sqlError(sqlState: string | undefined, error: unknown): LakewrightError {
  if (error instanceof LakewrightError) return error;
  const text = messageOf(error);
  if (sqlState === undefined || !/^[0-9A-Z]{5}$/.test(sqlState)) {
    return new UnavailableError(`the catalog database does not answer: ${text}`, { cause: error });
  }
  if (TRANSIENT.includes(sqlState.slice(0, 2))) {
    return new UnavailableError(`the catalog database cannot do it now: ${text}`, { cause: error });
  }
  return new SqlError(sqlState, `${text} (SQLSTATE ${sqlState})`, { cause: error });
}
