import { type MessageAttributeValue, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { BadInputError, LimitError } from '@lakewright/core';
import { awsError } from '../errors.ts';
import { type QueueAddress, queueDeed } from './address.ts';
import { batchesOf, sendBatches } from './batches.ts';

/** Bytes of a message's body, and of all bodies of one request. SQS' default, and the least that it allows. */
export const MAX_MESSAGE_BYTES = 262_144;

/** What SQS takes: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const CHARACTERS = /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]+$/u;

export interface Outgoing {
  readonly body: string;
  readonly attributes?: Record<string, MessageAttributeValue>;
}

/**
 * Sends messages; `sent` is told the id of each. Throws before anything is sent BadInputError for a body that
 * SQS takes from nobody (empty, with control characters) and LimitError (`maxMessageBytes`).
 */
export async function sendMessages(
  client: SQSClient,
  queue: QueueAddress,
  messages: readonly Outgoing[],
  sent: (id: string) => void = () => undefined,
): Promise<void> {
  for (const { body } of messages) checkBody(queue.name, body);
  const deed = queueDeed(queue, 'send to', 'SendMessage');
  const limit = { maxBytes: MAX_MESSAGE_BYTES, bytesOf };
  await sendBatches(batchesOf(messages, limit), {
    what: deed.what,
    async send(items) {
      const Entries = items.map(({ body, attributes }, i) => ({
        Id: String(i),
        MessageBody: body,
        MessageAttributes: attributes,
      }));
      try {
        const answer = await client.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
        for (const { MessageId } of answer.Successful ?? []) sent(MessageId ?? '');
        return answer.Failed;
      } catch (error) {
        throw awsError(error, deed);
      }
    },
    refused: ({ Code }) => new BadInputError(`could not ${deed.what}: SQS refuses a message with ${Code}`),
  });
}

/** What counts for SQS' limit: the body and the attributes with their names and types. */
function bytesOf({ body, attributes = {} }: Outgoing): number {
  const parts = Object.entries(attributes).map(
    ([name, { DataType = '', StringValue = '', BinaryValue }]) =>
      Buffer.byteLength(name + DataType + StringValue) + (BinaryValue?.byteLength ?? 0),
  );
  return Buffer.byteLength(body) + parts.reduce((sum, part) => sum + part, 0);
}

function checkBody(queue: string, body: string): void {
  const bytes = Buffer.byteLength(body);
  if (bytes > MAX_MESSAGE_BYTES) {
    throw new LimitError(
      'maxMessageBytes',
      `a message for queue ${queue} has ${bytes} bytes; at most ${MAX_MESSAGE_BYTES} are taken`,
      { hint: 'put the content into an object and send its key' },
    );
  }
  if (CHARACTERS.test(body)) return;
  throw new BadInputError(`a message for queue ${queue} is empty or holds control characters`, {
    hint: 'send JSON: it escapes them',
  });
}
