import { availableParallelism } from 'node:os';

const MIB = 1024 * 1024;

/** What one query, and all of them together, may use. */
export interface SqlLimits {
  /** Most rows that a request may ask for with `limit`. */
  readonly maxRows: number;
  /** Rows that are answered when the request names no `limit`. */
  readonly defaultRows: number;
  /** Seconds from admission to the complete result; the query is interrupted then. */
  readonly maxQuerySeconds: number;
  /** Seconds that a client may take to read a complete result. */
  readonly maxDeliverySeconds: number;
  /** Queries that run at the same time; see `ioThreads` of createSqlEngine for when it is fewer. */
  readonly maxConcurrentQueries: number;
  /** Queries that wait for their turn; one more is refused. */
  readonly maxQueuedQueries: number;
  /** Bytes of a query's text in UTF-8. */
  readonly maxSqlBytes: number;
  /**
   * Bytes of memory for one query's operators and result. Sorts, joins and groupings that need more go to
   * disk, what cannot is refused.
   */
  readonly maxQueryMemoryBytes: number;
  /** Bytes of disk that one query may spill. */
  readonly maxSpillBytes: number;
  /** Segments that one query may read after pruning. */
  readonly maxSegments: number;
  /** Threads that one query may use. */
  readonly threads: number;
}

export const DEFAULT_SQL_LIMITS: SqlLimits = {
  maxRows: 100_000,
  defaultRows: 10_000,
  maxQuerySeconds: 30,
  maxDeliverySeconds: 120,
  maxConcurrentQueries: 4,
  maxQueuedQueries: 32,
  maxSqlBytes: 64 * 1024,
  maxQueryMemoryBytes: 256 * MIB,
  maxSpillBytes: 4096 * MIB,
  maxSegments: 100_000,
  threads: availableParallelism(),
};
