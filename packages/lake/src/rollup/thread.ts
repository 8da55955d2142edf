import { UnavailableError } from '@lakewright/core';
import { createThreadPool } from '../threads/pool.ts';
import type { RolledTable } from './roll.ts';
import type { RollJob } from './worker.ts';

export type { RollJob } from './worker.ts';

/** Rolls hours up off the main thread. */
export interface Roller {
  /** Hours that are rolled up at once; more wait. */
  readonly threads: number;
  /**
   * The windows of every length. Rejects with UnreadableSegmentError naming the segment that cannot be read,
   * LimitError naming the limit that the hour is beyond, and UnavailableError when the thread died or was closed.
   */
  roll(job: RollJob): Promise<readonly RolledTable[]>;
  /** Rejects the jobs in progress and ends the threads. */
  close(): Promise<void>;
}

/**
 * A roller in worker threads that start with their first job and end after a minute without one. An hour of
 * 3,600,000 points takes about 300 MB in its thread; `maxHeapMb` bounds what is not column data.
 */
export function createThreadRoller({ threads = 1, maxHeapMb = 512, idleMs = 60_000 } = {}): Roller {
  const pool = createThreadPool<RollJob, readonly RolledTable[]>({
    name: 'roller',
    module: new URL('./worker.ts', import.meta.url),
    threads,
    maxHeapMb,
    idleMs,
    died: (_, cause) => new UnavailableError('the thread that rolled an hour up died', { cause }),
  });
  return { threads, roll: pool.run, close: pool.close };
}
