import { Worker } from 'node:worker_threads';
import { LimitError, UnavailableError } from '@lakewright/core';
import { UnreadableSegmentError } from '../errors.ts';
import type { RolledTable } from './roll.ts';
import type { RollAnswer, RollJob } from './worker.ts';

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
  /** Ends the jobs in progress, which are rejected. */
  close(): Promise<void>;
}

interface Waiting {
  readonly job: RollJob;
  readonly resolve: (tables: readonly RolledTable[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A roller in worker threads that start with their first job and end after a minute without one. An hour of
 * 3,600,000 points takes about 300 MB in its thread; `maxHeapMb` bounds what is not column data.
 */
export function createThreadRoller({ threads = 1, maxHeapMb = 512, idleMs = 60_000 } = {}): Roller {
  const waiting: Waiting[] = [];
  const idle = new Map<Worker, NodeJS.Timeout>();
  const busy = new Map<Worker, Waiting>();
  let closed = false;

  const end = (worker: Worker, error?: unknown) => {
    clearTimeout(idle.get(worker));
    idle.delete(worker);
    const current = busy.get(worker);
    busy.delete(worker);
    current?.reject(new UnavailableError('the thread that rolled an hour up died', { cause: error }));
    if (!closed) next();
  };
  const start = (): Worker => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
    });
    worker.on('message', (answer: RollAnswer) => {
      const current = busy.get(worker);
      busy.delete(worker);
      const timer = setTimeout(() => {
        idle.delete(worker);
        void worker.terminate();
      }, idleMs);
      timer.unref();
      idle.set(worker, timer);
      if (answer.ok) current?.resolve(answer.tables);
      else current?.reject(failureOf(answer));
      next();
    });
    worker.on('error', (error) => end(worker, error));
    worker.on('exit', () => end(worker));
    return worker;
  };
  const next = () => {
    while (waiting.length > 0 && (idle.size > 0 || busy.size < threads)) {
      const [rested] = idle.keys();
      const current = waiting.shift();
      if (current === undefined) return;
      clearTimeout(idle.get(rested));
      idle.delete(rested);
      const worker = rested ?? start();
      busy.set(worker, current);
      worker.postMessage(current.job);
    }
  };

  return {
    threads,
    roll(job) {
      if (closed) return Promise.reject(new UnavailableError('the roller is closed'));
      return new Promise((resolve, reject) => {
        waiting.push({ job, resolve, reject });
        next();
      });
    },
    async close() {
      closed = true;
      for (const { reject } of waiting.splice(0)) reject(new UnavailableError('the roller is closed'));
      await Promise.all([...idle.keys(), ...busy.keys()].map((worker) => worker.terminate()));
    },
  };
}

function failureOf({ badKey, limit, message }: Extract<RollAnswer, { ok: false }>): Error {
  if (limit !== undefined) return new LimitError(limit, message);
  if (badKey === undefined) return new Error(message);
  return new UnreadableSegmentError(badKey, message.replace(`segment ${badKey}: `, ''));
}
