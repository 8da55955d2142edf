import { randomUUID } from 'node:crypto';
import {
  type Clock,
  isSettled,
  type Logger,
  type ObjectInfo,
  type ObjectStore,
  type OutgoingMessage,
  objectCreatedEvent,
  PrefixScanner,
  type Queue,
  type Rule,
  repeatListing,
  type ScanReceiver,
} from '@lakewright/core';
import { completes, completionKey } from './completion.ts';
import type { RefineMetrics } from './metrics.ts';

export interface SourceDependencies {
  readonly rule: Rule;
  readonly bucket: string;
  readonly store: ObjectStore;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: RefineMetrics;
}

const LISTING_MS = 1000;
const SETTLE_MS = 1000;
const BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;
/** Completions looked at, and messages sent, at once. */
const AT_ONCE = 100;

/**
 * Tells a rule's queue of its inputs: what EventBridge does on AWS. It hears of those that are pushed, and
 * finds those of which nobody told, which have neither a message nor a completion: files that somebody
 * dropped, once nothing has changed them for a second, and what was pushed when the process died.
 */
export class InputSource {
  readonly #dependencies: SourceDependencies;
  readonly #scanner: PrefixScanner<ObjectInfo>;
  #waiting: OutgoingMessage[] = [];
  /** The sending under way, which never rejects, and the one that takes what waits. */
  #sending: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(dependencies: SourceDependencies) {
    this.#dependencies = dependencies;
    this.#scanner = new PrefixScanner(dependencies.store, new InputReceiver(dependencies));
  }

  /**
   * Sends the message of an input that was just put, together with those of others that come meanwhile. Throws
   * UnavailableError: then a listing finds it.
   */
  async announce(info: ObjectInfo): Promise<void> {
    const { bucket, clock } = this.#dependencies;
    this.#waiting.push(inputMessage(bucket, info, clock.now()));
    // Whoever waits for the sending that follows the one under way shares it.
    this.#next ??= this.#sending.then(() => this.#sendWaiting());
    await this.#next;
    this.#scanner.passOver(info);
  }

  #sendWaiting(): Promise<void> {
    const messages = this.#waiting;
    this.#waiting = [];
    this.#next = undefined;
    const sent = this.#dependencies.queue.send(messages);
    this.#sending = sent.catch(() => undefined);
    return sent;
  }

  /** Looks for inputs until `signal` is aborted; failures are logged and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const { rule, logger, metrics } = this.#dependencies;
    const repetition = {
      what: `inputs of rule ${rule.name}`,
      intervalMs: LISTING_MS,
      backoffMs: BACKOFF_MS,
      maxBackoffMs: MAX_BACKOFF_MS,
      logger,
      onFailure: () => metrics.failures.inc({ rule: rule.name, what: 'listing' }),
    };
    const scan = async () => void (await this.#scanner.scan(rule.inputPrefix, signal));
    await repeatListing(repetition, scan, signal);
  }
}

/** The message that tells a rule's queue of an object, as S3 would send it by EventBridge. */
export function inputMessage(
  bucket: string,
  { key, etag, size }: Pick<ObjectInfo, 'key' | 'etag' | 'size'>,
  nowMs: number,
): OutgoingMessage {
  const object = { bucket, key, etag, size, versionId: undefined, sequencer: undefined };
  return {
    body: objectCreatedEvent(object, randomUUID(), nowMs),
    deduplicationId: `${etag} ${key}`,
  };
}

class InputReceiver implements ScanReceiver<ObjectInfo> {
  readonly #dependencies: SourceDependencies;

  constructor(dependencies: SourceDependencies) {
    this.#dependencies = dependencies;
  }

  candidate(info: ObjectInfo): ObjectInfo | undefined {
    return isSettled(info, this.#dependencies.clock.now(), SETTLE_MS) ? info : undefined;
  }

  async unknown(objects: readonly ObjectInfo[]): Promise<ObjectInfo[]> {
    const { store, rule } = this.#dependencies;
    const open: ObjectInfo[] = [];
    for (let from = 0; from < objects.length; from += AT_ONCE) {
      const slice = objects.slice(from, from + AT_ONCE);
      // One that cannot be looked at is the worker's to fail, and keeps back no other.
      const completions = await Promise.all(
        slice.map(({ key }) => store.describe(completionKey(rule, key)).catch(() => undefined)),
      );
      open.push(
        ...slice.filter(({ etag }, i) => {
          const completion = completions[i];
          return completion === undefined || !completes(completion, { etag, versionId: undefined });
        }),
      );
    }
    return open;
  }

  async announce(objects: readonly ObjectInfo[]): Promise<void> {
    const { queue, bucket, clock } = this.#dependencies;
    for (let from = 0; from < objects.length; from += AT_ONCE) {
      const slice = objects.slice(from, from + AT_ONCE);
      await queue.send(slice.map((object) => inputMessage(bucket, object, clock.now())));
    }
  }
}
