import { expect, test } from 'vitest';
import type { QueueUnderTest } from '../queue-suite.ts';
import { receiveOne, sendTexts } from './support.ts';

/** Longer than a test may take: a wait that ends was ended by what the test did. */
const FOR_EVER_MS = 3_600_000;

/** How long a queue waits for a message. */
export function waitingTests({ open }: QueueUnderTest): void {
  test('without waiting, nothing is answered with nothing', async () => {
    const { queue } = await open();
    expect(await queue.receive({ max: 10, waitMs: 0 })).toEqual([]);
  });

  test('waiting ends with no message when its time is over', async () => {
    const { queue } = await open();
    expect(await queue.receive({ max: 10, waitMs: 1_000 })).toEqual([]);
  });

  test('a message that comes while somebody waits ends the waiting', async () => {
    const { queue, again } = await open();
    const other = await again();
    const waiting = queue.receive({ max: 10, waitMs: FOR_EVER_MS });
    await sendTexts(other, 'a');
    expect(await waiting).toEqual([expect.objectContaining({ body: 'a', receives: 1 })]);
  });

  test('a message that becomes visible ends the waiting', async () => {
    const { queue } = await open();
    await sendTexts(queue, 'a');
    await queue.release(await receiveOne(queue), { delayMs: 1_000, reason: 'it failed' });
    const messages = await queue.receive({ max: 10, waitMs: FOR_EVER_MS });
    expect(messages).toEqual([expect.objectContaining({ body: 'a', receives: 2 })]);
  });

  test('waiting is not over before a message came, with a message there already', async () => {
    const { queue } = await open();
    await sendTexts(queue, 'a');
    expect(await queue.receive({ max: 10, waitMs: FOR_EVER_MS })).toHaveLength(1);
  });

  test('an abort ends the waiting with no message', async () => {
    const { queue } = await open();
    const abort = new AbortController();
    const waiting = [1, 2, 3].map(() =>
      queue.receive({ max: 10, waitMs: FOR_EVER_MS, signal: abort.signal }),
    );
    // The waiting has begun when a request that was made after it is answered.
    await queue.counts();
    abort.abort();
    expect(await Promise.all(waiting)).toEqual([[], [], []]);
  });

  test('with a signal that is aborted already nothing is received', async () => {
    const { queue } = await open();
    await sendTexts(queue, 'a');
    const signal = AbortSignal.abort();
    expect(await queue.receive({ max: 10, waitMs: FOR_EVER_MS, signal })).toEqual([]);
    expect(await queue.counts()).toEqual({ waiting: 1, inFlight: 0, dead: 0 });
  });
}
