/** What a receiver takes at most. Each limit is reported by its own name. */
export interface ReceiverLimits {
  /** Bytes of one request, as sent and again after decompression. Beyond: 413 / RESOURCE_EXHAUSTED. */
  readonly maxRequestBytes: number;
  /** Requests between their arrival and their answer. Beyond: 429 / RESOURCE_EXHAUSTED, retry in 1 s. */
  readonly maxConcurrentRequests: number;
  /** Bytes of the bodies of all those requests. Beyond: 429 / RESOURCE_EXHAUSTED, retry in 1 s. */
  readonly maxQueuedBytes: number;
  /** Bodies that are decompressed at one time; others wait their turn. */
  readonly maxConcurrentDecompressions: number;
  /** Milliseconds that a client has to send its whole request over HTTP. Beyond: 408. */
  readonly requestTimeoutMs: number;
  /** Milliseconds that closing waits for requests in flight before it cuts them off. */
  readonly closeGraceMs: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_RECEIVER_LIMITS: ReceiverLimits = {
  maxRequestBytes: 10 * MIB,
  maxConcurrentRequests: 256,
  maxQueuedBytes: 128 * MIB,
  maxConcurrentDecompressions: 4,
  requestTimeoutMs: 60_000,
  closeGraceMs: 10_000,
};
