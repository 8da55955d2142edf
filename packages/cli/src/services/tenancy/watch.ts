import { setTimeout as delay } from 'node:timers/promises';
import { type Logger, messageOf, Waker } from '@lakewright/core';
import { Counter, type Registry } from 'prom-client';

/** Milliseconds between a look and one that is asked for: not every unknown key may cost a query. */
const PAUSE_MS = 1000;

/** What a look is for, as metrics and logs call it. */
export type Followed = 'storage_profiles' | 'api_keys';

/** Takes over what was read. */
export type Take = () => void | Promise<void>;

interface Look {
  readonly what: Followed;
  readonly read: () => Promise<Take>;
  /** Why the last one failed, if it did. */
  failure: unknown;
}

export interface TenancyWatchOptions {
  /** Milliseconds between two looks: so long a key that was taken away still opens. */
  readonly intervalMs: number;
  readonly pauseMs?: number;
  readonly logger: Logger;
  readonly metrics: Registry;
}

/**
 * Looks again and again at who may use the lake and where their objects are. What cannot be looked at stays as it
 * was; that is logged and counted (`lakewright_tenancy_looks_total`).
 */
export class TenancyWatch {
  readonly #options: TenancyWatchOptions;
  readonly #looks: Look[] = [];
  readonly #counter: Counter<'what' | 'outcome'>;
  #looking: Promise<void> | undefined;
  #asked: Promise<void> | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: TenancyWatchOptions) {
    this.#options = options;
    this.#counter = new Counter({
      name: 'lakewright_tenancy_looks_total',
      help: 'Looks at the storage profiles and API keys in the database, by outcome: ok, failed',
      labelNames: ['what', 'outcome'],
      registers: [options.metrics],
    });
  }

  /**
   * Calls `read` now, throwing what it throws, and again at each interval; what it answers with takes over what was
   * read. What is followed last is read first and taken over last: who follows the profiles and then the keys has a
   * place for whom he lets in, also when both are changed between two reads.
   */
  async follow(what: Followed, read: () => Promise<Take>): Promise<void> {
    // Whoever waited, too, may have begun the next look.
    while (this.#looking !== undefined) await this.#looking;
    const look: Look = { what, read, failure: undefined };
    this.#looks.push(look);
    await this.#look();
    if (look.failure !== undefined) throw look.failure;
  }

  /** Looks at each interval until `signal` is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const waker = new Waker();
    for (;;) {
      await waker.wait(this.#options.intervalMs, signal);
      if (signal.aborted) return this.#looking;
      await this.#look();
    }
  }

  /**
   * Looks out of turn, for something that this process does not know: once for all who ask at a time, and `pauseMs`
   * after the last look. Resolves after a look that began after the call. Never rejects.
   */
  lookAgain(): Promise<void> {
    this.#asked ??= this.#lookSoon();
    return this.#asked;
  }

  async #lookSoon(): Promise<void> {
    // It may have read before what is asked for was there.
    await this.#looking;
    const { pauseMs = PAUSE_MS } = this.#options;
    await delay(Math.max(0, this.#lookedAtMs + pauseMs - performance.now()));
    this.#asked = undefined;
    await this.#looking;
    await this.#look();
  }

  #look(): Promise<void> {
    this.#looking ??= this.#lookAtAll().finally(() => {
      this.#looking = undefined;
      this.#lookedAtMs = performance.now();
    });
    return this.#looking;
  }

  async #lookAtAll(): Promise<void> {
    const found: { look: Look; take: Take }[] = [];
    for (const look of this.#looks.toReversed()) {
      await this.#attempt(look, async () => void found.unshift({ look, take: await look.read() }));
    }
    for (const { look, take } of found) {
      if (await this.#attempt(look, take)) this.#counter.inc({ what: look.what, outcome: 'ok' });
    }
  }

  async #attempt(look: Look, work: Take): Promise<boolean> {
    const { what } = look;
    try {
      await work();
      look.failure = undefined;
      return true;
    } catch (error) {
      look.failure = error;
      this.#counter.inc({ what, outcome: 'failed' });
      this.#options.logger.log('warn', 'what the database says of organizations stays as it was', {
        what,
        error: messageOf(error),
      });
      return false;
    }
  }
}
