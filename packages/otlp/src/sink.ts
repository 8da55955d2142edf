import type { Signal } from '@lakewright/core';

/** One accepted export request on its way to storage. */
export interface RawRequest {
  readonly organization: string;
  /** Who sent it, as the raw object's path names it. */
  readonly collector: string;
  readonly signal: Signal;
  /** A valid Export{Logs,Trace,Metrics}ServiceRequest in protobuf, whatever encoding it came in. */
  readonly body: Uint8Array;
  /** How many log records, spans or data points `body` holds. */
  readonly records: number;
}

/** Where receivers put what they accepted. */
export interface RawSink {
  /**
   * Resolves only when the request is durable. Throws UnavailableError (nothing stored, try again) or
   * LimitError (too much is waiting).
   */
  accept(request: RawRequest): Promise<void>;
}
