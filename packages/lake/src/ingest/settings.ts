import { availableParallelism } from 'node:os';
import { SIGNALS, type Signal } from '@lakewright/core';

/** Threads that cook; one core is left to everything else. */
export const COOK_THREADS = Math.max(1, availableParallelism() - 1);

/** How ingest goes about its work. Every time is in milliseconds, every size in bytes as stored. */
export interface IngestSettings {
  /** The name under which this process claims; the same at every start, another one in every process. */
  readonly owner: string;
  /** What is ingested; the rest waits for another process. */
  readonly signals: readonly Signal[];
  /** Claims in progress at once: one is read or published while the others are cooked. */
  readonly workers: number;
  /** How long objects of one organization and signal are gathered, so that segments are not tiny. */
  readonly intervalMs: number;
  /** Bytes at which gathering ends early. */
  readonly ripeBytes: number;
  /** Bytes of one claim at most; one object is always taken. Decoded, they are about ten times as many. */
  readonly claimBytes: number;
  /** Objects of one claim at most. */
  readonly claimObjects: number;
  /** Bytes of one object at most; a bigger one is a dead letter. */
  readonly maxRawObjectBytes: number;
  /** How long nothing may happen before the queue is looked at again. */
  readonly idleMs: number;
  /** How long to wait after the first failure of the store or the catalog; it doubles up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** Between two looks at leases and the length of the queue. */
  readonly housekeepingMs: number;
  /** Between two vacuums of the catalog. */
  readonly maintenanceMs: number;
  /** Between two listings of the folders into which people drop files. */
  readonly dropListingMs: number;
  /** How long a dropped file must have been left alone before it counts as whole. */
  readonly settleMs: number;
  /** Between two listings of the latest minutes of received objects. */
  readonly recentListingMs: number;
  /** Between two listings of all received objects. */
  readonly fullListingMs: number;
}

export const INGEST_SETTINGS: Omit<IngestSettings, 'owner'> = {
  signals: SIGNALS,
  workers: COOK_THREADS + 1,
  intervalMs: 500,
  ripeBytes: 4 * 1024 * 1024,
  claimBytes: 4 * 1024 * 1024,
  claimObjects: 256,
  maxRawObjectBytes: 512 * 1024 * 1024,
  idleMs: 1000,
  backoffMs: 500,
  maxBackoffMs: 30_000,
  housekeepingMs: 10_000,
  maintenanceMs: 10 * 60_000,
  dropListingMs: 1000,
  settleMs: 1000,
  recentListingMs: 10_000,
  fullListingMs: 10 * 60_000,
};
