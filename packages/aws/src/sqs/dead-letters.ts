import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import type { DeadMessage } from '@lakewright/core';
import type { QueueAddress } from './address.ts';
import { BATCH_MESSAGES } from './batches.ts';
import { requestRaw } from './receive.ts';
import { sendMessages } from './send.ts';
import { deleteMessages, hideMessages } from './settle.ts';

/** How long a dead letter that is looked at is hidden from others who look, should this process die meanwhile. */
const LOOK_SECONDS = 30;
/** How long a dead letter is hidden while it is sent and deleted. */
const REDRIVE_SECONDS = 120;
/**
 * How long an empty dead letter queue is asked: a request that does not wait asks a few of SQS' servers only,
 * one that waits asks all of them.
 */
const WAIT_SECONDS = 1;

/** Up to `max` dead letters, the oldest of them first. They are received and given back: SQS shows no others. */
export async function peekDeadLetters(
  client: SQSClient,
  deadLetterQueue: QueueAddress,
  max: number,
): Promise<DeadMessage[]> {
  const found = new Map<string, DeadMessage>();
  const receipts: string[] = [];
  try {
    while (found.size < max) {
      const messages = await requestRaw(client, deadLetterQueue, {
        count: Math.min(BATCH_MESSAGES, max - found.size),
        waitSeconds: WAIT_SECONDS,
        hiddenSeconds: LOOK_SECONDS,
      });
      if (messages.length === 0) break;
      receipts.push(...messages.map(({ ReceiptHandle = '' }) => ReceiptHandle));
      const before = found.size;
      for (const message of messages) found.set(message.MessageId ?? '', deadMessage(message));
      // Looking took so long that the first ones are back.
      if (found.size === before) break;
    }
  } finally {
    await hideMessages(client, deadLetterQueue, receipts, 0);
  }
  return [...found.values()].sort((a, b) => a.sentAtMs - b.sentAtMs);
}

function deadMessage({ MessageId = '', Body = '', Attributes }: Message): DeadMessage {
  return {
    id: MessageId,
    body: Body,
    // Looks at the dead letter are counted with the deliveries.
    receives: Number(Attributes?.ApproximateReceiveCount ?? 0),
    sentAtMs: Number(Attributes?.SentTimestamp ?? 0),
    reason: undefined,
  };
}

/**
 * Sends every dead letter to `queue` and deletes it afterwards: one that is sent and not deleted, because this
 * process died, is sent again by the next redrive. SQS' own StartMessageMoveTask is not used: it does not say
 * when it is done and how many there were, one queue has one task at a time, and few emulators have it.
 */
export async function redriveDeadLetters(
  client: SQSClient,
  deadLetterQueue: QueueAddress,
  queue: QueueAddress,
): Promise<number> {
  // A message keeps its id when it dies: one of these is dead again already, and waits for the next redrive.
  const sent = new Set<string>();
  let redriven = 0;
  for (;;) {
    const messages = await requestRaw(client, deadLetterQueue, {
      count: BATCH_MESSAGES,
      waitSeconds: WAIT_SECONDS,
      hiddenSeconds: REDRIVE_SECONDS,
      withAttributes: true,
    });
    const [again, dead] = partition(messages, ({ MessageId = '' }) => sent.has(MessageId));
    if (again.length > 0) await hideMessages(client, deadLetterQueue, receiptsOf(again), 0);
    if (dead.length === 0) return redriven;
    await sendMessages(
      client,
      queue,
      dead.map(({ Body = '', MessageAttributes }) => ({ body: Body, attributes: MessageAttributes })),
      (id) => sent.add(id),
    );
    await deleteMessages(client, deadLetterQueue, receiptsOf(dead));
    redriven += dead.length;
  }
}

function receiptsOf(messages: readonly Message[]): string[] {
  return messages.map(({ ReceiptHandle = '' }) => ReceiptHandle);
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}
