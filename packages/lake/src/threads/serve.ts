import { constants, setPriority } from 'node:os';
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { UnavailableError } from '@lakewright/core';
import { failureOf, type JobFailure } from './failures.ts';

/** What a pool says to its thread: a job to do, or, without one, to end when what it does is done. */
export interface ThreadCall<Job> {
  readonly job?: Job;
}

/** What a thread answers to a job. */
export type ThreadAnswer<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly failure: JobFailure };

/** How a thread does its jobs. */
export interface ThreadJobs<Job, Result> {
  /**
   * Does one. What it throws fails that job alone. Work that takes long calls `check` now and then, which
   * throws when the thread is to end: nobody waits for the result any more.
   */
  work(job: Job, check: () => void): Result;
  /** The memory of a result, which is given to the pool and not copied. */
  moved(result: Result): ArrayBuffer[];
  /** Whether it gives way to what is received and asked. */
  readonly background?: boolean;
}

/** Does the jobs of a thread pool until it says to end. To be called once, in a thread that such a pool started. */
export function serveJobs<Job, Result>({ work, moved, background }: ThreadJobs<Job, Result>): void {
  const port = parentPort;
  if (port === null) throw new Error('this module runs as a worker thread');
  // On Linux a thread has a priority of its own.
  if (background && process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_LOW);

  const check = (): void => {
    // A thread has one job at a time, so what is called during one is to end.
    if (receiveMessageOnPort(port) === undefined) return;
    port.close();
    throw new UnavailableError('the thread is to end');
  };
  const answer = (job: Job): void => {
    try {
      const result = work(job, check);
      port.postMessage({ ok: true, result } satisfies ThreadAnswer<Result>, moved(result));
    } catch (error) {
      port.postMessage({ ok: false, failure: failureOf(error) } satisfies ThreadAnswer<Result>);
    }
  };
  port.on('message', ({ job }: ThreadCall<Job>) => {
    if (job === undefined) port.close();
    else answer(job);
  });
}
