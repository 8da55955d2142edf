import {
  type Clock,
  ConfigError,
  type DeadMessage,
  type OutgoingMessage,
  type Queue,
  type QueueCounts,
  type QueueMessage,
  type Sql,
  systemClock,
  Waker,
} from '@lakewright/core';
import { type Bell, bellOf } from './bells.ts';
import { batches, storableReason } from './messages.ts';
import { migrateQueue } from './schema.ts';
import * as statements from './statements.ts';

/** Bytes of a message's body at most: what SQS took for most of its life, and every client of it knows. */
const MAX_MESSAGE_BYTES = 256 * 1024;
/** Messages that one statement hands out at most. */
const RECEIVE_MESSAGES = 100;
/** Messages that one statement removes, or hides for longer, at most. */
const DONE_MESSAGES = 500;
/** Milliseconds between two looks at an empty queue: that is how other processes on the database are heard. */
const POLL_MS = 1000;
/** Milliseconds between two looks when there is a message that somebody else has locked at this moment. */
const LOCKED_POLL_MS = 50;

export interface SqlQueueOptions {
  /** Names the queue among all that share the database: give it the store's id when several lakes do. */
  readonly name: string;
  /** How long a received message stays hidden, in milliseconds. */
  readonly visibilityMs: number;
  /** How often a message is handed out before it is a dead letter. */
  readonly maxReceives: number;
  /** Bytes of a body, in UTF-8; 256 KiB unless told. */
  readonly maxMessageBytes?: number;
  readonly clock?: Clock;
}

/** A queue in a database, with what only a database needs. */
export interface SqlQueue extends Queue {
  /**
   * Frees the space of removed messages, of all queues on this database, and refreshes the planner's figures. On
   * the embedded database nothing else does it: call it now and then.
   */
  maintain(): Promise<void>;
  /**
   * Hands out again, without their visibility time, the messages that somebody has: for the start of the only
   * process that receives from this queue. Answers how many.
   */
  takeBack(): Promise<number>;
}

/**
 * Opens the queue called `options.name` in `sql`, making its table if need be. Deliveries are at least once;
 * a message with a deduplication id is there once at a time. Messages sent, released or redriven through any
 * queue object of that name over this `sql` wake its receivers at once; those of other processes are heard
 * within a second. All processes must have clocks that agree to well within the visibility time.
 *
 * Throws ConfigError for settings that cannot work or a table of a newer program, UnavailableError when the
 * database does not answer.
 */
export async function sqlQueue(sql: Sql, options: SqlQueueOptions): Promise<SqlQueue> {
  checkOptions(options);
  const clock = options.clock ?? systemClock;
  await migrateQueue(sql, clock.now());
  return new PostgresQueue(sql, clock, options);
}

class PostgresQueue implements SqlQueue {
  readonly name: string;
  readonly visibilityMs: number;
  readonly #sql: Sql;
  readonly #clock: Clock;
  readonly #bell: Bell;
  readonly #maxReceives: number;
  readonly #maxMessageBytes: number;

