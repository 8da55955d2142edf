import { LimitError } from '@lakewright/core';
import type { PlannedSegment, RowConditions, SegmentIndex, TableName } from '@lakewright/lake';
import { EngineError } from '../errors.ts';
import type { OpenFiles, SegmentFiles } from '../files/index.ts';
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
  /** What is needed of those, as SegmentFiles counts it. */
  readonly bytesRead: number;
  /** Which segment a local path holds. */
  readonly keyOf: ReadonlyMap<string, string>;
  /** Lets go of the files, when nothing reads them any more. */
  release(): void;
}

interface TableSegments {
  readonly table: TableName;
  readonly bounds: Bounds;
  readonly segments: readonly PlannedSegment[];
}

/**
 * Finds the segments of `organization` that may hold rows within each table's bounds and within `range`, and
 * opens their files. Throws LimitError when they are more than `maxSegments` or larger than `maxBytes`
 * (`scanned_bytes_per_query`), and what `files` throws.
 */
export async function planQuery(
  sources: { readonly index: SegmentIndex; readonly files: SegmentFiles },
  query: {
    readonly organization: string;
    readonly tables: ReadonlyMap<TableName, Bounds>;
    /** What is read of each table; undefined when all columns may be. */
    readonly columns: ReadonlyMap<TableName, ReadonlySet<string> | undefined>;
    readonly range: Bounds;
    readonly maxSegments: number;
    readonly maxBytes?: number;
    readonly signal: AbortSignal;
  },
): Promise<QueryPlan> {
  const found: TableSegments[] = [];
  let count = 0;
  let bytes = 0;
  for (const [table, wanted] of query.tables) {
    const bounds = intersect(query.range, wanted);
    const segments = await findSegments(sources.index, query.organization, table, bounds);
    count += segments.length;
    if (count > query.maxSegments) {
      throw new LimitError(
        'maxSegments',
        `the query would read ${count} segments; at most ${query.maxSegments} are read`,
        { hint: 'narrow it with start and end, or with conditions on timestamp or service_name' },
      );
    }
    bytes += segments.reduce((sum, segment) => sum + segment.bytes, 0);
    if (query.maxBytes !== undefined && bytes > query.maxBytes) throw tooManyBytes(bytes, query.maxBytes);
    found.push({ table, bounds, segments });
  }
  const wanted = found.map(({ table, bounds, segments }) => {
    const columns = withTime(query.columns.get(table), bounds);
    return { segments, columns, conditions: conditionsOf(bounds) };
  });
  return { ...planOf(found, await sources.files.open(wanted, query.signal)), segments: count };
}

/** The view of a table that has bounds looks at the time of every row. */
function withTime(
  columns: ReadonlySet<string> | undefined,
  { startNs, endNs }: Bounds,
): ReadonlySet<string> | undefined {
  if (columns === undefined || (startNs === undefined && endNs === undefined)) return columns;
  return new Set([...columns, 'time_unix_nano']);
}

function conditionsOf({ startNs, endNs, services, metrics }: Bounds): RowConditions {
  const values = new Map<string, readonly string[]>();
  if (services !== undefined) values.set('service_name', services);
  if (metrics !== undefined) values.set('metric_name', metrics);
  return { startNs, endNs, values };
}

function planOf(found: readonly TableSegments[], files: OpenFiles): Omit<QueryPlan, 'segments'> {
  const keyOf = new Map<string, string>();
  const tables = found.map(({ table, bounds, segments }, t) => {
    const paths: string[] = [];
    for (const [i, { key }] of segments.entries()) {
      const path = files.paths[t][i];
      if (path === undefined) continue;
      paths.push(path);
      keyOf.set(path, key);
    }
    return { table, bounds, paths };
  });
  const bytes = found.flatMap(({ segments }) => segments).reduce((sum, segment) => sum + segment.bytes, 0);
  return { tables, bytes, bytesRead: files.bytesRead, keyOf, release: () => files.release() };
}

function tooManyBytes(bytes: number, maxBytes: number): LimitError {
  const message = `the query would read segments of ${bytes} bytes; at most ${maxBytes} are read`;
  return new LimitError('scanned_bytes_per_query', message, {
    hint: 'narrow it with start and end, or with conditions on timestamp or service_name',
  });
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
