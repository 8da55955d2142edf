import type { QueueMessage } from '@lakewright/core';
import { expect, test } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import type { QueueUnderTest } from '../queue-suite.ts';
import { bodiesOf, receiveAll, receiveOne, sendTexts, sorted } from './support.ts';

/** Handing out, hiding, handing out again, and being done. */
export function deliveryTests({ open, capabilities }: QueueUnderTest): void {
  test('at most `max` messages come', async () => {
    const { queue } = await open();
    await sendTexts(queue, ...Array.from({ length: 30 }, (_, i) => `${i}`));
    const all: QueueMessage[] = [];
    let most = 0;
    await waitFor('all messages', async () => {
      const some = await queue.receive({ max: 7, waitMs: 1_000 });
      most = Math.max(most, some.length);
      all.push(...some);
      return all.length >= 30;
    });
    expect(most).toBeLessThanOrEqual(7);
    expect(new Set(all.map(({ id }) => id)).size).toBe(30);
    expect(await queue.receive({ max: 1, waitMs: 0 })).toEqual([]);
  });

  test('a received message is hidden and counted as in flight until it is deleted', async () => {
    const { queue, again } = await open();
    const other = await again();
    await sendTexts(queue, 'a', 'b');
    expect(await other.counts()).toEqual({ waiting: 2, inFlight: 0, dead: 0 });
    const messages = await receiveAll(queue, 2);
    expect(await other.receive({ max: 10, waitMs: 0 })).toEqual([]);
    expect(await other.counts()).toEqual({ waiting: 0, inFlight: 2, dead: 0 });
    await queue.delete([messages[0]]);
    expect(await other.counts()).toEqual({ waiting: 0, inFlight: 1, dead: 0 });
    await other.delete([messages[1]]);
    expect(await other.counts()).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
  });

  test('a message that nobody deletes comes again after the visibility time, counted', async () => {
    const { queue } = await open({ visibilityMs: 1_000, maxReceives: 10 });
    await sendTexts(queue, 'a');
    const first = await receiveOne(queue);
    const second = await receiveOne(queue);
    expect(second).toMatchObject({ id: first.id, body: 'a', receives: 2 });
    expect(second.receipt).not.toBe(first.receipt);
    expect(await receiveOne(queue)).toMatchObject({ id: first.id, receives: 3 });
  });

  test('deleted messages do not come again', async () => {
    const { queue } = await open({ visibilityMs: 1_000 });
    await sendTexts(queue, 'done', 'left');
    const messages = await receiveAll(queue, 2);
    await queue.delete(messages.filter(({ body }) => body === 'done'));
    // The one that is left shows that the visibility time is over.
    expect(await receiveOne(queue)).toMatchObject({ body: 'left', receives: 2 });
    expect(await queue.counts()).toEqual({ waiting: 0, inFlight: 1, dead: 0 });
  });

  test('a receipt that is no longer valid is no error to delete', async () => {
    const { queue } = await open({ visibilityMs: 1_000, maxReceives: 10 });
    await queue.delete([]);
    await sendTexts(queue, 'a');
    const first = await receiveOne(queue);
    const second = await receiveOne(queue);
    await queue.delete([first]);
    if (capabilities.fencing) expect((await receiveOne(queue)).id).toBe(second.id);
    await queue.delete([second, first]);
    await queue.delete([second]);
    await waitFor('the queue to be empty', async () => {
      await queue.delete(await queue.receive({ max: 10, waitMs: 0 }));
      const { waiting, inFlight, dead } = await queue.counts();
      return waiting + inFlight + dead === 0;
    });
  });

  test('extend begins the visibility time anew', async () => {
    const { queue } = await open({ visibilityMs: 3_000, maxReceives: 10 });
    await sendTexts(queue, 'work');
    const work = await receiveOne(queue);
    await sendTexts(queue, 'clock');
    const seen = [await receiveOne(queue)];
    // When the clock comes again, a visibility time has gone by since the work was received.
    await waitFor('a visibility time to go by', async () => {
      await queue.extend([work]);
      seen.push(...(await queue.receive({ max: 10, waitMs: 0 })));
      return seen.some(({ receives }) => receives === 2);
    });
    expect(seen.map(({ body }) => body)).toEqual(['clock', 'clock']);
    await queue.delete([seen[1]]);
    expect(await receiveOne(queue)).toMatchObject({ id: work.id, receives: 2 });
  });

  test('extend bears messages that are no longer there', async () => {
    const { queue } = await open();
    await sendTexts(queue, 'gone', 'here');
    const messages = await receiveAll(queue, 2);
    await queue.delete(messages.filter(({ body }) => body === 'gone'));
    await queue.extend(messages);
    await queue.extend([]);
    expect(await queue.counts()).toEqual({ waiting: 0, inFlight: 1, dead: 0 });
  });

  test('a released message comes again at once, or after its delay', async () => {
    const { queue } = await open({ maxReceives: 10 });
    await sendTexts(queue, 'a');
    const first = await receiveOne(queue);
    await queue.release(first, { delayMs: 0, reason: 'it failed' });
    const second = await receiveOne(queue);
    expect(second).toMatchObject({ id: first.id, receives: 2 });
    await queue.release(second, { delayMs: 1_000, reason: 'it failed' });
    expect(await queue.receive({ max: 1, waitMs: 0 })).toEqual([]);
    const third = await receiveOne(queue);
    expect(third).toMatchObject({ id: first.id, receives: 3 });
    await queue.release(third, { delayMs: 600_000, reason: 'it failed' });
    expect(await queue.receive({ max: 1, waitMs: 0 })).toEqual([]);
    expect((await queue.counts()).dead).toBe(0);
  });

  test('release bears a message that is no longer there', async () => {
    const { queue } = await open();
    await sendTexts(queue, 'a');
    const message = await receiveOne(queue);
    await queue.delete([message]);
    await queue.release(message, { delayMs: 0, reason: 'it failed' });
    expect(await queue.counts()).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
  });

  test('many consumers never have the same message at once', async () => {
    const { queue, again } = await open();
    const bodies = Array.from({ length: 120 }, (_, i) => `message ${i}`);
    await sendTexts(queue, ...bodies);
    const got: QueueMessage[] = [];
    const consumers = [queue, ...(await Promise.all([again(), again(), again()]))];
    await Promise.all(
      consumers.map(async (consumer) => {
        await waitFor('all messages to be handed out', async () => {
          const messages = await consumer.receive({ max: 7, waitMs: 0 });
          got.push(...messages);
          return got.length >= bodies.length;
        });
      }),
    );
    expect(bodiesOf(got)).toEqual(sorted(bodies));
    expect(got.every(({ receives }) => receives === 1)).toBe(true);
    await Promise.all(
      consumers.map((consumer, i) => consumer.delete(got.filter((_, at) => at % consumers.length === i))),
    );
    expect(await queue.counts()).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
  });
}
