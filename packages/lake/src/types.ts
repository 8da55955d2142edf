import type { Signal } from '@lakewright/core';
import type { SweepReport } from './sweep/report.ts';
import type { TableName } from './tables.ts';

/** A raw object that waits to be, is being, or has been turned into segments. */
export interface RawObject {
  readonly id: bigint;
  readonly organization: string;
  readonly collector: string;
  readonly signal: Signal;
  readonly key: string;
  readonly etag: string;
  /** Bytes as stored. */
  readonly size: number;
  /** When it arrived, ns since the epoch: the time of records that carry none. */
  readonly arrivedNs: bigint;
}

/** One Parquet file of one table, as the catalog knows it. */
export interface Segment {
  readonly organization: string;
  readonly table: TableName;
  readonly segmentId: string;
  readonly key: string;
  readonly rows: number;
  readonly bytes: number;
  /** Inclusive bounds of time_unix_nano. */
  readonly minTimeNs: bigint;
  readonly maxTimeNs: bigint;
  /** Every service_name in the file, sorted; long ones are cut to 500 UTF-16 units. */
  readonly services: readonly string[];
}

/** What a query needs to know of a segment. */
export type PlannedSegment = Omit<Segment, 'services'>;

/** A segment that is to be published, with what only the publishing needs to know. */
export type NewSegment = Segment & Pick<CookedSegment, 'lastSeenNs'>;

/** What cooking makes of raw objects before it is stored and published. */
export interface CookedSegment {
  readonly table: TableName;
  readonly segmentId: string;
  readonly key: string;
  readonly rows: number;
  readonly minTimeNs: bigint;
  readonly maxTimeNs: bigint;
  readonly services: readonly string[];
  /** Of each of `services`, the time_unix_nano of its latest row. */
  readonly lastSeenNs: readonly bigint[];
  readonly parquet: Uint8Array;
}

/** Raw objects of one organization and signal, with their bytes as stored. */
export interface CookJob {
  readonly organization: string;
  /** What the keys of the segments begin with; empty unless said otherwise. */
  readonly base?: string;
  readonly signal: Signal;
  readonly inputs: readonly { readonly object: RawObject; readonly bytes: Uint8Array }[];
}

export interface CookResult {
  readonly segments: readonly CookedSegment[];
  /** For each input, in order: records stored and records left out, with the reasons. */
  readonly inputs: readonly {
    readonly records: number;
    readonly rejected: number;
    readonly reasons: readonly string[];
  }[];
  /** Of metrics: the series of each metric name that the inputs hold, once for each batch that was cooked. */
  readonly series?: readonly MetricSeries[];
}

/** Distinct series of one metric name. */
export interface MetricSeries {
  readonly metric: string;
  /** 53 bits of each series' identity, as integers. */
  readonly ids: Float64Array;
}

/**
 * Turns raw objects into segments: a pure function of the job, run off the main thread. Rejects with
 * BadObjectError when one input cannot be read at all; the caller then tries the inputs one by one.
 */
export interface Cooker {
  cook(job: CookJob): Promise<CookResult>;
  close(): Promise<void>;
}

/** Which segments may hold rows of a query: supersets are right, subsets are not. */
export interface SegmentIndex {
  segments(query: {
    readonly organization: string;
    readonly table: TableName;
    /** Inclusive. */
    readonly startNs?: bigint;
    /** Exclusive. */
    readonly endNs?: bigint;
    /** Only segments that hold one of these services. */
    readonly services?: readonly string[];
  }): Promise<PlannedSegment[]>;
}

export interface ServiceSummary {
  readonly service: string;
  /** Tables in which it was seen. */
  readonly tables: readonly TableName[];
  /** The time of its latest row in any table, as the row has it. */
  readonly lastSeenNs: bigint;
}

export interface DeadLetter {
  readonly id: bigint;
  readonly organization: string;
  readonly signal: Signal;
  readonly key: string;
  readonly etag: string;
  readonly size: number;
  readonly arrivedNs: bigint;
  readonly failedNs: bigint;
  readonly attempts: number;
  readonly reason: string;
}

export type ReplayOutcome =
  /** It waits to be ingested again. */
  | 'queued'
  /** The object was replaced since and the new bytes are, or are about to be, in the lake. */
  | 'superseded'
  /** The object is gone from the store: nothing to replay. */
  | 'missing';

export interface LakeStatus {
  readonly rawObjects: {
    readonly pending: number;
    readonly claimed: number;
    readonly done: number;
    readonly dead: number;
  };
  /** Age of the oldest object that waits, seconds; 0 when none does. */
  readonly oldestPendingSeconds: number;
  readonly tables: readonly {
    readonly table: TableName;
    readonly segments: number;
    readonly rows: bigint;
    readonly bytes: bigint;
    readonly minTimeNs: bigint | null;
    readonly maxTimeNs: bigint | null;
  }[];
}

/** What an operator may ask of a lake, always within one organization. */
export interface LakeAdmin {
  services(organization: string): Promise<ServiceSummary[]>;
  status(organization: string): Promise<LakeStatus>;
  deadLetters(organization: string): Promise<DeadLetter[]>;
  deadLetter(organization: string, id: bigint): Promise<DeadLetter | undefined>;
  replay(organization: string, id: bigint): Promise<ReplayOutcome>;
  /** Removes what nobody needs any more; as a dry run, only says what that is. */
  sweep(organization: string, options: { readonly dryRun: boolean }): Promise<SweepReport>;
}
