import { setTimeout as delay } from 'node:timers/promises';
import type { BatchResultErrorEntry } from '@aws-sdk/client-sqs';
import { UnavailableError } from '@lakewright/core';

/** Messages of one request. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
export const BATCH_MESSAGES = 10;
/** Requests of one call that are on their way at once. */
const BATCHES_AT_ONCE = 8;
/** Times that the part of a batch which SQS could not do is sent altogether, and the pause before another. */
const ATTEMPTS = 5;
const PAUSE_MS = 100;

export interface BatchRequest<Item> {
  /** As a message says it: `send to SQS queue x`. */
  readonly what: string;
  /** Sends items, each under its place in the list as `Id`, and answers those that failed. */
  send(items: readonly Item[]): Promise<readonly BatchResultErrorEntry[] | undefined>;
  /** What it means that SQS says of an item that it is wrong: an error is thrown, undefined lets it be. */
  refused(failure: BatchResultErrorEntry, item: Item): Error | undefined;
}

/**
 * Sends all batches, and what SQS failed to do in each again. Throws UnavailableError when that goes on
 * failing, what `refused` answers, and what `send` throws. Other batches may be done by then.
 */
export async function sendBatches<Item>(
  batches: readonly (readonly Item[])[],
  request: BatchRequest<Item>,
): Promise<void> {
  for (let at = 0; at < batches.length; at += BATCHES_AT_ONCE) {
    const outcomes = await Promise.allSettled(
      batches.slice(at, at + BATCHES_AT_ONCE).map((batch) => sendBatch(batch, request)),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }
}

async function sendBatch<Item>(batch: readonly Item[], request: BatchRequest<Item>): Promise<void> {
  let left = batch;
  for (let attempt = 1; left.length > 0; attempt++) {
    const failures = (await request.send(left)) ?? [];
    const again: Item[] = [];
    for (const failure of failures) {
      const item = left[Number(failure.Id)];
      if (failure.SenderFault !== true) {
        again.push(item);
        continue;
      }
      const refusal = request.refused(failure, item);
      if (refusal !== undefined) throw refusal;
    }
    if (again.length > 0 && attempt >= ATTEMPTS) {
      const codes = [...new Set(failures.map(({ Code }) => Code))].join(', ');
      throw new UnavailableError(`could not ${request.what}: ${again.length} messages failed with ${codes}`);
    }
    left = again;
    if (left.length > 0) await delay(PAUSE_MS * 2 ** (attempt - 1));
  }
}

/** Items in batches of at most 10, and of at most `maxBytes` by `bytesOf` where that is given. */
export function batchesOf<Item>(
  items: readonly Item[],
  limit?: { readonly maxBytes: number; bytesOf(item: Item): number },
): Item[][] {
  const batches: Item[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = limit?.bytesOf(item) ?? 0;
    const last = batches.at(-1);
    if (last === undefined || last.length >= BATCH_MESSAGES || bytes + size > (limit?.maxBytes ?? 0)) {
      batches.push([item]);
      bytes = size;
    } else {
      last.push(item);
      bytes += size;
    }
  }
  return batches;
}
