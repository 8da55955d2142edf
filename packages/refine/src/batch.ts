import { type Logger, type Notification, parseNotification } from '@lakewright/core';
import { type Outcome, processObject, type RefineDependencies } from './process.ts';
import { reasonOf } from './reason.ts';

/** A message of a queue, wherever the queue is. */
export interface BatchItem {
  readonly id: string;
  readonly body: string;
}

/** What became of a message: done, or to be handed out again for `reason`. */
export type BatchResult =
  | { readonly id: string; readonly done: true; readonly outcomes: readonly Outcome[] }
  | { readonly id: string; readonly done: false; readonly reason: string };

/**
 * Processes every object that the messages of a batch tell of, all at once. A message whose objects did not
 * all get through fails alone; it never rejects. Neither a message nor content is ever logged.
 */
export async function processBatch(
  dependencies: RefineDependencies,
  batch: readonly BatchItem[],
  signal: AbortSignal,
): Promise<BatchResult[]> {
  return Promise.all(batch.map((item) => processItem(dependencies, item, signal)));
}

async function processItem(
  dependencies: RefineDependencies,
  { id, body }: BatchItem,
  signal: AbortSignal,
): Promise<BatchResult> {
  const logger = dependencies.logger.with({ rule: dependencies.rule.name });
  let notification: Notification;
  try {
    notification = parseNotification(body);
  } catch (error) {
    const reason = reasonOf(error);
    logger.log('warn', 'a message failed', { id, reason });
    return { id, done: false, reason };
  }
  if (notification.kind === 'nothing') {
    logger.log('info', 'a message asks for nothing', { id, reason: notification.reason });
    return { id, done: true, outcomes: [] };
  }
  const outcomes: Outcome[] = [];
  let failure: string | undefined;
  for (const object of notification.objects) {
    // A bad object does not keep back the others of its message.
    try {
      const outcome = await processObject({ ...dependencies, logger }, object, signal);
      noteNothingDone(logger, object.key, outcome);
      outcomes.push(outcome);
    } catch (error) {
      const reason = reasonOf(error);
      failure ??= reason;
      logger.log('warn', 'a message failed', { id, key: object.key, reason });
    }
  }
  return failure === undefined ? { id, done: true, outcomes } : { id, done: false, reason: failure };
}

/** Redelivery is a queue's daily business; a message about somebody else's object is not. */
function noteNothingDone(logger: Logger, key: string, outcome: Outcome): void {
  if (outcome.kind === 'already') logger.log('debug', 'nothing to do', { key, reason: 'completed before' });
  if (outcome.kind === 'skipped') logger.log('info', 'nothing to do', { key, reason: outcome.reason });
}
