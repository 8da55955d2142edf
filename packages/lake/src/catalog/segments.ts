import type { SqlRunner, SqlValue } from '@lakewright/core';
import { TABLE_NAMES, type TableName } from '../tables.ts';
import type { PlannedSegment, SegmentIndex, ServiceSummary } from '../types.ts';
import { catalogName } from './text.ts';

export type SegmentQuery = Parameters<SegmentIndex['segments']>[0];

const MAX_INT8 = 2n ** 63n - 1n;
const MIN_INT8 = -(2n ** 63n);

type FoundSegment = [segmentId: string, key: string, rows: number, bytes: number, min: string, max: string];

/** The live segments that may hold rows of the query, oldest first. */
export async function findSegments(sql: SqlRunner, query: SegmentQuery): Promise<PlannedSegment[]> {
  const { organization, table, startNs, endNs, services } = query;
  // Stored times are int8: bounds beyond them match everything or nothing.
  if (startNs !== undefined && startNs > MAX_INT8) return [];
  if (endNs !== undefined && endNs <= MIN_INT8) return [];
  const params: SqlValue[] = [organization, table];
  const conditions = ['organization = $1', 'table_name = $2', 'retired_at_ms is null'];
  const where = (condition: (place: string) => string, value: SqlValue) => {
    params.push(value);
    conditions.push(condition(`$${params.length}`));
  };
  if (startNs !== undefined && startNs > MIN_INT8) where((p) => `max_time_ns >= ${p}::bigint`, startNs);
  if (endNs !== undefined && endNs <= MAX_INT8) where((p) => `min_time_ns < ${p}::bigint`, endNs);
  if (services !== undefined) where((p) => `services && ${p}::text[]`, services.map(catalogName));
  // As one text: reading thousands of rows of the protocol one by one takes longer than finding them.
  const [{ found }] = await sql.query<{ found: string }>(
    `select coalesce(json_agg(json_build_array(segment_id, key, rows, bytes, min_time_ns::text,
       max_time_ns::text) order by min_time_ns, segment_id), '[]')::text as found
     from segment where ${conditions.join(' and ')}`,
    params,
  );
  return (JSON.parse(found) as FoundSegment[]).map(([segmentId, key, count, bytes, min, max]) => ({
    organization,
    table,
    segmentId,
    key,
    rows: count,
    bytes,
    minTimeNs: BigInt(min),
    maxTimeNs: BigInt(max),
  }));
}

/** Every service of an organization by name, with its tables in their usual order. */
export async function listServices(sql: SqlRunner, organization: string): Promise<ServiceSummary[]> {
  const rows = await sql.query<{ service: string; tables: string[]; last_seen_ns: bigint }>(
    `select service, array_agg(table_name) as tables, max(last_seen_ns) as last_seen_ns
     from service where organization = $1 group by service order by service`,
    [organization],
  );
  return rows.map((row) => ({
    service: row.service,
    tables: TABLE_NAMES.filter((table) => row.tables.includes(table)),
    lastSeenNs: row.last_seen_ns,
  }));
}

export interface TableTotals {
  readonly table: TableName;
  readonly segments: number;
  readonly rows: bigint;
  readonly bytes: bigint;
  readonly minTimeNs: bigint | null;
  readonly maxTimeNs: bigint | null;
}

/** The size of every table of an organization, empty ones included. */
export async function tableTotals(sql: SqlRunner, organization: string): Promise<TableTotals[]> {
  const rows = await sql.query<{
    table_name: string;
    segments: bigint;
    rows: bigint;
    bytes: bigint;
    min_time_ns: bigint;
    max_time_ns: bigint;
  }>(
    `select table_name, count(*) as segments, sum(rows)::bigint as rows, sum(bytes)::bigint as bytes,
       min(min_time_ns) as min_time_ns, max(max_time_ns) as max_time_ns
     from segment where organization = $1 and retired_at_ms is null group by table_name`,
    [organization],
  );
  return TABLE_NAMES.map((table) => {
    const row = rows.find((candidate) => candidate.table_name === table);
    return {
      table,
      segments: Number(row?.segments ?? 0n),
      rows: row?.rows ?? 0n,
      bytes: row?.bytes ?? 0n,
      minTimeNs: row?.min_time_ns ?? null,
      maxTimeNs: row?.max_time_ns ?? null,
    };
  });
}
