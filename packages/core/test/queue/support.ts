import type { Queue, QueueMessage } from '@lakewright/core';
import { expect } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';

/** Receives until `count` messages are there, however few come at a time. Keeps the order of arrival. */
export async function receiveAll(queue: Queue, count: number): Promise<QueueMessage[]> {
  const all: QueueMessage[] = [];
  await waitFor(`${count} messages of ${queue.name}`, async () => {
    all.push(...(await queue.receive({ max: 100, waitMs: 1_000 })));
    return all.length >= count;
  });
  return all;
}

/** The next message, however long it is hidden yet. */
export async function receiveOne(queue: Queue): Promise<QueueMessage> {
  return (await receiveAll(queue, 1))[0];
}

export async function sendTexts(queue: Queue, ...bodies: readonly string[]): Promise<void> {
  await queue.send(bodies.map((body) => ({ body })));
}

/**
 * Waits until `queue` counts `dead` dead letters and answers what it handed out meanwhile: it is asked all the
 * time, since SQS buries a message only when somebody asks for work.
 */
export async function waitForDead(queue: Queue, dead: number): Promise<QueueMessage[]> {
  const seen: QueueMessage[] = [];
  await waitFor(`${dead} dead letters of ${queue.name}`, async () => {
    seen.push(...(await queue.receive({ max: 10, waitMs: 0 })));
    return (await queue.counts()).dead >= dead;
  });
  return seen;
}

/** Gives `count` messages back as often as it takes to make all of them dead letters. */
export async function bury(queue: Queue, count: number, maxReceives: number): Promise<void> {
  for (let round = 1; round <= maxReceives; round++) {
    for (const message of await receiveAll(queue, count)) {
      await queue.release(message, { delayMs: 0, reason: `failure ${round} of ${message.body}` });
    }
  }
  expect(await waitForDead(queue, count)).toEqual([]);
}

export const sorted = (texts: readonly string[]): string[] => [...texts].sort();
export const bodiesOf = (messages: readonly { readonly body: string }[]): string[] =>
  sorted(messages.map(({ body }) => body));
