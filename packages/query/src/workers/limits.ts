import { availableParallelism } from 'node:os';

const MIB = 1024 * 1024;

/** What the query API may ask of its workers. */
export interface DispatchLimits {
  /** Bytes of segments in one unit of work, more only for one segment that is larger. */
  readonly maxUnitBytes: number;
  /** Segments in one unit of work. */
  readonly maxUnitSegments: number;
  /** Seconds that a worker may take for one unit; then another worker is asked. */
  readonly maxUnitSeconds: number;
  /** Workers that are asked for one unit, one after the other, before its query fails. */
  readonly maxUnitAttempts: number;
  /** Units of all queries that wait for a place on a worker; one more is refused. */
  readonly maxQueuedUnits: number;
  /** Seconds that a unit waits for a place on a worker before its query fails. */
  readonly maxUnitWaitSeconds: number;
  /** Units that one query has on workers at a time. */
  readonly maxUnitsInFlight: number;
  /** Milliseconds that a unit waits for the worker that has its segments at hand before any other may take it. */
  readonly patienceMs: number;
}

export const DEFAULT_DISPATCH_LIMITS: DispatchLimits = {
  maxUnitBytes: 128 * MIB,
  maxUnitSegments: 256,
  maxUnitSeconds: 15,
  maxUnitAttempts: 3,
  maxQueuedUnits: 1000,
  maxUnitWaitSeconds: 20,
  maxUnitsInFlight: 64,
  patienceMs: 100,
};

/** What one query worker gives. */
export interface WorkerLimits {
  /** Units that run at the same time; one more is told to wait or to go elsewhere. */
  readonly capacity: number;
  /** Bytes of memory for one unit. */
  readonly maxQueryMemoryBytes: number;
  /** Bytes of disk that one unit may spill. */
  readonly maxSpillBytes: number;
  /** Threads that one unit may use. */
  readonly threads: number;
  /** Bytes of a request's body. */
  readonly maxUnitRequestBytes: number;
  /** Milliseconds that running units have to end when the worker is stopped. */
  readonly drainMs: number;
}

export const DEFAULT_WORKER_LIMITS: WorkerLimits = {
  capacity: Math.max(2, availableParallelism()),
  maxQueryMemoryBytes: 512 * MIB,
  maxSpillBytes: 4096 * MIB,
  threads: 2,
  maxUnitRequestBytes: MIB,
  drainMs: 20_000,
};
