/**
 * What every Queue does, sentence by sentence of the port: each adapter calls this from a test of its own.
 * Nothing here sleeps: what takes a visibility time is waited for by asking.
 */
import type { Queue } from '@lakewright/core';
import { afterEach, describe } from 'vitest';
import { deadLetterTests } from './queue/dead-letters.ts';
import { deliveryTests } from './queue/delivery.ts';
import { sendingTests } from './queue/sending.ts';
import { waitingTests } from './queue/waiting.ts';

export interface OpenQueueOptions {
  /** Whole seconds, in milliseconds: SQS knows no others. */
  readonly visibilityMs: number;
  readonly maxReceives: number;
}

export interface OpenQueue {
  /** Empty, and used by nobody else. */
  readonly queue: Queue;
  /** The same queue once more, as another process opens it. */
  again(): Promise<Queue>;
  close(): Promise<void>;
}

/** In what queues differ by design. */
export interface QueueCapabilities {
  /** One message with a deduplication id at a time. */
  readonly deduplication: boolean;
  /** A stale receipt is powerless: it cannot delete what somebody else has by now. */
  readonly fencing: boolean;
  /** Dead letters keep the reason and the exact receives, and come with the oldest first. */
  readonly deadLettersInFull: boolean;
  /** A message keeps its id when it is redriven. */
  readonly idOutlivesRedrive: boolean;
  /** A message whose worker died on the last delivery is dead at once, not only when somebody asks for work. */
  readonly countsAreExact: boolean;
}

export interface QueueSuite {
  readonly open: (options: OpenQueueOptions) => Promise<OpenQueue>;
  readonly capabilities: QueueCapabilities;
}

/** What the groups of tests are given. */
export interface QueueUnderTest {
  /** A queue for the running test; it is closed after it. By default hidden for 30 s and 3 receives. */
  open(options?: Partial<OpenQueueOptions>): Promise<OpenQueue>;
  readonly capabilities: QueueCapabilities;
}

/** Declares the tests of a Queue under `name`. Every test has a queue of its own. */
export function queueSuite(name: string, suite: QueueSuite): void {
  describe(`${name} is a Queue`, () => {
    const opened: OpenQueue[] = [];
    afterEach(async () => {
      for (const queue of opened.splice(0)) await queue.close();
    });
    const given: QueueUnderTest = {
      async open(options = {}) {
        const queue = await suite.open({ visibilityMs: 30_000, maxReceives: 3, ...options });
        opened.push(queue);
        return queue;
      },
      capabilities: suite.capabilities,
    };
    for (const tests of [sendingTests, deliveryTests, waitingTests, deadLetterTests]) tests(given);
  });
}
