import { Worker } from 'node:worker_threads';
import { UnavailableError } from '@lakewright/core';
import { BadObjectError } from '../errors.ts';
import type { Cooker, CookJob, CookResult } from '../types.ts';
import type { CookAnswer } from './worker.ts';

interface Waiting {
  readonly job: CookJob;
  readonly resolve: (result: CookResult) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Cooks in worker threads, one job a thread at a time, in the order asked. A thread that dies (out of
 * memory) fails its own job alone, with BadObjectError when the job has one input, and is replaced.
 */
export function createThreadCooker(options: { workers: number; maxHeapMb?: number }): Cooker {
  const waiting: Waiting[] = [];
  const idle: Worker[] = [];
  const busy = new Map<Worker, Waiting>();
  let started = 0;
  let closed = false;

  const start = (): Worker => {
    started++;
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: options.maxHeapMb ?? 512 },
    });
    worker.on('message', (answer: CookAnswer) => {
      const current = busy.get(worker);
      busy.delete(worker);
      if (current !== undefined) settle(current, answer);
      idle.push(worker);
      next();
    });
    worker.on('error', (error) => {
      const current = busy.get(worker);
      busy.delete(worker);
      if (current !== undefined) current.reject(deathOf(current.job, error));
    });
    worker.on('exit', () => {
      started--;
      const at = idle.indexOf(worker);
      if (at >= 0) idle.splice(at, 1);
      if (!closed) next();
    });
    return worker;
  };

  const next = () => {
    while (waiting.length > 0 && (idle.length > 0 || started < options.workers)) {
      const worker = idle.pop() ?? start();
      const current = waiting.shift();
      if (current === undefined) return;
      busy.set(worker, current);
      // Raw bytes are copied, not moved: the caller may need them again to find the bad input.
      worker.postMessage(current.job);
    }
  };

  return {
    cook(job) {
      if (closed) return Promise.reject(new UnavailableError('the cooker is closed'));
      return new Promise((resolve, reject) => {
        waiting.push({ job, resolve, reject });
        next();
      });
    },
    async close() {
      closed = true;
      for (const { reject } of waiting.splice(0)) reject(new UnavailableError('the cooker is closed'));
      await Promise.all([...idle, ...busy.keys()].map((worker) => worker.terminate()));
    },
  };
}

function settle({ resolve, reject }: Waiting, answer: CookAnswer): void {
  if (answer.ok) resolve(answer.result);
  else if (answer.badKey !== undefined) reject(new BadObjectError(answer.badKey, answer.message));
  else reject(new Error(answer.message));
}

function deathOf(job: CookJob, error: Error): Error {
  const reason = `the thread that read it died: ${error.message}`;
  return job.inputs.length === 1
    ? new BadObjectError(job.inputs[0].object.key, reason, { cause: error })
    : new UnavailableError(reason, { cause: error });
}
