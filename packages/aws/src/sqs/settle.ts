import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { awsError } from '../errors.ts';
import { type QueueAddress, queueDeed } from './address.ts';
import { batchesOf, sendBatches } from './batches.ts';

/** The longest that SQS hides a message, counted from when it was received: 12 hours. */
const MAX_HIDDEN_SECONDS = 43_200;

/** Deletes by receipt. One that SQS no longer knows is no error: the message is somebody else's by now, or gone. */
export async function deleteMessages(
  client: SQSClient,
  queue: QueueAddress,
  receipts: readonly string[],
): Promise<void> {
  const deed = queueDeed(queue, 'delete from', 'DeleteMessage');
  await sendBatches(batchesOf(receipts), {
    what: deed.what,
    async send(items) {
      const Entries = items.map((ReceiptHandle, i) => ({ Id: String(i), ReceiptHandle }));
      try {
        return (await client.send(new DeleteMessageBatchCommand({ QueueUrl: queue.url, Entries }))).Failed;
      } catch (error) {
        throw awsError(error, deed);
      }
    },
    refused: () => undefined,
  });
}

/** Hides messages from now on for so long, at most 12 hours. A receipt that SQS no longer knows is no error. */
export async function hideMessages(
  client: SQSClient,
  queue: QueueAddress,
  receipts: readonly string[],
  ms: number,
): Promise<void> {
  const deed = queueDeed(queue, 'change the visibility of messages in', 'ChangeMessageVisibility');
  const VisibilityTimeout = Math.min(MAX_HIDDEN_SECONDS, Math.ceil(ms / 1000));
  await sendBatches(batchesOf(receipts), {
    what: deed.what,
    async send(items) {
      const Entries = items.map((ReceiptHandle, i) => ({ Id: String(i), ReceiptHandle, VisibilityTimeout }));
      try {
        const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl: queue.url, Entries });
        return (await client.send(command)).Failed;
      } catch (error) {
        throw awsError(error, deed);
      }
    },
    refused: () => undefined,
  });
}
