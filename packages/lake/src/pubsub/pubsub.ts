import {
  Backoff,
  BadInputError,
  type Logger,
  messageOf,
  type ObjectStore,
  type Queue,
  type QueueMessage,
  UnavailableError,
  Waker,
} from '@lakewright/core';
import type { Registry } from 'prom-client';
import type { Catalog, NewRawObject } from '../catalog/index.ts';
import type { Places } from '../places.ts';
import { Announcements } from './announcements.ts';
import { type PubSubMetrics, pubSubMetrics } from './metrics.ts';

/** Every time is in milliseconds. */
export interface PubSubSettings {
  /** Looks at the queue at once. */
  readonly pollers: number;
  /** Messages of one look. */
  readonly batchSize: number;
  /** How long one look waits for a message. */
  readonly waitMs: number;
  /** Until a message that failed is handed out again. */
  readonly retryMs: number;
  /** After the first failure of the queue, the store or the catalog; doubles. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

export const PUBSUB_SETTINGS: PubSubSettings = {
  pollers: 4,
  batchSize: 10,
  waitMs: 20_000,
  retryMs: 30_000,
  backoffMs: 500,
  maxBackoffMs: 30_000,
};

export interface PubSubDependencies {
  readonly queue: Queue;
  readonly store: ObjectStore;
  readonly places: Places;
  readonly catalog: Catalog;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly settings?: Partial<PubSubSettings>;
}

/**
 * Tells the catalog of the objects that a queue of S3 notifications tells of, until `signal` is aborted. A
 * message is deleted only after its objects are rows in the catalog, where ingest takes them up; told twice, an
 * object is one row. A message that nobody understands, or whose objects the catalog refuses, is put back alone
 * and is a dead letter at last. Failures of the queue, the store or the catalog are logged and tried again.
 */
export async function runPubSub(dependencies: PubSubDependencies, signal: AbortSignal): Promise<void> {
  const settings = { ...PUBSUB_SETTINGS, ...dependencies.settings };
  const pubsub = new PubSub(dependencies, settings, pubSubMetrics(dependencies.metrics));
  await Promise.all(Array.from({ length: settings.pollers }, () => pubsub.poll(signal)));
}

interface Understood {
  readonly message: QueueMessage;
  readonly objects: readonly NewRawObject[];
}

class PubSub {
  readonly #dependencies: PubSubDependencies;
  readonly #settings: PubSubSettings;
  readonly #metrics: PubSubMetrics;
  readonly #announcements: Announcements;

  constructor(dependencies: PubSubDependencies, settings: PubSubSettings, metrics: PubSubMetrics) {
    this.#dependencies = dependencies;
    this.#settings = settings;
    this.#metrics = metrics;
    this.#announcements = new Announcements({ ...dependencies, metrics });
  }

  async poll(signal: AbortSignal): Promise<void> {
    const { queue, logger } = this.#dependencies;
    const { batchSize: max, waitMs, backoffMs, maxBackoffMs } = this.#settings;
    const backoff = new Backoff(backoffMs, maxBackoffMs);
    const waker = new Waker();
    while (!signal.aborted) {
      try {
        const messages = await queue.receive({ max, waitMs, signal });
        if (messages.length > 0) await this.#settle(messages);
        backoff.succeeded();
      } catch (error) {
        // What was received and not deleted is handed out again after the queue's visibility time.
        const pauseMs = backoff.failed();
        this.#metrics.failures.inc();
        logger.log('warn', 'notifications are held up', { error: messageOf(error), pauseMs });
        await waker.wait(pauseMs, signal);
      }
    }
  }

  async #settle(messages: readonly QueueMessage[]): Promise<void> {
    const { catalog, queue } = this.#dependencies;
    const understood: Understood[] = [];
    for (const message of messages) {
      try {
        understood.push({ message, objects: await this.#announcements.of(message.body) });
      } catch (error) {
        if (!(error instanceof BadInputError)) throw error;
        await this.#putBack(message, messageOf(error));
      }
    }
    try {
      const added = await catalog.announce(understood.flatMap(({ objects }) => objects));
      this.#count(understood, added.length);
      await queue.delete(understood.map(({ message }) => message));
    } catch (error) {
      if (error instanceof UnavailableError) throw error;
      await this.#settleEach(understood);
    }
  }

  /** The catalog refused something among them: each alone, so that it does not keep back the others. */
  async #settleEach(understood: readonly Understood[]): Promise<void> {
    const { catalog, queue } = this.#dependencies;
    for (const one of understood) {
      try {
        const added = await catalog.announce(one.objects);
        this.#count([one], added.length);
        await queue.delete([one.message]);
      } catch (error) {
        if (error instanceof UnavailableError) throw error;
        await this.#putBack(one.message, messageOf(error));
      }
    }
  }

  async #putBack(message: QueueMessage, reason: string): Promise<void> {
    const { queue, logger } = this.#dependencies;
    this.#metrics.messages.inc({ outcome: 'failed' });
    logger.log('warn', 'a message failed', { id: message.id, receives: message.receives, reason });
    await queue.release(message, { delayMs: this.#settings.retryMs, reason });
  }

  #count(understood: readonly Understood[], added: number): void {
    const told = understood.reduce((sum, { objects }) => sum + objects.length, 0);
    this.#metrics.messages.inc({ outcome: 'done' }, understood.length);
    this.#metrics.objects.inc({ outcome: 'announced' }, added);
    this.#metrics.objects.inc({ outcome: 'known' }, told - added);
  }
}
