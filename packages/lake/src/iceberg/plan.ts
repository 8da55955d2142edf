import { type DataFile, dayOf, type Entry, STATUS, specOf } from './data-file.ts';
import { liveOf, type ManifestState, type Operation } from './state.ts';

/** How big manifests are, in files. */
export interface ManifestSettings {
  /** Files of one manifest at most. */
  readonly manifestFiles: number;
  /** A manifest with fewer live files is small. */
  readonly smallFiles: number;
  /** Small manifests that may be left; when there would be more, all of them are written as one. */
  readonly maxSmall: number;
}

export const MANIFEST_SETTINGS: ManifestSettings = { manifestFiles: 1000, smallFiles: 500, maxSmall: 8 };

/** What has become of a table's segments since the last snapshot: one consistent look at the catalog. */
export interface Changes {
  readonly added: readonly DataFile[];
  /** Files that are gone, each with the manifest that names it. */
  readonly removed: readonly { readonly segmentId: string; readonly manifest: string }[];
}

/** Which manifests of the last snapshot the next one takes over, and which it writes anew. */
export interface ManifestPlan {
  readonly kept: readonly ManifestState[];
  readonly rewritten: readonly ManifestState[];
}

/**
 * Manifests are written anew when a file in them is gone, and when there are too many small ones. Those that
 * only told what an earlier snapshot removed are left out.
 */
export function planManifests(
  manifests: readonly ManifestState[],
  changes: Changes,
  { smallFiles, maxSmall }: ManifestSettings,
): ManifestPlan {
  const touched = new Set(changes.removed.map(({ manifest }) => manifest));
  const untouched = manifests.filter(({ key }) => !touched.has(key)).filter((each) => liveOf(each).files > 0);
  const small = untouched.filter((each) => liveOf(each).files < smallFiles);
  const isNewOne = changes.added.length > 0 || touched.size > 0;
  const merged = new Set(small.length + (isNewOne ? 1 : 0) > maxSmall ? small : []);
  return {
    kept: untouched.filter((each) => !merged.has(each)),
    rewritten: manifests.filter((each) => touched.has(each.key) || merged.has(each)),
  };
}

/** The entries of one manifest that is to be written. */
export interface PlannedManifest {
  readonly specId: number;
  readonly entries: readonly Entry[];
}

/** Spreads entries over manifests: one partition spec in each, neighbours in time together. */
export function spread(entries: readonly Entry[], manifestFiles: number): PlannedManifest[] {
  const sorted = entries.toSorted((a, b) => compare(a.file, b.file));
  return [...Map.groupBy(sorted, ({ file }) => specOf(file))].flatMap(([specId, all]) =>
    chunks(all, manifestFiles).map((part) => ({ specId, entries: part })),
  );
}

function compare(a: DataFile, b: DataFile): number {
  if (a.minTimeNs !== b.minTimeNs) return a.minTimeNs < b.minTimeNs ? -1 : 1;
  return a.segmentId < b.segmentId ? -1 : 1;
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const found: T[][] = [];
  for (let from = 0; from < items.length; from += size) found.push(items.slice(from, from + size));
  return found;
}

/**
 * What a snapshot did to the table. Merges leave the rows of each day as they are: `replace` is said only where
 * nothing but merged segments came and no day has more or fewer rows than before.
 */
export function operationOf(added: readonly DataFile[], removed: readonly DataFile[]): Operation {
  if (removed.length === 0) return 'append';
  if (added.length === 0) return 'delete';
  if (added.some(({ level }) => level === 0)) return 'overwrite';
  const rows = new Map<number | undefined, number>();
  const count = (file: DataFile, sign: number) =>
    rows.set(dayOf(file), (rows.get(dayOf(file)) ?? 0) + sign * file.rows);
  for (const file of added) count(file, 1);
  for (const file of removed) count(file, -1);
  return [...rows.values()].every((difference) => difference === 0) ? 'replace' : 'overwrite';
}

/** Entries of what was added, of what is left of manifests that are written anew, and of what is gone. */
export function entriesOf(
  changes: Changes,
  former: readonly Entry[],
  snapshot: { readonly id: number; readonly sequence: number },
): Entry[] {
  const gone = new Set(changes.removed.map(({ segmentId }) => segmentId));
  const added = changes.added.map(
    (file): Entry => ({ file, status: STATUS.ADDED, snapshotId: snapshot.id, sequence: snapshot.sequence }),
  );
  const others = former.map(
    (entry): Entry =>
      gone.has(entry.file.segmentId)
        ? { ...entry, status: STATUS.DELETED, snapshotId: snapshot.id }
        : { ...entry, status: STATUS.EXISTING },
  );
  return [...added, ...others];
}
