import { LakewrightError } from '@lakewright/core';

/** A statement that PostgreSQL refused. `sqlState` is PostgreSQL's five-character code. */
export class SqlError extends LakewrightError {
  readonly sqlState: string;
  constructor(sqlState: string, message: string, options?: { hint?: string; cause?: unknown }) {
    super('SQL', message, options);
    this.sqlState = sqlState;
  }
}

/** An object that is there and that this user may not read: no other object is touched by that. */
export class ForbiddenError extends LakewrightError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('FORBIDDEN', message, { ...options, hint: 'let this user read the data directory' });
  }
}
