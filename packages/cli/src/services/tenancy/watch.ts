import { type Logger, messageOf, Waker } from '@lakewright/core';
import { Counter, type Registry } from 'prom-client';

/** Milliseconds after a look in which nobody can ask for another one: not every unknown key may cost a query. */
const PAUSE_MS = 1000;

/** What a look is for, as metrics and logs call it. */
export type Followed = 'storage_profiles' | 'api_keys';

export interface TenancyWatchOptions {
  /** Milliseconds between two looks: so long a key that was taken away still opens. */
  readonly intervalMs: number;
  readonly logger: Logger;
  readonly metrics: Registry;
}

/**
 * Looks again and again at who may use the lake and where their objects are. What cannot be looked at stays as it
 * was; that is logged and counted (`lakewright_tenancy_looks_total`).
 */
export class TenancyWatch {
  readonly #options: TenancyWatchOptions;
  readonly #looks: { readonly what: Followed; readonly look: () => Promise<void> }[] = [];
  readonly #counter: Counter<'what' | 'outcome'>;
  #looking: Promise<void> | undefined;
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
   * Calls `look` now, throwing what it throws, and again at each interval, after those that were followed before: who
   * follows profiles before keys knows the buckets of whom he lets in.
   */
  async follow(what: Followed, look: () => Promise<void>): Promise<void> {
    await look();
    this.#counter.inc({ what, outcome: 'ok' });
    this.#looks.push({ what, look });
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

  /** Looks out of turn, for something that this process does not know, unless it has just looked. Never rejects. */
  async lookAgain(): Promise<void> {
    if (this.#looking === undefined && performance.now() - this.#lookedAtMs < PAUSE_MS) return;
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
    for (const { what, look } of this.#looks) {
      try {
        await look();
        this.#counter.inc({ what, outcome: 'ok' });
      } catch (error) {
        this.#counter.inc({ what, outcome: 'failed' });
        this.#options.logger.log('warn', 'what the database says of organizations stays as it was', {
          what,
          error: messageOf(error),
        });
      }
    }
  }
}
