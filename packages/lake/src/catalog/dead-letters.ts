import type { Signal, Sql, SqlRunner } from '@lakewright/core';
import type { DeadLetter } from '../types.ts';
import { announce, type NewRawObject } from './raw-objects.ts';

interface DeadRow {
  id: bigint;
  organization: string;
  collector: string;
  signal: Signal;
  key: string;
  etag: string;
  size: bigint;
  arrived_ns: bigint;
  finished_at_ms: bigint;
  attempts: number;
  reason: string;
}

/** A dead letter with what else is needed to announce its object again. */
export interface DeadObject extends DeadLetter {
  readonly collector: string;
}

/** The dead letters of an organization, the latest first; only that with `id` when one is given. */
export async function listDead(sql: SqlRunner, organization: string, id?: bigint): Promise<DeadObject[]> {
  const rows = await sql.query<DeadRow>(
    `select id, organization, collector, signal, key, etag, size, arrived_ns, finished_at_ms, attempts, reason
     from raw_object
     where organization = $1 and state = 'dead' and ($2::bigint is null or id = $2::bigint)
     order by finished_at_ms desc, id desc`,
    [organization, id ?? null],
  );
  return rows.map((row) => ({
    id: row.id,
    organization: row.organization,
    collector: row.collector,
    signal: row.signal,
    key: row.key,
    etag: row.etag,
    size: Number(row.size),
    arrivedNs: row.arrived_ns,
    failedNs: row.finished_at_ms * 1_000_000n,
    attempts: row.attempts,
    reason: row.reason,
  }));
}

/** Puts a dead letter back to wait for ingest, as if it had never failed. */
export async function revive(sql: SqlRunner, id: bigint, nowMs: number): Promise<void> {
  await sql.query(
    `update raw_object set state = 'pending', attempts = 0, announced_at_ms = $2::bigint,
       queued_at_ms = $2::bigint, finished_at_ms = null, reason = null
     where id = $1::bigint and state = 'dead'`,
    [id, nowMs],
  );
}

/** Replaces a dead letter by the object that has its key now. */
export async function supersede(sql: Sql, id: bigint, object: NewRawObject, nowMs: number): Promise<void> {
  await sql.transaction(async (tx) => {
    await tx.query(`delete from raw_object where id = $1::bigint and state = 'dead'`, [id]);
    await announce(tx, [object], nowMs);
  });
}
