import {
  BadInputError,
  LakewrightError,
  LimitError,
  NotFoundError,
  PreconditionError,
  UnavailableError,
} from '@lakewright/core';
import {
  CancelledError,
  ForbiddenQueryError,
  QueryError,
  RequestError,
  SegmentReadError,
} from '../errors.ts';

/** The body of every answer that is an error. */
export interface ErrorBody {
  readonly error: {
    readonly code: string;
    readonly message: string;
    /** Characters before the fault in the query's text. */
    readonly position?: number;
    readonly hint?: string;
    /** The name of the limit that was exceeded. */
    readonly limit?: string;
    /** The segment that could not be read. */
    readonly segment?: string;
  };
}

/** What an asker is told of `error`: of errors that nobody foresaw, nothing but that there was one. */
export function errorBody(error: unknown): ErrorBody {
  if (!(error instanceof LakewrightError)) {
    return { error: { code: 'INTERNAL', message: 'an internal error; the log of the server says more' } };
  }
  const position =
    error instanceof QueryError || error instanceof ForbiddenQueryError ? error.position : undefined;
  return {
    error: {
      code: error.code,
      message: error.message,
      position,
      hint: error.hint,
      limit: error instanceof LimitError ? error.limit : undefined,
      segment: error instanceof SegmentReadError ? error.key : undefined,
    },
  };
}

const LIMIT_STATUS: Readonly<Record<string, number>> = {
  maxRows: 400,
  maxIdleSeconds: 408,
  maxSqlBytes: 413,
  maxBodyBytes: 413,
  maxSegments: 422,
  maxCachedBytes: 422,
  maxQueryMemoryBytes: 422,
  maxSpillBytes: 422,
  maxQueuedQueries: 429,
  concurrent_queries: 429,
  maxQueuedUnits: 429,
  maxUnitWaitSeconds: 429,
  maxUnitSeconds: 504,
  maxQuerySeconds: 504,
  maxDeliverySeconds: 504,
};

/** The HTTP status of an error; the README of this package lists them. */
export function statusOf(error: unknown): number {
  if (error instanceof RequestError) return error.status;
  if (error instanceof QueryError || error instanceof BadInputError) return 400;
  if (error instanceof ForbiddenQueryError) return 403;
  if (error instanceof NotFoundError) return 404;
  if (error instanceof PreconditionError) return 412;
  if (error instanceof LimitError) return LIMIT_STATUS[error.limit] ?? 422;
  if (error instanceof CancelledError) return 499;
  if (error instanceof UnavailableError) return 503;
  return 500;
}

/** Seconds after which to try again, for errors that pass. */
export function retryAfterOf(error: unknown): number | undefined {
  if (error instanceof UnavailableError) return error.retryAfterSeconds;
  return error instanceof LimitError && statusOf(error) === 429 ? 1 : undefined;
}
