import { type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { QueueMessage } from '@lakewright/core';
import { awsError } from '../errors.ts';
import { type QueueAddress, queueDeed } from './address.ts';
import { BATCH_MESSAGES } from './batches.ts';

/**
 * How long one request waits. SQS allows 20 s, and does not notice when somebody who waits goes away: a message
 * that arrives until then is handed to nobody and hidden for its whole visibility time, which may be hours. So
 * requests are short, and what a request brings after the wait was called off is given back.
 */
const WAIT_SECONDS = 5;

export interface Ask {
  readonly max: number;
  readonly waitMs: number;
  readonly signal?: AbortSignal;
  /** Told what comes after `signal` was aborted. Never rejects. */
  readonly giveBack: (messages: readonly QueueMessage[]) => Promise<void>;
}

/**
 * Up to `max` messages: waits for the first one, and asks on while a request brings as many as it can. Waiting
 * is in whole seconds, rounded up: SQS knows no others.
 */
export async function receiveMessages(
  client: SQSClient,
  queue: QueueAddress,
  ask: Ask,
): Promise<QueueMessage[]> {
  const deadline = performance.now() + ask.waitMs;
  const messages: QueueMessage[] = [];
  while (messages.length < ask.max && ask.signal?.aborted !== true) {
    const wanted = Math.min(BATCH_MESSAGES, ask.max - messages.length);
    const leftMs = messages.length > 0 ? 0 : Math.max(0, deadline - performance.now());
    const waitSeconds = Math.min(WAIT_SECONDS, Math.ceil(leftMs / 1000));
    const request = requestMessages(client, queue, { count: wanted, waitSeconds });
    const some = await unlessAborted(request, ask);
    messages.push(...some);
    const timeIsOver = messages.length === 0 && performance.now() >= deadline;
    if (timeIsOver || (messages.length > 0 && some.length < wanted)) break;
  }
  return messages;
}

/** What `request` brings, or nothing at once when the signal is aborted. */
async function unlessAborted(
  request: Promise<QueueMessage[]>,
  { signal, giveBack }: Ask,
): Promise<QueueMessage[]> {
  if (signal === undefined) return request;
  const aborted = Promise.withResolvers<undefined>();
  const abort = () => aborted.resolve(undefined);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    const first = await Promise.race([request, aborted.promise]);
    if (first !== undefined) return first;
    request.then(giveBack).catch(() => undefined);
    return [];
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function requestMessages(
  client: SQSClient,
  queue: QueueAddress,
  options: { readonly count: number; readonly waitSeconds: number },
): Promise<QueueMessage[]> {
  const messages = await requestRaw(client, queue, options);
  return messages.map((message) => ({
    id: message.MessageId ?? '',
    body: message.Body ?? '',
    receipt: message.ReceiptHandle ?? '',
    receives: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
  }));
}

/** Up to 10 messages as SQS has them, with all that belongs to them. */
export async function requestRaw(
  client: SQSClient,
  queue: QueueAddress,
  options: {
    readonly count: number;
    readonly waitSeconds: number;
    readonly hiddenSeconds?: number;
    readonly withAttributes?: boolean;
  },
): Promise<Message[]> {
  try {
    const answer = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queue.url,
        MaxNumberOfMessages: options.count,
        WaitTimeSeconds: options.waitSeconds,
        VisibilityTimeout: options.hiddenSeconds,
        MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp'],
        ...(options.withAttributes === true ? { MessageAttributeNames: ['All'] } : {}),
      }),
    );
    return answer.Messages ?? [];
  } catch (error) {
    throw awsError(error, queueDeed(queue, 'receive from', 'ReceiveMessage'));
  }
}
