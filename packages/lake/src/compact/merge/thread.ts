import { Worker } from 'node:worker_threads';
import { UnavailableError } from '@lakewright/core';
import { UnmergeableError } from '../../errors.ts';
import type { MergeAnswer, MergeJob } from './worker.ts';

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
  /** Ends the jobs in progress, which are rejected. */
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
export function createThreadMerger({ threads = 1, ...options }: MergerOptions = {}): Merger {
  const pool = Array.from({ length: threads }, () => ({ thread: mergerThread(options), waiting: 0 }));
  return {
    threads,
    async merge(job) {
      const least = pool.reduce((best, each) => (each.waiting < best.waiting ? each : best));
      least.waiting++;
      try {
        return await least.thread.merge(job);
      } finally {
        least.waiting--;
      }
    },
    async close() {
      await Promise.all(pool.map(({ thread }) => thread.close()));
    },
  };
}

/** One thread, one job at a time. */
function mergerThread({ maxHeapMb = 512, idleMs = 60_000 }: MergerOptions): Omit<Merger, 'threads'> {
  let worker: Worker | undefined;
  let current:
    | { resolve: (parts: readonly Uint8Array[]) => void; reject: (error: Error) => void }
    | undefined;
  let idle: NodeJS.Timeout | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let closed = false;

  const end = async (): Promise<void> => {
    clearTimeout(idle);
    const ending = worker;
    worker = undefined;
    await ending?.terminate();
  };
  const start = (): Worker => {
    const started = new Worker(new URL('./worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
    });
    const died = (error: unknown) => {
      if (worker === started) worker = undefined;
      current?.reject(new UnavailableError('the thread that merged segments died', { cause: error }));
      current = undefined;
    };
    started.on('message', (answer: MergeAnswer) => {
      if (answer.ok) current?.resolve(answer.parts);
      else current?.reject(failureOf(answer));
      current = undefined;
    });
    started.on('error', died);
    started.on('exit', () => {
      if (worker === started || current !== undefined) died(undefined);
    });
    return started;
  };
  const run = (job: MergeJob): Promise<readonly Uint8Array[]> => {
    if (closed) return Promise.reject(new UnavailableError('the merger is closed'));
    clearTimeout(idle);
    worker ??= start();
    const answered = Promise.withResolvers<readonly Uint8Array[]>();
    current = answered;
    worker.postMessage(job);
    return answered.promise.finally(() => {
      idle = setTimeout(() => void end(), idleMs);
      idle.unref();
    });
  };

  return {
    merge(job) {
      const running = turn.then(() => run(job));
      turn = running.catch(() => undefined);
      return running;
    },
    async close() {
      closed = true;
      await end();
    },
  };
}

function failureOf({ badKey, message }: Extract<MergeAnswer, { ok: false }>): Error {
  if (badKey === undefined) return new Error(message);
  return new UnmergeableError(badKey, message.replace(`segment ${badKey}: `, ''));
}
