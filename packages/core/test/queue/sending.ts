import { BadInputError, LimitError } from '@lakewright/core';
import { expect, test } from 'vitest';
import type { QueueUnderTest } from '../queue-suite.ts';
import { bodiesOf, receiveAll, receiveOne, sendTexts, sorted } from './support.ts';

/** Bytes of the largest body that a queue takes. */
const MAX_MESSAGE_BYTES = 262_144;

/** Sending: which messages, how many, how large. */
export function sendingTests({ open, capabilities }: QueueUnderTest): void {
  test('a message is handed out as it was sent', async () => {
    const { queue } = await open();
    const body = JSON.stringify({
      key: 'a b+c%20/雪\u{1f600}.txt',
      lines: 'one\ntwo\r\n\tthree',
      mark: '<&>"',
    });
    await sendTexts(queue, body);
    const message = await receiveOne(queue);
    expect(message).toMatchObject({ body, receives: 1 });
    expect(message.id).toMatch(/./);
    expect(message.receipt).toMatch(/./);
  });

  test('a queue says its name and how long it hides messages', async () => {
    const { queue, again } = await open({ visibilityMs: 7_000 });
    expect(queue.visibilityMs).toBe(7_000);
    expect(await again()).toMatchObject({ name: queue.name, visibilityMs: 7_000 });
  });

  test('sending nothing sends nothing', async () => {
    const { queue } = await open();
    await queue.send([]);
    expect(await queue.counts()).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
  });

  test('more messages than go in one request, all different ones', async () => {
    const { queue } = await open();
    const bodies = Array.from({ length: 137 }, (_, i) => `message ${i}`);
    await sendTexts(queue, ...bodies);
    const messages = await receiveAll(queue, bodies.length);
    expect(bodiesOf(messages)).toEqual(sorted(bodies));
    expect(new Set(messages.map(({ id }) => id)).size).toBe(bodies.length);
    expect(new Set(messages.map(({ receipt }) => receipt)).size).toBe(bodies.length);
    await queue.delete(messages);
    expect(await queue.counts()).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
  });

  test('large messages, many of them at once', async () => {
    const { queue } = await open();
    const bodies = Array.from({ length: 12 }, (_, i) => `${i}`.padEnd(MAX_MESSAGE_BYTES, 'x'));
    await sendTexts(queue, ...bodies);
    expect(bodiesOf(await receiveAll(queue, bodies.length)).map((body) => body.length)).toEqual(
      bodies.map(() => MAX_MESSAGE_BYTES),
    );
  });

  test('a message that is too large is refused by the name of the limit, with all that came with it', async () => {
    const { queue } = await open();
    // Bytes, not letters: é has two.
    const over = `${'é'.repeat(MAX_MESSAGE_BYTES / 2)}x`;
    const sent = sendTexts(queue, 'small', over);
    await expect(sent).rejects.toThrow(LimitError);
    await expect(sent).rejects.toMatchObject({ limit: 'maxMessageBytes' });
    await expect(sent).rejects.not.toThrow('éé');
    expect(await queue.counts()).toMatchObject({ waiting: 0 });
  });

  test('an empty message is refused', async () => {
    const { queue } = await open();
    await expect(sendTexts(queue, '')).rejects.toThrow(BadInputError);
  });

  test.skipIf(!capabilities.deduplication)('one message with a deduplication id at a time', async () => {
    const { queue } = await open({ maxReceives: 1 });
    const send = (body: string) => queue.send([{ body, deduplicationId: 'one' }]);
    await send('first');
    await send('second');
    await queue.send([
      { body: 'third', deduplicationId: 'one' },
      { body: 'other', deduplicationId: 'two' },
      { body: 'twice', deduplicationId: 'two' },
      { body: 'without' },
      { body: 'without' },
    ]);
    const messages = await receiveAll(queue, 4);
    expect(bodiesOf(messages)).toEqual(['first', 'other', 'without', 'without']);
    await send('while in flight');
    expect(await queue.receive({ max: 10, waitMs: 0 })).toEqual([]);
    const [first] = messages.filter(({ body }) => body === 'first');
    await queue.release(first, { delayMs: 0, reason: 'it failed' });
    await send('while dead');
    expect(await queue.counts()).toEqual({ waiting: 0, inFlight: 3, dead: 1 });
    await queue.redrive();
    await queue.delete(await receiveAll(queue, 1));
    await send('anew');
    expect(bodiesOf(await receiveAll(queue, 1))).toEqual(['anew']);
  });

  test.skipIf(capabilities.deduplication)('a queue that cannot deduplicate takes both', async () => {
    const { queue } = await open();
    await queue.send([{ body: 'a', deduplicationId: 'one' }]);
    await queue.send([{ body: 'a', deduplicationId: 'one' }]);
    expect(await receiveAll(queue, 2)).toHaveLength(2);
  });
}
