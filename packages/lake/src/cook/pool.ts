import { UnavailableError } from '@lakewright/core';
import { BadObjectError } from '../errors.ts';
import { createThreadPool } from '../threads/pool.ts';
import type { Cooker, CookJob, CookResult } from '../types.ts';

/**
 * Cooks in worker threads, one job a thread at a time, in the order asked. A thread that dies (out of
 * memory) fails its own job alone, with BadObjectError when the job has one input, and is replaced.
 */
export function createThreadCooker(options: { workers: number; maxHeapMb?: number }): Cooker {
  const pool = createThreadPool<CookJob, CookResult>({
    name: 'cooker',
    module: new URL('./worker.ts', import.meta.url),
    threads: options.workers,
    maxHeapMb: options.maxHeapMb ?? 512,
    died: deathOf,
  });
  return { cook: pool.run, close: pool.close };
}

function deathOf({ inputs }: CookJob, cause: Error): Error {
  const reason = `the thread that read it died: ${cause.message}`;
  return inputs.length === 1
    ? new BadObjectError(inputs[0].object.key, reason, { cause })
    : new UnavailableError(reason, { cause });
}
