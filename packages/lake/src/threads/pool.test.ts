import { BadInputError, LimitError, messageOf, UnavailableError } from '@lakewright/core';
import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import type { ThreadJob, ThreadResult } from '../../test/thread-jobs.ts';
import { BadObjectError, UnmergeableError, UnreadableSegmentError } from '../errors.ts';
import { createThreadPool, THREAD_END_MS, type ThreadPool } from './pool.ts';

/** What a held job has counted. */
const BEGAN = 1;
const OVER = 2;

const pools: ThreadPool<ThreadJob, ThreadResult>[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

function poolOf(options: { threads?: number; idleMs?: number } = {}): ThreadPool<ThreadJob, ThreadResult> {
  const pool = createThreadPool<ThreadJob, ThreadResult>({
    name: 'pool',
    module: new URL('../../test/thread-jobs.ts', import.meta.url),
    threads: options.threads ?? 1,
    maxHeapMb: 32,
    ...(options.idleMs === undefined ? {} : { idleMs: options.idleMs }),
    died: ({ kind }, cause) => new UnavailableError(`${kind}: ${messageOf(cause)}`, { cause }),
  });
  pools.push(pool);
  return pool;
}

const sharedPlaces = () => new Int32Array(new SharedArrayBuffer(8));
const began = (shared: Int32Array) =>
  waitFor('the job to begin', () => Atomics.load(shared, 0) === BEGAN || undefined);
const release = (shared: Int32Array) => {
  Atomics.store(shared, 1, 1);
  Atomics.notify(shared, 1);
};
const failure = (job: Promise<unknown>) =>
  job.then(
    () => new Error('it did not fail'),
    (error: Error) => error,
  );

describe('a thread pool', () => {
  it('does as many jobs at once as it has threads, and the others in their turn', async () => {
    const pool = poolOf({ threads: 2 });
    const held = [sharedPlaces(), sharedPlaces()];
    const holding = Promise.all(held.map((shared) => pool.run({ kind: 'wait', shared })));
    await Promise.all(held.map(began));
    const order: number[] = [];
    const later = Promise.all(
      [0, 1, 2].map((n) => pool.run({ kind: 'answer' }).then(({ thread }) => [order.push(n), thread])),
    );
    release(held[1]);
    const answers = await later;
    expect(order).toEqual([0, 1, 2]);
    expect(new Set(answers.map(([, thread]) => thread)).size).toBe(1);
    release(held[0]);
    const [first, second] = await holding;
    expect(first.thread).not.toBe(second.thread);
  });

  it.each([
    ['BadObjectError', new BadObjectError('otel-raw/a', 'at byte 3')],
    ['UnmergeableError', new UnmergeableError('db/a.parquet', 'it is not sorted')],
    ['UnreadableSegmentError', new UnreadableSegmentError('db/a.parquet', 'it points past its end')],
    ['LimitError', new LimitError('maxHourPoints', 'the hour has too many points')],
    ['another', new Error('no class of its own')],
  ] as const)('fails a job with what it failed with, %s, and goes on', async (name, expected) => {
    const pool = poolOf();
    const error = await failure(pool.run({ kind: 'fail', with: name }));
    expect(error).toEqual(expected);
    expect(error.constructor).toBe(expected.constructor);
    expect(error).not.toBeInstanceOf(BadInputError);
    await pool.run({ kind: 'answer' });
  });

  it('fails only the job of a thread that dies, and replaces it', async () => {
    const pool = poolOf();
    const { thread } = await pool.run({ kind: 'answer' });
    const [error, next] = await Promise.all([
      failure(pool.run({ kind: 'exit' })),
      pool.run({ kind: 'answer' }),
    ]);
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error.message).toBe('exit: it ended with code 3');
    expect(next.thread).not.toBe(thread);
  });

  it('does not fail the jobs that follow one of which the thread dies', async () => {
    const pool = poolOf();
    const dying = await pool.run({ kind: 'dying' });
    const next = await Promise.all([pool.run({ kind: 'answer' }), pool.run({ kind: 'answer' })]);
    for (const { thread } of next) expect(thread).not.toBe(dying.thread);
  });

  it('does not try a job of which a thread died in others that had done one', async () => {
    const pool = poolOf({ threads: 3 });
    const atOnce = async () => {
      const held = [0, 1, 2].map(sharedPlaces);
      const answers = Promise.all(held.map((shared) => pool.run({ kind: 'wait', shared })));
      await Promise.all(held.map(began));
      held.forEach(release);
      return (await answers).map(({ thread }) => thread);
    };
    const before = await atOnce();
    expect((await failure(pool.run({ kind: 'exit' }))).message).toBe('exit: it ended with code 3');
    const after = await atOnce();
    expect(before.filter((thread) => after.includes(thread))).toHaveLength(2);
  });

  it('keeps a thread for the next job', async () => {
    const pool = poolOf({ threads: 3, idleMs: 60_000 });
    const { thread } = await pool.run({ kind: 'answer' });
    expect((await pool.run({ kind: 'answer' })).thread).toBe(thread);
  });

  it('ends a thread that has had no job for a while, and starts another', async () => {
    const pool = poolOf({ idleMs: 1 });
    const { thread } = await pool.run({ kind: 'answer' });
    const other = await waitFor('another thread', async () => {
      const next = await pool.run({ kind: 'answer' });
      return next.thread !== thread && next.thread;
    });
    expect(other).toBeGreaterThan(thread);
  });

  it('rejects every job when it is closed, and lets the thread finish what it does', async () => {
    const pool = poolOf();
    const shared = sharedPlaces();
    const jobs = [pool.run({ kind: 'wait', shared }), pool.run({ kind: 'answer' })].map(failure);
    await began(shared);
    const closed = pool.close();
    for (const error of await Promise.all(jobs)) {
      expect(error).toBeInstanceOf(UnavailableError);
      expect(error.message).toBe('the pool is closed');
    }
    expect(Atomics.load(shared, 0)).toBe(BEGAN);
    release(shared);
    await closed;
    expect(Atomics.load(shared, 0)).toBe(OVER);
    expect((await failure(pool.run({ kind: 'answer' }))).message).toBe('the pool is closed');
  });

  it('ends the job of a thread that is to end, when the job asks', async () => {
    const pool = poolOf();
    const shared = sharedPlaces();
    const job = failure(pool.run({ kind: 'check', shared }));
    await began(shared);
    await pool.close();
    expect(Atomics.load(shared, 0)).toBe(OVER);
    expect((await job).message).toBe('the pool is closed');
  });

  it('terminates a thread that does not end in time', async () => {
    const pool = poolOf();
    const shared = sharedPlaces();
    const job = failure(pool.run({ kind: 'spin', shared }));
    await began(shared);
    const started = performance.now();
    await pool.close();
    expect(performance.now() - started).toBeGreaterThanOrEqual(THREAD_END_MS - 1);
    expect(Atomics.load(shared, 0)).toBe(BEGAN);
    expect((await job).message).toBe('the pool is closed');
  });

  it('may be closed twice, and before it had a job', async () => {
    const pool = poolOf();
    await Promise.all([pool.close(), pool.close()]);
    await pool.close();
  });
});
