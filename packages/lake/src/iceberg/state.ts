import type { IcebergField } from './schema.ts';

/** Files, and the rows and bytes in them. */
export interface Tally {
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
}

export const NO_FILES: Tally = { files: 0, rows: 0, bytes: 0 };

/** A manifest of the current snapshot. */
export interface ManifestState {
  readonly key: string;
  /** Bytes of the manifest itself. */
  readonly bytes: number;
  readonly specId: number;
  /** The snapshot that it was written for. */
  readonly snapshotId: number;
  readonly sequence: number;
  /** The least sequence number of its live files. */
  readonly minSequence: number;
  readonly added: Tally;
  readonly existing: Tally;
  readonly deleted: Tally;
  /** Days since 1970-01-01 of the files in it; undefined where it has no partitions. */
  readonly days: { readonly first: number; readonly last: number } | undefined;
}

export type Operation = 'append' | 'replace' | 'overwrite' | 'delete';

export interface SnapshotState {
  /** Below 2^53, so that no JSON reader rounds it. */
  readonly id: number;
  readonly parentId: number | undefined;
  readonly sequence: number;
  readonly atMs: number;
  /** When the next one took its place; undefined for the current one. */
  readonly supersededAtMs: number | undefined;
  readonly listKey: string;
  readonly schemaId: number;
  readonly operation: Operation;
  readonly summary: Readonly<Record<string, string>>;
}

/** All that is published of one table. It is a value: publishing makes the next one. */
export interface TableState {
  readonly uuid: string;
  /** Counts the metadata files; 0 before the first. */
  readonly version: number;
  readonly updatedAtMs: number;
  /** Where the metadata is; undefined before the first. */
  readonly metadataKey: string | undefined;
  readonly sequence: number;
  /** In the order of their ids; the last is the current one. */
  readonly schemas: readonly { readonly id: number; readonly fields: readonly IcebergField[] }[];
  /** The oldest first; the last is the current one. */
  readonly snapshots: readonly SnapshotState[];
  readonly manifests: readonly ManifestState[];
  /** Manifests that only older snapshots name, and the snapshot that named them no more. */
  readonly dropped: readonly { readonly key: string; readonly sequence: number }[];
  /** Earlier metadata files, the oldest first, and when each was written. */
  readonly log: readonly { readonly key: string; readonly atMs: number }[];
}

/** What there is before anything was published. */
export function newTable(uuid: string): TableState {
  return {
    uuid,
    version: 0,
    updatedAtMs: 0,
    metadataKey: undefined,
    sequence: 0,
    schemas: [],
    snapshots: [],
    manifests: [],
    dropped: [],
    log: [],
  };
}

export function plus(a: Tally, b: Tally): Tally {
  return { files: a.files + b.files, rows: a.rows + b.rows, bytes: a.bytes + b.bytes };
}

/** The files of a manifest that a scan reads. */
export function liveOf({ added, existing }: ManifestState): Tally {
  return plus(added, existing);
}

/** What a scan of the whole table reads. */
export function totalOf(manifests: readonly ManifestState[]): Tally {
  return manifests.map(liveOf).reduce(plus, NO_FILES);
}
