import type { DuckDBConnection } from '@duckdb/node-api';
import { LakewrightError, LimitError, type Logger, messageOf } from '@lakewright/core';
import type { SegmentIndex } from '@lakewright/lake';
import type { Registry } from 'prom-client';
import { EngineError, QueryError } from '../errors.ts';
import type { SegmentFiles } from '../files/index.ts';
import { DEFAULT_SQL_LIMITS, type SqlLimits } from '../limits.ts';
import type { QueryWorkers } from '../workers/query-workers.ts';
import { createAdmission } from './admission.ts';
import { Execution } from './execution.ts';
import { type FunctionPolicy, functionPolicy } from './functions.ts';
import { sqlMetrics } from './metrics.ts';
import type { SqlResult } from './result.ts';
import { sandboxPool } from './sandbox.ts';

export interface SqlRequest {
  /** Whose lake is asked. */
  readonly organization: string;
  /** One query in DuckDB's dialect over `logs`, `traces`, `gauge`, `sum`, `histogram`, ... */
  readonly sql: string;
  /** Bounds on time_unix_nano of every table, ns since the epoch: inclusive. */
  readonly startNs?: bigint;
  /** Exclusive. */
  readonly endNs?: bigint;
  /** Rows to answer at most, 1 to maxRows; defaultRows when absent. */
  readonly limit?: number;
  /** Bytes of the segments that it may read; as many as there are when absent. */
  readonly maxBytes?: number;
  /** Aborting it interrupts the query. */
  readonly signal?: AbortSignal;
}

/** Answers SQL over the segments of one organization at a time. */
export interface SqlEngine {
  /**
   * Runs one query to its end and gives its rows to read. The caller reads `chunks()` to its end or calls
   * `close()`. Throws QueryError, ForbiddenQueryError, LimitError, SegmentReadError, CancelledError,
   * EngineError, and what the index or the files throw.
   */
  query(request: SqlRequest): Promise<SqlResult>;
  /** Frees what is kept ready. Queries that run end by themselves. */
  close(): Promise<void>;
}

export interface SqlEngineOptions {
  readonly index: SegmentIndex;
  readonly files: SegmentFiles;
  readonly limits?: Partial<SqlLimits>;
  /** Where queries spill; made when absent. Only spill directories of earlier runs are removed in it. */
  readonly tempDirectory: string;
  readonly logger: Logger;
  readonly metrics: Registry;
  /**
   * Threads of Node.js' pool, which UV_THREADPOOL_SIZE sets and a query occupies one of. Two are left for
   * file and name look-ups of the rest of the process: with the usual 4, two queries run at a time.
   */
  readonly ioThreads?: number;
  /** Query workers that read the segments; without them this process does. The engine does not close them. */
  readonly workers?: QueryWorkers;
}

/** The threads that Node.js' pool has, as libuv reads it from the environment. */
export function poolThreads(): number {
  return Math.max(1, Math.min(1024, Number.parseInt(process.env.UV_THREADPOOL_SIZE ?? '', 10) || 4));
}

/** An engine over the segments that `index` knows and `files` opens. */
export function createSqlEngine(options: SqlEngineOptions): SqlEngine {
  const limits: SqlLimits = { ...DEFAULT_SQL_LIMITS, ...options.limits };
  const { index, files, tempDirectory, logger, workers } = options;
  const threads = options.ioThreads ?? poolThreads();
  const places = Math.max(1, Math.min(limits.maxConcurrentQueries, threads - 2));
  if (places < limits.maxConcurrentQueries) {
    logger.log('debug', 'fewer queries run at a time than maxConcurrentQueries', {
      places,
      hint: `set UV_THREADPOOL_SIZE to ${limits.maxConcurrentQueries + 2} or more`,
    });
  }
  const admission = createAdmission(places, limits.maxQueuedQueries);
  const pool = sandboxPool(limits, tempDirectory);
  const metrics = sqlMetrics(options.metrics, admission);
  const means = { index, files, tempDirectory, logger, limits, pool, workers, functions: cachedPolicy() };

  const answer = async (request: SqlRequest): Promise<SqlResult> => {
    checkSize(request.sql, limits);
    const limit = rowLimit(request, limits);
    const leave = await admission.enter(request.signal);
    return new Execution(means, { ...request, limit }, leave).run();
  };

  return {
    async query(request) {
      try {
        const result = await answer(request);
        metrics.answered(result.stats);
        return result;
      } catch (error) {
        const code = error instanceof LakewrightError ? error.code : 'UNKNOWN';
        metrics.failed(code);
        if (error instanceof EngineError) {
          logger.log('error', 'a query failed in the engine', {
            error,
            cause: messageOf(error.cause ?? 'none'),
          });
        }
        throw error;
      }
    },
    close: () => pool.close(),
  };
}

/** Which functions there are is the same in every sandbox: ask the first. */
function cachedPolicy(): (connection: DuckDBConnection) => Promise<FunctionPolicy> {
  let policy: FunctionPolicy | undefined;
  return async (connection) => {
    policy ??= await functionPolicy(connection);
    return policy;
  };
}

function rowLimit(request: SqlRequest, limits: SqlLimits): number {
  const limit = request.limit ?? Math.min(limits.defaultRows, limits.maxRows);
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new QueryError(`limit ${limit} is not a positive integer`);
  if (limit > limits.maxRows) {
    throw new LimitError(
      'maxRows',
      `limit ${limit} is more than the ${limits.maxRows} rows that one answer may have`,
      {
        hint: 'aggregate, or ask for one time range after the other',
      },
    );
  }
  return limit;
}

function checkSize(sql: string, limits: SqlLimits): void {
  const bytes = Buffer.byteLength(sql);
  if (bytes > limits.maxSqlBytes) {
    throw new LimitError(
      'maxSqlBytes',
      `the query is ${bytes} bytes long; at most ${limits.maxSqlBytes} are read`,
    );
  }
}
