/**
 * The ports: what the domain packages need of the world. `packages/local` and `packages/aws` implement
 * them; only the composition root (`packages/cli`) picks an implementation.
 */

/** One object as a listing or a write reports it. */
export interface ObjectInfo {
  /** Path inside the store, `/`-separated, no leading slash. */
  readonly key: string;
  /** Changes whenever the object's bytes change. Opaque. */
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly lastModifiedMs: number;
}

/** One object as a look at it alone reports it. */
export interface ObjectDescription extends ObjectInfo {
  /** Media type, as it was put; by the key's suffix where nobody said, `application/octet-stream` at last. */
  readonly contentType: string;
  /** User metadata, names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Which of the versions under the key this is; undefined in a store that keeps only the last. */
  readonly versionId: string | undefined;
}

/** An object that is being read. */
export interface ObjectBody extends ObjectDescription {
  /** The bytes from the first to the last, to be read once. Leaving the loop early lets go of the object. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** A part of an object, and which object it is of. */
export interface ObjectRange {
  readonly bytes: Uint8Array;
  /** Of the whole object. */
  readonly etag: string;
  /** Bytes of the whole object. */
  readonly size: number;
}

export interface PutOptions {
  readonly contentType?: string;
  /** ASCII names (lower case) and values: what S3 takes, 2 KiB together. */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * What must hold for the write to happen: that there is no object under the key, or that the one there has
   * this etag. Otherwise nothing is written and PreconditionError is thrown.
   */
  readonly only?: 'absent' | { readonly etag: string };
}

/** Whole objects under string keys: S3's model, as small as this product needs it. */
export interface ObjectStore {
  /**
   * Stores `body` under `key`, replacing what was there. Resolves only after the bytes and the name are
   * durable; until then no reader sees the key, and when the body fails nothing is stored. A body that is
   * iterated is never in memory as a whole. Throws UnavailableError when the store cannot take it,
   * PreconditionError when `options.only` does not hold, and what the body throws.
   */
  put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options?: PutOptions): Promise<ObjectInfo>;
  /** The object's bytes. Throws NotFoundError. */
  get(key: string): Promise<Uint8Array>;
  /**
   * The object, to be read bit by bit: the version asked for, or the latest. With `etag` it throws
   * PreconditionError when the object is another one by now. With `lend` a chunk of the body is only lent: the
   * store may use its memory again as soon as the next one is asked for. Throws NotFoundError.
   */
  open(key: string, options?: { versionId?: string; etag?: string; lend?: boolean }): Promise<ObjectBody>;
  /**
   * The bytes from `start` up to and without `end`, without the others being moved. With `etag` it throws
   * PreconditionError when the object is another one by now. Throws NotFoundError, and BadInputError for a range
   * that is empty or not inside the object.
   */
  read(key: string, range: { start: number; end: number; etag?: string }): Promise<ObjectRange>;
  /** The object's listing, or undefined when there is none. */
  head(key: string): Promise<ObjectInfo | undefined>;
  /** What is known of the object, or undefined when there is none. */
  describe(key: string, options?: { versionId?: string }): Promise<ObjectDescription | undefined>;
  /** Every object whose key starts with `prefix`, in key order. `startAfter` is exclusive. */
  list(prefix: string, options?: { startAfter?: string }): AsyncIterable<ObjectInfo>;
  /** Removes the object; removing what is not there is no error. */
  delete(key: string): Promise<void>;
  /** A path on this machine at which the object's bytes can be read. Throws NotFoundError. */
  localPath(key: string): Promise<string>;
}

/** A message as a queue hands it out. */
export interface QueueMessage {
  /** The same at every delivery. */
  readonly id: string;
  readonly body: string;
  /** Names this delivery, for `delete`, `extend` and `release`. */
  readonly receipt: string;
  /** Times that it was handed out since it was sent or redriven, this one counted. */
  readonly receives: number;
}

/** A message that was handed out as often as the queue allows and never deleted. */
export interface DeadMessage {
  readonly id: string;
  readonly body: string;
  readonly receives: number;
  /** Milliseconds since the epoch. */
  readonly sentAtMs: number;
  /** What the last worker said, where the queue keeps that (SQS does not). */
  readonly reason: string | undefined;
}

/** Messages that nobody has, that somebody has, and that are given up. SQS counts approximately. */
export interface QueueCounts {
  readonly waiting: number;
  readonly inFlight: number;
  readonly dead: number;
}

export interface OutgoingMessage {
  readonly body: string;
  /**
   * A queue that can (the local one) holds one message with this id at a time, dead or alive, and takes a
   * second one without a word; an SQS standard queue takes both, and consumers bear that.
   */
  readonly deduplicationId?: string;
}

/**
 * A queue with at-least-once delivery: SQS's model. A received message is hidden for the queue's visibility
 * time; unless it is deleted by then it is handed out again, and after the queue's maximum of receives it is
 * a dead letter. All methods throw UnavailableError when the queue cannot be reached, and NotFoundError when
 * there is no such queue.
 */
export interface Queue {
  readonly name: string;
  /** How long a received message stays hidden, in milliseconds. */
  readonly visibilityMs: number;
  /** Resolves when every message is stored. Rejects otherwise, and some may be stored. */
  send(messages: readonly OutgoingMessage[]): Promise<void>;
  /** Up to `max` messages; waits up to `waitMs` for the first one, less when `signal` is aborted. */
  receive(options: { max: number; waitMs: number; signal?: AbortSignal }): Promise<QueueMessage[]>;
  /** These messages are done. A receipt that is no longer valid is no error. */
  delete(messages: readonly QueueMessage[]): Promise<void>;
  /** Somebody is still at work on these messages: their visibility time begins anew. */
  extend(messages: readonly QueueMessage[]): Promise<void>;
  /**
   * This delivery failed for `reason`: the message is handed out again after `delayMs`, or is dead. With
   * `uncounted` it did not fail, and does not count as a receive where the queue can forget one (SQS cannot).
   */
  release(
    message: QueueMessage,
    options: { delayMs: number; reason: string; uncounted?: boolean },
  ): Promise<void>;
  counts(): Promise<QueueCounts>;
  /** Up to `max` dead letters, the oldest first where the queue knows; they stay where they are. */
  deadLetters(max: number): Promise<DeadMessage[]>;
  /** Puts every dead letter back to be handed out anew, its receives forgotten. Answers how many. */
  redrive(): Promise<number>;
}

/** A value that a SQL parameter may have. Arrays become PostgreSQL arrays. */
export type SqlValue = string | number | bigint | boolean | null | Uint8Array | readonly string[];

/** Runs statements, in or outside a transaction. */
export interface SqlRunner {
  /**
   * One statement in PostgreSQL's dialect with `$1`-style parameters.
   * Rows are plain objects; `int8` comes back as bigint, `jsonb` parsed, `text[]` as string[].
   */
  query<Row = Record<string, unknown>>(text: string, params?: readonly SqlValue[]): Promise<Row[]>;
}

/** A PostgreSQL database, embedded or not. */
export interface Sql extends SqlRunner {
  /** Runs `work` in one transaction: commits when it resolves, rolls back when it rejects. */
  transaction<T>(work: (tx: SqlRunner) => Promise<T>): Promise<T>;
  /** Several statements, no parameters: for migrations. */
  script(text: string): Promise<void>;
  close(): Promise<void>;
}

/** Where time comes from, so that tests can hold it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
