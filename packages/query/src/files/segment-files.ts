import type { PlannedSegment, RowConditions } from '@lakewright/lake';

/** What a query reads of one table. */
export interface WantedSegments {
  readonly segments: readonly PlannedSegment[];
  /** Columns of the files, as the table stores them. */
  readonly columns: ReadonlySet<string>;
  /** What is true of every row that can change the answer. */
  readonly conditions: RowConditions;
}

/** Files of this machine that hold what is wanted, and stay until they are released. */
export interface OpenFiles {
  /**
   * For each item of what was wanted, the file of each of its segments; undefined for a segment that has no
   * wanted rows.
   */
  readonly paths: readonly (readonly (string | undefined)[])[];
  /** Bytes of footers and of column chunks that are needed; of a file that is here anyway, all of them. */
  readonly bytesRead: number;
  /** Lets go of the files. Calling it again does nothing. */
  release(): void;
}

/** Makes segments readable on this machine. */
export interface SegmentFiles {
  /**
   * Resolves when every wanted row group and column of every segment is in a file. Everything that one query
   * reads has to be asked for at once: what holds some files and waits for others could wait for ever. Throws
   * SegmentReadError for a segment that is gone, replaced or no Parquet file, LimitError (`maxCachedBytes`),
   * UnavailableError, and CancelledError when `signal` is aborted.
   */
  open(wanted: readonly WantedSegments[], signal?: AbortSignal): Promise<OpenFiles>;
  /** Ends what is being fetched and removes what was. */
  close(): Promise<void>;
}
