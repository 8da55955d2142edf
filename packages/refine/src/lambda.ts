import { messageOf, type Queue, type QueueMessage } from '@lakewright/core';
import { processBatch } from './batch.ts';
import type { RefineDependencies } from './process.ts';
import { retryDelayMs, WORKER_SETTINGS } from './worker.ts';

/** The part of Lambda's SQS event that is used. */
export interface SqsEvent {
  readonly Records: readonly {
    readonly messageId: string;
    readonly receiptHandle: string;
    readonly body: string;
    readonly attributes?: { readonly ApproximateReceiveCount?: string };
  }[];
}

export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

/** The messages that failed, by id: Lambda deletes the others. */
export interface SqsBatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** What is left of the function's time for saying which messages failed. */
const RESERVE_MS = 2000;

/**
 * The entry of a Lambda function whose event source is a rule's queue with `ReportBatchItemFailures`. With
 * `queue`, a failed message is handed out again after a short while, as by the other workers, and not after
 * the whole visibility time, six times the timeout.
 */
export function createLambdaHandler(
  dependencies: RefineDependencies & { readonly queue?: Pick<Queue, 'release'> },
): (event: SqsEvent, context: LambdaContext) => Promise<SqsBatchResponse> {
  const { queue, logger, ...rest } = dependencies;
  return async (event, context) => {
    const remainingMs = Math.max(0, context.getRemainingTimeInMillis() - RESERVE_MS);
    const messages = event.Records.map(messageFrom);
    const results = await processBatch({ ...rest, logger }, messages, AbortSignal.timeout(remainingMs));
    const failed = results.flatMap((result, i) => (result.done ? [] : [{ ...result, message: messages[i] }]));
    await Promise.all(
      failed.map(({ message, reason }) =>
        queue
          ?.release(message, { delayMs: retryDelayMs(message.receives, WORKER_SETTINGS), reason })
          .catch((error: unknown) =>
            // Then it comes back after the visibility time.
            logger.log('warn', 'a failed message could not be put back early', { error: messageOf(error) }),
          ),
      ),
    );
    return { batchItemFailures: failed.map(({ id }) => ({ itemIdentifier: id })) };
  };
}

function messageFrom(record: SqsEvent['Records'][number]): QueueMessage {
  const receives = Number(record.attributes?.ApproximateReceiveCount ?? 1);
  return {
    id: record.messageId,
    body: record.body,
    receipt: record.receiptHandle,
    receives: Number.isInteger(receives) && receives > 0 ? receives : 1,
  };
}
