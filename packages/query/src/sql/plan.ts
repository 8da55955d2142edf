import { LimitError } from '@lakewright/core';
import type { PlannedSegment, RowConditions, SegmentIndex, TableName } from '@lakewright/lake';
import { EngineError } from '../errors.ts';
import type { OpenFiles, SegmentFiles } from '../files/index.ts';
import { type Bounds, intersect } from './bounds.ts';
import { columnsRead, type NeededColumns } from './columns.ts';

/** The segments that a query reads, before anybody opens their files. */
export interface SegmentPlan {
  readonly tables: readonly TableSegments[];
  readonly segments: number;
  /** Of the segments' files together. */
  readonly bytes: number;
}

/** The segments that a query reads of one table. */
export interface TableSegments {
  readonly table: TableName;
  readonly bounds: Bounds;
  readonly segments: readonly PlannedSegment[];
}

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

/**
 * Finds the segments of `organization` that may hold rows within each table's bounds and within `range`: asks the
 * index, and nothing else. Throws LimitError when they are more than `maxSegments` or larger than `maxBytes`
 * (`scanned_bytes_per_query`), and what the index throws.
 */
export async function planSegments(
  index: SegmentIndex,
  query: {
    readonly organization: string;
    readonly tables: ReadonlyMap<TableName, Bounds>;
    readonly range: Bounds;
    readonly maxSegments: number;
    readonly maxBytes?: number;
  },
): Promise<SegmentPlan> {
  const tables: TableSegments[] = [];
  let count = 0;
  let bytes = 0;
  for (const [table, wanted] of query.tables) {
    const bounds = intersect(query.range, wanted);
    const segments = await findSegments(index, query.organization, table, bounds);
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
    tables.push({ table, bounds, segments });
  }
  return { tables, segments: count, bytes };
}

/** Opens the files of planned segments on this machine. Throws what `files` throws. */
export async function planFiles(
  files: SegmentFiles,
  query: {
    readonly segments: SegmentPlan;
    readonly columns: ReadonlyMap<TableName, NeededColumns>;
    readonly signal: AbortSignal;
  },
): Promise<QueryPlan> {
  const { segments: plan } = query;
  const wanted = plan.tables.map(({ table, bounds, segments }) => ({
    segments,
    columns: withTime(columnsRead(query.columns.get(table)), bounds),
    conditions: conditionsOf(bounds),
  }));
  return planOf(plan, await files.open(wanted, query.signal));
}

/** What is read of a table whose rows have to be within `bounds`: their time too. */
export function withTime(columns: ReadonlySet<string>, { startNs, endNs }: Bounds): ReadonlySet<string> {
  return startNs === undefined && endNs === undefined ? columns : new Set([...columns, 'time_unix_nano']);
}

function conditionsOf({ startNs, endNs, services, metrics }: Bounds): RowConditions {
  const values = new Map<string, readonly string[]>();
  if (services !== undefined) values.set('service_name', services);
  if (metrics !== undefined) values.set('metric_name', metrics);
  return { startNs, endNs, values };
}

function planOf({ tables: found, segments: count, bytes }: SegmentPlan, files: OpenFiles): QueryPlan {
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
  return {
    ...{ tables, bytes, keyOf },
    segments: count,
    bytesRead: files.bytesRead,
    release: () => files.release(),
  };
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
