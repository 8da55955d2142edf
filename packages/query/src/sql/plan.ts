import { LimitError, NotFoundError, type ObjectStore } from '@lakewright/core';
import type { PlannedSegment, SegmentIndex, TableName } from '@lakewright/lake';
import { EngineError, SegmentReadError } from '../errors.ts';
import { type Bounds, intersect } from './bounds.ts';

/** The files that a query reads of one table. */
export interface TablePlan {
  readonly table: TableName;
  readonly bounds: Bounds;
  readonly paths: readonly string[];
}

/** Every file that a query reads. */
export interface QueryPlan {
  readonly tables: readonly TablePlan[];
  readonly segments: number;
  /** Of the segments' files together. */
  readonly bytes: number;
  /** Which segment a local path holds. */
  readonly keyOf: ReadonlyMap<string, string>;
}

/** How many files' places are looked up at a time. */
const LOOKUPS = 64;

/**
 * Finds the segments of `organization` that may hold rows within each table's bounds and within `range`.
 * Throws LimitError when they are more than `maxSegments`, SegmentReadError when one has no file.
 */
export async function planQuery(
  sources: { readonly index: SegmentIndex; readonly store: ObjectStore },
  query: {
    readonly organization: string;
    readonly tables: ReadonlyMap<TableName, Bounds>;
    readonly range: Bounds;
    readonly maxSegments: number;
  },
): Promise<QueryPlan> {
  const tables: TablePlan[] = [];
  const keyOf = new Map<string, string>();
  let bytes = 0;
  for (const [table, wanted] of query.tables) {
    const bounds = intersect(query.range, wanted);
    const segments = await findSegments(sources.index, query.organization, table, bounds);
    if (keyOf.size + segments.length > query.maxSegments) {
      throw new LimitError(
        'maxSegments',
        `the query would read ${keyOf.size + segments.length} segments; at most ${query.maxSegments} are read`,
        { hint: 'narrow it with start and end, or with conditions on timestamp or service_name' },
      );
    }
    const paths = await localPaths(sources.store, segments);
    for (const [i, segment] of segments.entries()) {
      keyOf.set(paths[i], segment.key);
      bytes += segment.bytes;
    }
    tables.push({ table, bounds, paths });
  }
  return { tables, segments: keyOf.size, bytes, keyOf };
}

async function findSegments(
  index: SegmentIndex,
  organization: string,
  table: TableName,
  bounds: Bounds,
): Promise<PlannedSegment[]> {
  if (bounds.startNs !== undefined && bounds.endNs !== undefined && bounds.startNs >= bounds.endNs) return [];
  const segments = await index.segments({ organization, table, ...bounds });
  const foreign = segments.find(
    (segment) => segment.organization !== organization || segment.table !== table,
  );
  if (foreign)
    throw new EngineError(`the index answered with segment ${foreign.key}, which was not asked for`);
  return segments;
}

async function localPaths(store: ObjectStore, segments: readonly PlannedSegment[]): Promise<string[]> {
  const paths: string[] = [];
  for (let from = 0; from < segments.length; from += LOOKUPS) {
    const batch = segments.slice(from, from + LOOKUPS);
    paths.push(...(await Promise.all(batch.map((segment) => localPath(store, segment.key)))));
  }
  return paths;
}

async function localPath(store: ObjectStore, key: string): Promise<string> {
  let path: string;
  try {
    path = await store.localPath(key);
  } catch (error) {
    if (error instanceof NotFoundError) {
      throw new SegmentReadError(key, 'its object is not in the store', { cause: error });
    }
    throw error;
  }
  // DuckDB would read these as a pattern and might find another file.
  if (/[*?[\]]/.test(path)) {
    throw new SegmentReadError(key, 'its path has one of * ? [ ] in it', {
      hint: 'move the data directory to a path without these characters',
    });
  }
  return path;
}