  constructor(sql: Sql, clock: Clock, options: SqlQueueOptions) {
    this.name = options.name;
    this.visibilityMs = options.visibilityMs;
    this.#sql = sql;
    this.#clock = clock;
    this.#bell = bellOf(sql, options.name);
    this.#maxReceives = options.maxReceives;
    this.#maxMessageBytes = options.maxMessageBytes ?? MAX_MESSAGE_BYTES;
  }

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    for (const batch of batches(messages, this.#maxMessageBytes)) {
      await statements.insert(this.#sql, this.#at(), batch);
      this.#bell.ring();
    }
  }

  async receive(options: { max: number; waitMs: number; signal?: AbortSignal }): Promise<QueueMessage[]> {
    const { max, waitMs, signal = new AbortController().signal } = options;
    if (max < 1) return [];
    const until = performance.now() + waitMs;
    // Listening before looking: what is sent in between ends the wait that follows.
    const waker = new Waker();
    this.#bell.listen(waker);
    try {
      while (!signal.aborted) {
        const messages = await this.#take(Math.min(max, RECEIVE_MESSAGES));
        if (messages.length > 0) return messages;
        const left = until - performance.now();
        if (left <= 0) break;
        const pause = await this.#pauseMs();
        await waker.wait(Math.min(left, pause), signal);
      }
      return [];
    } finally {
      this.#bell.leave(waker);
    }
  }

  async delete(messages: readonly QueueMessage[]): Promise<void> {
    for (const part of parts(messages)) await statements.remove(this.#sql, this.name, part);
  }

  async extend(messages: readonly QueueMessage[]): Promise<void> {
    for (const part of parts(messages)) {
      await statements.hide(this.#sql, this.name, part, this.#clock.now() + this.visibilityMs);
    }
  }

  async release(
    message: QueueMessage,
    options: { delayMs: number; reason: string; uncounted?: boolean },
  ): Promise<void> {
    await statements.giveBack(this.#sql, this.name, message, {
      visibleAtMs: Math.ceil(this.#clock.now() + options.delayMs),
      maxReceives: this.#maxReceives,
      reason: storableReason(options.reason),
      uncounted: options.uncounted === true,
    });
    this.#bell.ring();
  }

  async counts(): Promise<QueueCounts> {
    await this.#burySilent();
    return statements.count(this.#sql, this.#at());
  }

  async deadLetters(max: number): Promise<DeadMessage[]> {
    await this.#burySilent();
    return statements.listDead(this.#sql, this.name, max);
  }

  async redrive(): Promise<number> {
    await this.#burySilent();
    const revived = await statements.reviveAll(this.#sql, this.#at());
    this.#bell.ring();
    return revived;
  }

  async takeBack(): Promise<number> {
    return statements.takeBack(this.#sql, this.#at());
  }

  async maintain(): Promise<void> {
    await this.#sql.query('vacuum (analyze) queue_message');
  }

  #at(): statements.At {
    return { queue: this.name, nowMs: this.#clock.now() };
  }

  async #take(max: number): Promise<QueueMessage[]> {
    for (;;) {
      const at = this.#at();
      const { messages, buried } = await statements.take(this.#sql, at, {
        max,
        maxReceives: this.#maxReceives,
        hiddenUntilMs: at.nowMs + this.visibilityMs,
      });
      // Only burials: there may be messages behind them.
      if (messages.length > 0 || buried === 0) return messages;
    }
  }

  /** How long nothing will be there, as far as this process can know. */
  async #pauseMs(): Promise<number> {
    const next = await statements.nextVisible(this.#sql, this.name);
    if (next === undefined) return POLL_MS;
    const ms = next - this.#clock.now();
    return ms <= 0 ? LOCKED_POLL_MS : Math.min(ms, POLL_MS);
  }

  #burySilent(): Promise<void> {
    return statements.burySilent(this.#sql, this.#at(), this.#maxReceives);
  }
}

function* parts(messages: readonly QueueMessage[]): Generator<readonly QueueMessage[]> {
  for (let i = 0; i < messages.length; i += DONE_MESSAGES) yield messages.slice(i, i + DONE_MESSAGES);
}

/** A queue's name stands in an index beside deduplication ids: 256 bytes are enough for a name and a store's id. */
const NAME = /^[!-~]{1,256}$/;

function checkOptions({ name, visibilityMs, maxReceives, maxMessageBytes = 1 }: SqlQueueOptions): void {
  if (!NAME.test(name)) {
    throw new ConfigError(`${JSON.stringify(name.slice(0, 300))} is no name for a queue`, {
      hint: 'use 1 to 256 printable ASCII characters without spaces',
    });
  }
  for (const [what, value] of Object.entries({ visibilityMs, maxReceives, maxMessageBytes })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new ConfigError(`${what} of the queue ${name} is ${value}`, { hint: 'use a whole number from 1' });
  }
}
