/** Jobs of a thread that a test has in its hands. */
import { threadId } from 'node:worker_threads';
import { BadInputError, LimitError } from '@lakewright/core';
import { BadObjectError, UnmergeableError, UnreadableSegmentError } from '../src/errors.ts';
import { serveJobs } from '../src/threads/serve.ts';

export type ThreadJob =
  /** 'dying' is answered, and then its thread ends. */
  | { readonly kind: 'answer' | 'exit' | 'dying' }
  | { readonly kind: 'fail'; readonly with: keyof typeof FAILURES }
  /**
   * Counts at the first place of `shared` that it begins and that it is over, and lasts until the test sets the
   * second. 'check' is over when the thread is to end, too.
   */
  | { readonly kind: 'wait' | 'spin' | 'check'; readonly shared: Int32Array };

/** What a thread answers: who it is. */
export interface ThreadResult {
  readonly thread: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const FAILURES = {
  BadObjectError: () => new BadObjectError('otel-raw/a', 'at byte 3'),
  UnmergeableError: () => new UnmergeableError('db/a.parquet', 'it is not sorted'),
  UnreadableSegmentError: () => new UnreadableSegmentError('db/a.parquet', 'it points past its end'),
  LimitError: () => new LimitError('maxHourPoints', 'the hour has too many points'),
  another: () => new BadInputError('no class of its own'),
};

serveJobs<ThreadJob, ThreadResult>({
  work(job, check) {
    if (job.kind === 'fail') throw FAILURES[job.with]();
    if (job.kind === 'exit') process.exit(3);
    // Behind the answer and in front of the next job, which a loaded machine may have sent by then.
    if (job.kind === 'dying') process.nextTick(() => process.exit(4));
    if ('shared' in job) hold(job.kind, job.shared, check);
    return { thread: threadId, bytes: new Uint8Array(8) };
  },
  moved: ({ bytes }) => [bytes.buffer],
});

function hold(kind: 'wait' | 'spin' | 'check', shared: Int32Array, check: () => void): void {
  Atomics.add(shared, 0, 1);
  try {
    if (kind === 'wait') Atomics.wait(shared, 1, 0);
    else while (Atomics.load(shared, 1) === 0) if (kind === 'check') check();
  } finally {
    Atomics.add(shared, 0, 1);
  }
}
