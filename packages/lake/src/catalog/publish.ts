import type { Sql, SqlRunner } from '@lakewright/core';
import { ClaimLostError } from '../errors.ts';
import type { NewSegment, Segment } from '../types.ts';
import { markRollups } from './rollup-marks.ts';
import { catalogName, recordset, storable } from './text.ts';

/** What is to become visible together. */
export interface Publication {
  readonly owner: string;
  readonly nowMs: number;
  /** The claimed objects from which the segments were made, with what was in each. */
  readonly inputs: readonly {
    readonly id: bigint;
    readonly records: number;
    readonly rejected: number;
    /** Why records were left out or changed. */
    readonly reasons: readonly string[];
    /** What `isIngested` is asked about later, where the same bytes may come again. */
    readonly digest?: string;
  }[];
  readonly segments: readonly NewSegment[];
}

/**
 * Publishes segments and marks their inputs done in one transaction. Throws ClaimLostError, having changed
 * nothing, when any input is not claimed by the owner any more: somebody else has it, or it is done.
 */
export async function publish(sql: Sql, publication: Publication): Promise<void> {
  await sql.transaction(async (tx) => {
    await markDone(tx, publication);
    if (publication.segments.length === 0) return;
    await insertSegments(tx, publication.segments, 0, publication.nowMs);
    await tx.query(
      `insert into service (organization, service, table_name, last_seen_ns)
       select organization, service, table_name, max(last_seen_ns)
       from ${SERVICE_ROWS}
       group by 1, 2, 3 order by 1, 2, 3
       on conflict (organization, service, table_name)
       do update set last_seen_ns = greatest(service.last_seen_ns, excluded.last_seen_ns)`,
      [recordset(publication.segments.flatMap(toServiceRows))],
    );
    await markRollups(tx, publication.segments, publication.nowMs);
  });
}

/**
 * Adds segments of one level and answers how many. One that is there already, live or retired, stays as it
 * is.
 */
export async function insertSegments(
  tx: SqlRunner,
  segments: readonly Segment[],
  level: number,
  nowMs: number,
): Promise<number> {
  const added = await tx.query(
    `insert into segment (organization, table_name, segment_id, key, level, rows, bytes, min_time_ns,
       max_time_ns, services, published_at_ms)
     select organization, table_name, segment_id, key, $2, rows, bytes, min_time_ns, max_time_ns, services,
       $3::bigint
     from ${SEGMENT_ROWS} on conflict do nothing returning 1`,
    [recordset(segments.map(toRow)), level, nowMs],
  );
  return added.length;
}

const SEGMENT_ROWS = `jsonb_to_recordset($1::text::jsonb) as x(organization text, table_name text,
  segment_id text, key text, rows bigint, bytes bigint, min_time_ns bigint, max_time_ns bigint,
  services text[])`;

const SERVICE_ROWS = `jsonb_to_recordset($1::text::jsonb) as x(organization text, service text,
  table_name text, last_seen_ns bigint)`;

async function markDone(tx: SqlRunner, { owner, nowMs, inputs }: Publication): Promise<void> {
  const rows = inputs.map(({ id, records, rejected, reasons, digest }) => ({
    id,
    records,
    rejected,
    reason: reasons.length === 0 ? null : storable(reasons.join('; ')),
    digest: digest ?? null,
  }));
  const marked = await tx.query(
    `update raw_object r set state = 'done', finished_at_ms = $3::bigint, records = x.records,
       rejected = x.rejected, reason = x.reason, digest = x.digest, claimed_by = null, claimed_at_ms = null
     from jsonb_to_recordset($1::text::jsonb)
       as x(id bigint, records bigint, rejected bigint, reason text, digest text)
     where r.id = x.id and r.state = 'claimed' and r.claimed_by = $2
     returning r.id`,
    [recordset(rows), owner, nowMs],
  );
  if (marked.length !== inputs.length) throw new ClaimLostError(inputs.length - marked.length);
}

function toRow(segment: Segment): object {
  return {
    organization: segment.organization,
    table_name: segment.table,
    segment_id: segment.segmentId,
    key: segment.key,
    rows: segment.rows,
    bytes: segment.bytes,
    min_time_ns: segment.minTimeNs,
    max_time_ns: segment.maxTimeNs,
    services: [...new Set(segment.services.map(catalogName))],
  };
}

function toServiceRows({ organization, table, services, lastSeenNs }: NewSegment): object[] {
  return services.map((service, i) => ({
    organization,
    service: catalogName(service),
    table_name: table,
    last_seen_ns: lastSeenNs[i],
  }));
}
