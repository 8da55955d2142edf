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

/** Whole objects under string keys: S3's model, as small as this product needs it. */
export interface ObjectStore {
  /**
   * Stores `body` under `key`, replacing what was there. Resolves only after the bytes and the name are
   * durable; until then no reader sees the key. Throws UnavailableError when the store cannot take it.
   */
  put(key: string, body: Uint8Array): Promise<ObjectInfo>;
  /** The object's bytes. Throws NotFoundError. */
  get(key: string): Promise<Uint8Array>;
  /** The object's description, or undefined when there is none. */
  head(key: string): Promise<ObjectInfo | undefined>;
  /** Every object whose key starts with `prefix`, in key order. `startAfter` is exclusive. */
  list(prefix: string, options?: { startAfter?: string }): AsyncIterable<ObjectInfo>;
  /** Removes the object; removing what is not there is no error. */
  delete(key: string): Promise<void>;
  /** A path on this machine at which the object's bytes can be read. Throws NotFoundError. */
  localPath(key: string): Promise<string>;
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
