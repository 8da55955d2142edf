/** How one state of a table becomes the next: plain values, nothing is read or written. */
import { isDeepStrictEqual } from 'node:util';
import type { DataFile } from './data-file.ts';
import { operationOf } from './plan.ts';
import type { IcebergField } from './schema.ts';
import {
  type ManifestState,
  NO_FILES,
  plus,
  type SnapshotState,
  type TableState,
  type Tally,
  totalOf,
} from './state.ts';

/** Earlier metadata files that are kept at most, whatever their age. */
const MAX_LOG = 100;

/** The next version, whose metadata will be at `metadataKey`; the former metadata becomes an earlier one. */
export function nextVersion(state: TableState, metadataKey: string, nowMs: number): TableState {
  const former = state.metadataKey === undefined ? [] : [{ key: state.metadataKey, atMs: state.updatedAtMs }];
  return {
    ...state,
    version: state.version + 1,
    // Never back: clocks of several publishers may differ, and readers insist on it.
    updatedAtMs: Math.max(nowMs, state.updatedAtMs + 1),
    metadataKey,
    log: [...state.log, ...former],
  };
}

/** With `fields` as the current schema. An equal one is not added again. */
export function withSchema(state: TableState, fields: readonly IcebergField[]): TableState {
  const current = state.schemas[state.schemas.length - 1];
  // What was stored as JSON and what was just made are compared as JSON.
  if (current !== undefined && isDeepStrictEqual(current.fields, fields)) return state;
  return { ...state, schemas: [...state.schemas, { id: state.schemas.length, fields }] };
}

export interface NewSnapshot {
  readonly id: number;
  readonly listKey: string;
  /** All manifests of the snapshot. */
  readonly manifests: readonly ManifestState[];
  readonly added: readonly DataFile[];
  readonly removed: readonly DataFile[];
}

/** With a new current snapshot, made at the time of this version. */
export function withSnapshot(state: TableState, snapshot: NewSnapshot): TableState {
  const { id, listKey, manifests, added, removed } = snapshot;
  const sequence = state.sequence + 1;
  const atMs = state.updatedAtMs;
  const former = state.snapshots.map((each) =>
    each.supersededAtMs === undefined ? { ...each, supersededAtMs: atMs } : each,
  );
  const kept = new Set(manifests.map(({ key }) => key));
  const dropped = state.manifests.filter(({ key }) => !kept.has(key)).map(({ key }) => ({ key, sequence }));
  const current: SnapshotState = {
    id,
    parentId: state.snapshots[state.snapshots.length - 1]?.id,
    sequence,
    atMs,
    supersededAtMs: undefined,
    listKey,
    schemaId: state.schemas.length - 1,
    operation: operationOf(added, removed),
    summary: summaryOf(tally(added), tally(removed), totalOf(manifests)),
  };
  return {
    ...state,
    sequence,
    manifests,
    dropped: [...state.dropped, ...dropped],
    snapshots: [...former, current],
  };
}

function tally(files: readonly DataFile[]): Tally {
  return files.map(({ rows, bytes }) => ({ files: 1, rows, bytes })).reduce(plus, NO_FILES);
}

function summaryOf(added: Tally, removed: Tally, total: Tally): Record<string, string> {
  return {
    'added-data-files': String(added.files),
    'added-records': String(added.rows),
    'added-files-size': String(added.bytes),
    'deleted-data-files': String(removed.files),
    'deleted-records': String(removed.rows),
    'removed-files-size': String(removed.bytes),
    'total-data-files': String(total.files),
    'total-records': String(total.rows),
    'total-files-size': String(total.bytes),
    'total-delete-files': '0',
    'total-position-deletes': '0',
    'total-equality-deletes': '0',
  };
}

export interface Expired {
  readonly state: TableState;
  /** Keys of what no snapshot needs any more. */
  readonly leftOvers: readonly string[];
  /** The sequence number of the oldest snapshot that is kept: files that it does not name are free. */
  readonly oldestSequence: number;
}

/** Without the snapshots and metadata files that were superseded before `beforeMs`. */
export function expire(state: TableState, beforeMs: number): Expired {
  const isOld = ({ supersededAtMs }: SnapshotState) =>
    supersededAtMs !== undefined && supersededAtMs <= beforeMs;
  const snapshots = state.snapshots.filter((snapshot) => !isOld(snapshot));
  const oldestSequence = snapshots[0]?.sequence ?? 0;
  const isFree = ({ sequence }: { sequence: number }) => sequence <= oldestSequence;
  const log = state.log.filter(
    (_entry, i) => i >= state.log.length - MAX_LOG && supersededAt(state, i) > beforeMs,
  );
  return {
    state: { ...state, snapshots, dropped: state.dropped.filter((each) => !isFree(each)), log },
    leftOvers: [
      ...state.snapshots.filter(isOld).map(({ listKey }) => listKey),
      ...state.dropped.filter(isFree).map(({ key }) => key),
      ...state.log.filter((entry) => !log.includes(entry)).map(({ key }) => key),
    ],
    oldestSequence,
  };
}

/** When the next metadata file took the place of an earlier one. */
function supersededAt({ log, updatedAtMs }: TableState, index: number): number {
  return log[index + 1]?.atMs ?? updatedAtMs;
}

/** When there is something to expire next, if things are kept for `keepMs`; undefined when nothing will be. */
export function nextExpiryMs({ snapshots }: TableState, keepMs: number): number | undefined {
  const superseded = snapshots.flatMap(({ supersededAtMs }) => supersededAtMs ?? []);
  return superseded.length === 0 ? undefined : Math.min(...superseded) + keepMs;
}
