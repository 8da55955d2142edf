import { Backoff, messageOf, type Queue, type QueueMessage, Waker } from '@lakewright/core';
import { type BatchResult, processBatch } from './batch.ts';
import type { RefineMetrics } from './metrics.ts';
import type { RefineDependencies } from './process.ts';

export interface WorkerDependencies extends RefineDependencies {
  readonly queue: Queue;
  readonly metrics: RefineMetrics;
  readonly settings?: Partial<WorkerSettings>;
}

/** Every time is in milliseconds. */
export interface WorkerSettings {
  /** How long one look at the queue waits for a message. */
  readonly waitMs: number;
  /** After the first failure of a message, until it is handed out again; doubles with each receive. */
  readonly retryMs: number;
  readonly maxRetryMs: number;
  /** After the first failure of the queue itself; doubles. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** How long a batch may go on after the worker was told to stop. */
  readonly drainMs: number;
}

export const WORKER_SETTINGS: WorkerSettings = {
  waitMs: 20_000,
  retryMs: 1000,
  maxRetryMs: 300_000,
  backoffMs: 500,
  maxBackoffMs: 30_000,
  drainMs: 10_000,
};

/**
 * Serves one rule from its queue until `signal` is aborted: as many batches at once as the rule says, each
 * message deleted only after its objects are complete, kept hidden from others while it is worked on, and put
 * back for a while after a failure. A batch in progress when the signal comes has `drainMs` to end. Failures
 * of the queue are logged and tried again; it never rejects.
 */
export async function runRefine(dependencies: WorkerDependencies, signal: AbortSignal): Promise<void> {
  const settings = { ...WORKER_SETTINGS, ...dependencies.settings };
  const stop = new AbortController();
  const onAbort = () => {
    setTimeout(() => stop.abort(), settings.drainMs).unref();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const worker = new Worker(dependencies, settings, stop.signal);
  await worker.serve(signal);
  signal.removeEventListener('abort', onAbort);
}

class Worker {
  readonly #dependencies: WorkerDependencies;
  readonly #settings: WorkerSettings;
  /** Aborted when batches in progress have to end. */
  readonly #stop: AbortSignal;

  constructor(dependencies: WorkerDependencies, settings: WorkerSettings, stop: AbortSignal) {
    this.#dependencies = dependencies;
    this.#settings = settings;
    this.#stop = stop;
  }

  /** Receives while there is room for a batch, so that no message is taken before it can be worked on. */
  async serve(signal: AbortSignal): Promise<void> {
    const { queue, rule } = this.#dependencies;
    const { waitMs, backoffMs, maxBackoffMs } = this.#settings;
    const backoff = new Backoff(backoffMs, maxBackoffMs);
    const waker = new Waker();
    const batches = new Set<Promise<void>>();
    while (!signal.aborted) {
      if (batches.size >= rule.concurrency) {
        await Promise.race(batches);
        continue;
      }
      try {
        const messages = await queue.receive({ max: rule.batchSize, waitMs, signal });
        backoff.succeeded();
        if (messages.length === 0) continue;
        const batch = this.#settled(messages).finally(() => batches.delete(batch));
        batches.add(batch);
      } catch (error) {
        const pauseMs = backoff.failed();
        this.#noteFailure(error, pauseMs);
        await waker.wait(pauseMs, signal);
      }
    }
    await Promise.all(batches);
  }

  /** Works on a batch; when the queue fails meanwhile, its messages come back by themselves. */
  async #settled(messages: readonly QueueMessage[]): Promise<void> {
    try {
      await this.#work(messages);
    } catch (error) {
      this.#noteFailure(error, 0);
    }
  }

  #noteFailure(error: unknown, pauseMs: number): void {
    const { rule, logger, metrics } = this.#dependencies;
    metrics.failures.inc({ rule: rule.name, what: 'queue' });
    const fields = { rule: rule.name, error: messageOf(error), pauseMs };
    logger.log('warn', 'the queue of a rule does not work', fields);
  }

  async #work(messages: readonly QueueMessage[]): Promise<void> {
    const { queue, rule, metrics } = this.#dependencies;
    const observe = metrics.batchSeconds.startTimer({ rule: rule.name });
    const heartbeat = this.#keepHidden(messages);
    let results: BatchResult[];
    try {
      results = await processBatch(this.#dependencies, messages, this.#stop);
    } finally {
      await heartbeat.stop();
    }
    this.#count(results);
    const done = messages.filter((_, i) => results[i].done);
    if (done.length > 0) await queue.delete(done);
    for (const [i, result] of results.entries()) {
      if (!result.done) await this.#giveBack(messages[i], result.reason);
    }
    observe();
  }

  /** Renews the messages' visibility time until it is stopped. */
  #keepHidden(messages: readonly QueueMessage[]): { stop(): Promise<void> } {
    const { queue, rule, logger } = this.#dependencies;
    let renewing = Promise.resolve();
    const timer = setInterval(() => {
      renewing = queue.extend(messages).catch((error: unknown) => {
        const fields = { rule: rule.name, error: messageOf(error) };
        logger.log('warn', 'messages in work could not be kept hidden', fields);
      });
    }, queue.visibilityMs / 3);
    return {
      stop() {
        clearInterval(timer);
        return renewing;
      },
    };
  }

  /** What was cut off because the worker stops did not fail: it is handed out again at once. */
  async #giveBack(message: QueueMessage, reason: string): Promise<void> {
    const { queue } = this.#dependencies;
    if (this.#stop.aborted) return queue.release(message, { delayMs: 0, reason, uncounted: true });
    await queue.release(message, { delayMs: retryDelayMs(message.receives, this.#settings), reason });
  }

  #count(results: readonly BatchResult[]): void {
    const { rule, metrics } = this.#dependencies;
    for (const result of results) {
      const outcomes = result.done ? result.outcomes.map(({ kind }) => kind) : (['failed'] as const);
      for (const outcome of outcomes) metrics.objects.inc({ rule: rule.name, outcome });
    }
  }
}

/** How long a message that failed at its `receives`th delivery waits for the next one. */
export function retryDelayMs(
  receives: number,
  { retryMs, maxRetryMs }: Pick<WorkerSettings, 'retryMs' | 'maxRetryMs'>,
): number {
  return Math.min(retryMs * 2 ** Math.min(receives - 1, 30), maxRetryMs);
}
