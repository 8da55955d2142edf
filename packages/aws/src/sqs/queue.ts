import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import {
  ConfigError,
  type DeadMessage,
  type OutgoingMessage,
  type Queue,
  type QueueCounts,
  type QueueMessage,
} from '@lakewright/core';
import { type ClientOptions, sqsClient } from '../clients.ts';
import { awsError } from '../errors.ts';
import {
  findQueue,
  nameOf,
  type QueueAddress,
  type QueueSetup,
  queueDeed,
  readSetup,
  regionOfUrl,
} from './address.ts';
import { peekDeadLetters, redriveDeadLetters } from './dead-letters.ts';
import { receiveMessages } from './receive.ts';
import { sendMessages } from './send.ts';
import { deleteMessages, hideMessages } from './settle.ts';

const COUNTED = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesDelayed',
  'ApproximateNumberOfMessagesNotVisible',
] as const;

/** One of `queueUrl` and `queueName`. A URL also says the region. */
export interface SqsQueueOptions extends ClientOptions {
  readonly queueUrl?: string;
  readonly queueName?: string;
  /** URL or name of the queue for dead letters. Default: the one that the redrive policy names. */
  readonly deadLetterQueue?: string;
}

/**
 * A Queue over a standard queue of SQS. How it is set up (visibility time, redrive policy) is read once, here.
 * Throws NotFoundError when there is none, ConfigError when it is a FIFO queue or has no redrive policy, for
 * credentials, rights and region. Beside the port's errors `send` throws BadInputError for an empty body or one
 * with control characters, and LimitError (`maxMessageBytes`) beyond 262,144 bytes.
 *
 * Where SQS is less than the port allows: counts are approximate; a message that was received too often is moved
 * to the dead letters when somebody asks for messages next; a dead letter has no reason, and its receives count
 * the looks at it; a redriven message has a new id; a receipt of an earlier delivery may delete.
 */
export async function sqsQueue(options: SqsQueueOptions): Promise<Queue> {
  const { queueUrl, queueName, region } = options;
  if ((queueUrl === undefined) === (queueName === undefined)) {
    throw new ConfigError('an SQS queue is named by its URL or its name, by one of them', {
      hint: 'set queueUrl or queueName',
    });
  }
  const client = sqsClient({ ...options, region: region ?? regionOfUrl(queueUrl ?? '') });
  const url = queueUrl ?? (await findQueue(client, queueName ?? '')).url;
  return new SqsQueue(client, await readSetup(client, url), options.deadLetterQueue);
}

class SqsQueue implements Queue {
  readonly name: string;
  readonly visibilityMs: number;
  readonly #client: SQSClient;
  readonly #setup: QueueSetup;
  readonly #deadLetterQueue: string;
  #found: Promise<QueueAddress> | undefined;

  constructor(client: SQSClient, setup: QueueSetup, deadLetterQueue: string | undefined) {
    this.name = setup.name;
    this.visibilityMs = setup.visibilityMs;
    this.#client = client;
    this.#setup = setup;
    this.#deadLetterQueue = deadLetterQueue ?? setup.deadLetterArn;
  }

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    const outgoing = messages.map(({ body }) => ({ body }));
    await sendMessages(this.#client, this.#setup, outgoing);
  }

  async receive(options: { max: number; waitMs: number; signal?: AbortSignal }): Promise<QueueMessage[]> {
    const giveBack = (messages: readonly QueueMessage[]) => this.#hide(messages, 0);
    return receiveMessages(this.#client, this.#setup, { ...options, giveBack });
  }

  async delete(messages: readonly QueueMessage[]): Promise<void> {
    const receipts = messages.map(({ receipt }) => receipt);
    await deleteMessages(this.#client, this.#setup, receipts);
  }

  async extend(messages: readonly QueueMessage[]): Promise<void> {
    await this.#hide(messages, this.visibilityMs);
  }

  async release(message: QueueMessage, { delayMs }: { delayMs: number; reason: string }): Promise<void> {
    // After the last delivery it is dead as soon as somebody asks, and nothing is won by waiting.
    const wait = message.receives >= this.#setup.maxReceives ? 0 : delayMs;
    await this.#hide([message], wait);
  }

  async counts(): Promise<QueueCounts> {
    const [own, dead] = await Promise.all([
      this.#count(this.#setup),
      this.#deadLetters().then((queue) => this.#count(queue)),
    ]);
    return { ...own, dead: dead.waiting + dead.inFlight };
  }

  async deadLetters(max: number): Promise<DeadMessage[]> {
    return peekDeadLetters(this.#client, await this.#deadLetters(), max);
  }

  async redrive(): Promise<number> {
    return redriveDeadLetters(this.#client, await this.#deadLetters(), this.#setup);
  }

  async #hide(messages: readonly QueueMessage[], ms: number): Promise<void> {
    const receipts = messages.map(({ receipt }) => receipt);
    await hideMessages(this.#client, this.#setup, receipts, ms);
  }

  /** Asked for when it is needed: a worker that may not see the dead letters works without them. */
  #deadLetters(): Promise<QueueAddress> {
    this.#found ??= this.#findDeadLetters().catch((error: unknown) => {
      this.#found = undefined;
      throw error;
    });
    return this.#found;
  }

  async #findDeadLetters(): Promise<QueueAddress> {
    const given = this.#deadLetterQueue;
    if (!/^https?:\/\//.test(given)) return findQueue(this.#client, given);
    return { name: nameOf(given), url: given, arn: `arn:aws:sqs:*:*:${nameOf(given)}` };
  }

  async #count(queue: QueueAddress): Promise<{ waiting: number; inFlight: number }> {
    try {
      const { Attributes = {} } = await this.#client.send(
        new GetQueueAttributesCommand({ QueueUrl: queue.url, AttributeNames: [...COUNTED] }),
      );
      const [visible, delayed, hidden] = COUNTED.map((name) => Number(Attributes[name] ?? 0));
      return { waiting: visible + delayed, inFlight: hidden };
    } catch (error) {
      throw awsError(error, queueDeed(queue, 'count messages of', 'GetQueueAttributes'));
    }
  }
}
