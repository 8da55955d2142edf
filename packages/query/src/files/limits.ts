const KIB = 1024;
const MIB = 1024 * KIB;

/** What segments of a remote store may take of this machine, and how they are asked for. */
export interface CacheLimits {
  /** Bytes of the files that are kept; those in use are never removed for others. */
  readonly maxCachedBytes: number;
  /** Bytes of footers that are kept in memory. */
  readonly maxFooterBytes: number;
  /** Requests to the store at a time, of all queries together. */
  readonly maxConcurrentReads: number;
  /** Bytes that one request asks for; what is longer is asked for in parts. */
  readonly maxReadBytes: number;
  /** Chunks with no more bytes between them are asked for together. */
  readonly maxGapBytes: number;
  /** Objects with no more bytes are read whole, at once. */
  readonly smallObjectBytes: number;
  /**
   * Bytes at the end of a bigger one that are read first, in the hope that they hold all of the footer: an 80th of
   * the object, between these two.
   */
  readonly minTailBytes: number;
  readonly maxTailBytes: number;
  /** Times that a request is made before the query fails because the store is away. */
  readonly maxReadAttempts: number;
  /** How long to wait after the first failure, milliseconds; it doubles up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

/** By default 16 requests of at most 4 MiB are under way: 64 MiB of memory. */
export const CACHE_LIMITS: CacheLimits = {
  maxCachedBytes: 10 * KIB * MIB,
  maxFooterBytes: 16 * MIB,
  maxConcurrentReads: 16,
  maxReadBytes: 4 * MIB,
  maxGapBytes: 16 * KIB,
  smallObjectBytes: 64 * KIB,
  minTailBytes: 16 * KIB,
  maxTailBytes: 512 * KIB,
  maxReadAttempts: 4,
  backoffMs: 100,
  maxBackoffMs: 2000,
};
