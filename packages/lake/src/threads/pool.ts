import { Worker } from 'node:worker_threads';
import { UnavailableError } from '@lakewright/core';
import { errorOf } from './failures.ts';
import type { ThreadAnswer, ThreadCall } from './serve.ts';

/** Milliseconds that a thread has to finish what it does when it is to end; then it is terminated. */
export const THREAD_END_MS = 5_000;

/** Which threads a pool has. */
export interface ThreadPoolOptions<Job> {
  /** What errors call it: `the ${name} is closed`. */
  readonly name: string;
  /** What runs in each thread; it calls serveJobs. */
  readonly module: URL;
  /** Jobs that are done at once. */
  readonly threads: number;
  /** Bounds the JavaScript objects of a thread, MiB. */
  readonly maxHeapMb: number;
  /** After how many milliseconds without a job a thread ends; absent, it waits for the next one. */
  readonly idleMs?: number;
  /** What the job of a thread that died fails with. */
  died(job: Job, cause: Error): Error;
}

/** Does jobs in threads. */
export interface ThreadPool<Job, Result> {
  /**
   * Does one job when its turn has come. Throws what the job failed with (failures.ts says which errors keep
   * their class), what `died` says, and UnavailableError when the pool is closed.
   */
  run(job: Job): Promise<Result>;
  /**
   * Rejects all jobs at once, and resolves when the threads have ended. A thread has THREAD_END_MS to finish
   * its job or to notice that it is to end: to terminate it in the middle of its work is the last resort.
   */
  close(): Promise<void>;
}

interface Waiting<Job, Result> {
  readonly job: Job;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

interface Thread<Job, Result> {
  readonly worker: Worker;
  /** Whether it has done a job. */
  isUsed?: boolean;
  current?: Waiting<Job, Result>;
  idle?: NodeJS.Timeout;
}

/**
 * Threads that start with their first job and do one at a time. One that dies is replaced, and fails its job
 * unless it had done another before: then the job gets a new thread, and fails if that one dies, too.
 */
export function createThreadPool<Job, Result>(options: ThreadPoolOptions<Job>): ThreadPool<Job, Result> {
  const { name, module, maxHeapMb, idleMs, died } = options;
  const waiting: Waiting<Job, Result>[] = [];
  const threads = new Set<Thread<Job, Result>>();
  const ending = new Set<Promise<void>>();
  let closed = false;

  const start = (): Thread<Job, Result> => {
    const worker = new Worker(module, { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } });
    const thread: Thread<Job, Result> = { worker };
    threads.add(thread);
    const lose = (cause: Error) => {
      clearTimeout(thread.idle);
      threads.delete(thread);
      const lost = take(thread);
      // It may have died of an earlier job, whose end reached us first. Of a new thread that cannot be.
      if (lost !== undefined && thread.isUsed) give(start(), lost);
      else lost?.reject(died(lost.job, cause));
      next();
    };
    worker.on('message', (answer: ThreadAnswer<Result>) => {
      // It is to end, and nobody waits for its job any more.
      if (!threads.has(thread)) return;
      const done = take(thread);
      thread.isUsed = true;
      if (answer.ok) done?.resolve(answer.result);
      else done?.reject(errorOf(answer.failure));
      if (idleMs !== undefined) thread.idle = setTimeout(() => end(thread), idleMs).unref();
      next();
    });
    worker.on('error', lose);
    worker.on('exit', (code) => lose(new Error(`it ended with code ${code}`)));
    return thread;
  };

  const next = () => {
    while (waiting.length > 0) {
      const rested = [...threads].findLast(({ current }) => current === undefined);
      if (rested === undefined && threads.size >= options.threads) return;
      const first = waiting.shift();
      if (first !== undefined) give(rested ?? start(), first);
    }
  };

  const give = (thread: Thread<Job, Result>, to: Waiting<Job, Result>) => {
    clearTimeout(thread.idle);
    thread.current = to;
    thread.worker.postMessage({ job: to.job } satisfies ThreadCall<Job>);
  };

  const end = (thread: Thread<Job, Result>) => {
    clearTimeout(thread.idle);
    // From now on it does not count: another may start in its place.
    threads.delete(thread);
    const ended = endThread(thread.worker).finally(() => ending.delete(ended));
    ending.add(ended);
  };

  return {
    run(job) {
      return new Promise((resolve, reject) => {
        if (closed) return reject(new UnavailableError(`the ${name} is closed`));
        waiting.push({ job, resolve, reject });
        next();
      });
    },
    async close() {
      closed = true;
      const unfinished = [...[...threads].map(take), ...waiting.splice(0)];
      for (const each of unfinished) each?.reject(new UnavailableError(`the ${name} is closed`));
      for (const thread of threads) end(thread);
      await Promise.all(ending);
    },
  };
}

function take<Job, Result>(thread: Thread<Job, Result>): Waiting<Job, Result> | undefined {
  const { current } = thread;
  thread.current = undefined;
  return current;
}

/** Asks a thread to end, and ends it by force when it does not. */
function endThread(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    const overdue = setTimeout(() => void worker.terminate(), THREAD_END_MS);
    worker.once('exit', () => {
      clearTimeout(overdue);
      resolve();
    });
    worker.postMessage({} satisfies ThreadCall<never>);
  });
}
