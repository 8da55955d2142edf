import type { Logger } from '@lakewright/core';

/** An object that a handler turns into others. */
export interface HandlerInput {
  readonly bucket: string;
  readonly key: string;
  /** Undefined in a store that keeps no versions. */
  readonly versionId: string | undefined;
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * The object's bytes, bit by bit; every loop over it reads the same bytes from the first one, so that they
   * need not be kept in memory to be used twice.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface Output {
  readonly body: Uint8Array | string | AsyncIterable<Uint8Array>;
  /** The input's unless said. */
  readonly contentType?: string;
  /** The input's unless said. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** With its dot; the input's unless said. */
  readonly extension?: string;
}

/**
 * Writes an output and answers its key. The key follows from the input and from how many outputs were put
 * before, so a handler puts the same outputs in the same order each time it is given the same object.
 */
export type Put = (output: Output) => Promise<string>;

export interface HandlerContext {
  /** Aborted when the handler's time is over or the worker stops: nothing can be put from then on. */
  readonly signal: AbortSignal;
  /** For paths and counts, never for content. */
  readonly logger: Logger;
}

/**
 * Turns one object into others and answers the keys of those that its completion names, as `put` answered
 * them. It is called again when it throws, when its time is over or when its worker dies, so what it does
 * beyond `put` must bear being done again.
 */
export type Handler = (
  input: HandlerInput,
  put: Put,
  context: HandlerContext,
) => Promise<readonly string[]> | readonly string[];
