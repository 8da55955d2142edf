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
  /** Bytes at the end of an object that are read first, in the hope that they hold all of the footer. */
  readonly tailBytes: number;
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
  tailBytes: 64 * KIB,
  maxReadAttempts: 4,
  backoffMs: 100,
  maxBackoffMs: 2000,
};
