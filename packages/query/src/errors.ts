import { LakewrightError } from '@lakewright/core';

interface QueryErrorOptions {
  readonly hint?: string;
  readonly cause?: unknown;
  /** Characters before the fault in the query's text. */
  readonly position?: number;
}

/** A query that cannot be answered as it is written. The message says why, `position` where. */
export class QueryError extends LakewrightError {
  readonly position: number | undefined;
  constructor(message: string, options: QueryErrorOptions = {}) {
    super('BAD_QUERY', message, options);
    this.position = options.position;
  }
}

/** A query that asks for something which the SQL interface does not give to anybody. */
export class ForbiddenQueryError extends LakewrightError {
  readonly position: number | undefined;
  constructor(message: string, options: QueryErrorOptions = {}) {
    super('FORBIDDEN', message, options);
    this.position = options.position;
  }
}

/** A stored segment that is gone or cannot be read: the query fails rather than answer without it. */
export class SegmentReadError extends LakewrightError {
  readonly key: string;
  constructor(key: string, reason: string, options?: { hint?: string; cause?: unknown }) {
    super('SEGMENT_UNREADABLE', `segment ${key}: ${reason}`, options);
    this.key = key;
  }
}

/** The asker went away before the answer was complete. */
export class CancelledError extends LakewrightError {
  constructor() {
    super('CANCELLED', 'the query was cancelled');
  }
}

/** A fault of the engine itself, not of the query or of the data. */
export class EngineError extends LakewrightError {
  constructor(message: string, options?: { hint?: string; cause?: unknown }) {
    super('ENGINE', message, options);
  }
}

/** A request that is wrong before any query is looked at. `status` is the HTTP status that says so. */
export class RequestError extends LakewrightError {
  readonly status: number;
  constructor(status: number, code: string, message: string, options?: { hint?: string; cause?: unknown }) {
    super(code, message, options);
    this.status = status;
  }
}
