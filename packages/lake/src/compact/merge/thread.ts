import { UnavailableError } from '@lakewright/core';
import { createThreadPool } from '../../threads/pool.ts';
import type { MergeJob } from './worker.ts';

export type { MergeJob } from './worker.ts';

/** Merges segments off the main thread. */
export interface Merger {
  /** Jobs that are merged at once; what is more waits its turn. */
  readonly threads: number;
  /**
   * The parts of the merged file. Throws UnmergeableError naming an input that cannot be merged, and
   * UnavailableError when the thread died or was closed.
   */
  merge(job: MergeJob): Promise<readonly Uint8Array[]>;
  /** Rejects the jobs in progress and ends the threads. */
  close(): Promise<void>;
}

/** How a merger's threads are made. */
export interface MergerOptions {
  /** How many: two merges at once take twice the memory of one. */
  readonly threads?: number;
  /** Bounds what of a thread is not column data, MiB. */
  readonly maxHeapMb?: number;
  /** After how many milliseconds without a job a thread ends. */
  readonly idleMs?: number;
}

/**
 * A merger in worker threads that start with their first job and end after a minute without one, so that a
 * lake at rest does not keep their memory.
 */
export function createThreadMerger({
  threads = 1,
  maxHeapMb = 512,
  idleMs = 60_000,
}: MergerOptions = {}): Merger {
  const pool = createThreadPool<MergeJob, readonly Uint8Array[]>({
    name: 'merger',
    module: new URL('./worker.ts', import.meta.url),
    threads,
    maxHeapMb,
    idleMs,
    died: (_, cause) => new UnavailableError('the thread that merged segments died', { cause }),
  });
  return { threads, merge: pool.run, close: pool.close };
}
