import type { Clock, Sql, SqlRunner } from '@lakewright/core';
import { ClaimLostError } from '../errors.ts';
import { ROLLUP_TABLES, type TableName } from '../tables.ts';
import type { Segment } from '../types.ts';
import { insertSegments } from './publish.ts';
import { recordset } from './text.ts';

/** Segments that are merged with each other only: of one organization, table and UTC day. */
export interface MergeGroup {
  readonly organization: string;
  readonly table: TableName;
  /** Days since 1970-01-01; -1 is all segments that span several days. */
  readonly day: number;
}

/** A group's segments of one level that are not full, as one line. */
export interface MergeGroupSize extends MergeGroup {
  readonly level: number;
  readonly segments: number;
  readonly rows: number;
  readonly bytes: number;
}

/** A segment that may be merged. */
export interface MergeCandidate extends Segment {
  /** 0 as cooked; a merge's output is one above its highest input. */
  readonly level: number;
  readonly publishedAtMs: number;
}

/** A segment with this many bytes or rows is full: it is not merged any more. */
export interface FullSegment {
  readonly bytes: number;
  readonly rows: number;
}

export interface MergePublication {
  readonly owner: string;
  /** The claimed segments whose rows the output holds. */
  readonly inputs: readonly Segment[];
  readonly output: Segment;
  readonly level: number;
}

interface CandidateRow {
  segment_id: string;
  key: string;
  level: number;
  rows: bigint;
  bytes: bigint;
  min_time_ns: bigint;
  max_time_ns: bigint;
  services: string[];
  published_at_ms: bigint;
}

/** Segments of a group that are looked at for one plan, those of the lowest level and the oldest first. */
const MAX_CANDIDATES = 4096;

/** The catalog's part that compaction works with. Every method throws UnavailableError as the catalog's do. */
export class MergeBooks {
  readonly #sql: Sql;
  readonly #clock: Clock;
  /** Milliseconds after which a claim that nobody renewed is free again. */
  readonly leaseMs: number;

  constructor(sql: Sql, clock: Clock, leaseMs: number) {
    this.#sql = sql;
    this.#clock = clock;
    this.leaseMs = leaseMs;
  }

  /** The sizes of all groups, of what is live, not full and not claimed, the biggest group first. */
  async groups(full: FullSegment): Promise<MergeGroupSize[]> {
    const rows = await this.#sql.query<{
      organization: string;
      table_name: TableName;
      day: number;
      level: number;
      segments: bigint;
      rows: bigint;
      bytes: bigint;
    }>(
      `select organization, table_name, day, level, count(*) as segments, sum(rows)::bigint as rows,
         sum(bytes)::bigint as bytes
       from segment
       where retired_at_ms is null and claimed_by is null and bytes < $1::bigint and rows < $2::bigint
         and not table_name = any($3::text[])
       group by organization, table_name, day, level
       order by count(*) desc, organization, table_name, day, level`,
      // A rollup's segment is replaced with its hour: see RollupBooks.
      [full.bytes, full.rows, ROLLUP_TABLES],
    );
    return rows.map((row) => ({
      organization: row.organization,
      table: row.table_name,
      day: row.day,
      level: row.level,
      segments: Number(row.segments),
      rows: Number(row.rows),
      bytes: Number(row.bytes),
    }));
  }

  /** A group's live segments that are neither full nor claimed, in the order in which they begin. */
  async candidates(group: MergeGroup, full: FullSegment): Promise<MergeCandidate[]> {
    const { organization, table, day } = group;
    const rows = await this.#sql.query<CandidateRow>(
      `select segment_id, key, level, rows, bytes, min_time_ns, max_time_ns, services, published_at_ms
       from segment
       where organization = $1 and table_name = $2 and day = $3 and retired_at_ms is null
         and claimed_by is null and bytes < $4::bigint and rows < $5::bigint
       order by level, min_time_ns, segment_id limit ${MAX_CANDIDATES}`,
      [organization, table, day, full.bytes, full.rows],
    );
    return rows.map((row) => ({
      organization,
      table,
      segmentId: row.segment_id,
      key: row.key,
      level: row.level,
      rows: Number(row.rows),
      bytes: Number(row.bytes),
      minTimeNs: row.min_time_ns,
      maxTimeNs: row.max_time_ns,
      services: row.services,
      publishedAtMs: Number(row.published_at_ms),
    }));
  }

  /** Claims all of `segments` for `owner`, or none: false when any is retired or somebody else's. */
  async claim(owner: string, segments: readonly Segment[]): Promise<boolean> {
    const nowMs = this.#clock.now();
    try {
      await this.#sql.transaction(async (tx) => {
        const locked = await tx.query(
          `select s.segment_id from segment s join ${NAMED} using (organization, table_name, segment_id)
           where s.retired_at_ms is null and s.claimed_by is null
           for update of s skip locked`,
          [recordset(segments.map(nameOf))],
        );
        if (locked.length !== segments.length) throw new ClaimLostError(segments.length, 'segments');
        await tx.query(
          `update segment s set claimed_by = $2, claimed_at_ms = $3::bigint from ${NAMED} where ${IS_NAMED}`,
          [recordset(segments.map(nameOf)), owner, nowMs],
        );
      });
      return true;
    } catch (error) {
      if (error instanceof ClaimLostError) return false;
      throw error;
    }
  }

  /** Begins the lease of a claim anew: `owner` is still at work on it. */
  async renew(owner: string, segments: readonly Segment[]): Promise<void> {
    await this.#sql.query(
      `update segment s set claimed_at_ms = $3::bigint from ${NAMED} where ${IS_NAMED} and s.claimed_by = $2`,
      [recordset(segments.map(nameOf)), owner, this.#clock.now()],
    );
  }

  /** Gives a claim back. */
  async giveBack(owner: string, segments: readonly Segment[]): Promise<void> {
    await this.#sql.query(
      `update segment s set claimed_by = null, claimed_at_ms = null from ${NAMED}
       where ${IS_NAMED} and s.claimed_by = $2`,
      [recordset(segments.map(nameOf)), owner],
    );
  }

  /** Frees what `owner` had claimed before it died; answers how many segments. For its next start. */
  async release(owner: string): Promise<number> {
    const freed = await this.#sql.query(
      `update segment set claimed_by = null, claimed_at_ms = null where claimed_by = $1 returning 1`,
      [owner],
    );
    return freed.length;
  }

  /** Frees the claims whose lease is over; answers how many segments. */
  async expireLeases(): Promise<number> {
    const freed = await this.#sql.query(
      `update segment set claimed_by = null, claimed_at_ms = null
       where claimed_by is not null and claimed_at_ms < $1::bigint returning 1`,
      [this.#clock.now() - this.leaseMs],
    );
    return freed.length;
  }

  /**
   * Retires the inputs and makes the output visible, together or not at all: whoever asks sees every row
   * once. Throws ClaimLostError, having changed nothing, when any input is not live and the owner's any more.
   */
  async publish({ owner, inputs, output, level }: MergePublication): Promise<void> {
    const nowMs = this.#clock.now();
    await this.#sql.transaction(async (tx) => {
      await retire(tx, owner, inputs, nowMs);
      // The output of these inputs is there already: its rows must not be there twice.
      if ((await insertSegments(tx, [output], level, nowMs)) !== 1) throw new ClaimLostError(1, 'segments');
    });
  }
}

async function retire(
  tx: SqlRunner,
  owner: string,
  inputs: readonly Segment[],
  nowMs: number,
): Promise<void> {
  const retired = await tx.query(
    `update segment s set retired_at_ms = $3::bigint, claimed_by = null, claimed_at_ms = null from ${NAMED}
     where ${IS_NAMED} and s.retired_at_ms is null and s.claimed_by = $2 returning s.segment_id`,
    [recordset(inputs.map(nameOf)), owner, nowMs],
  );
  if (retired.length !== inputs.length) throw new ClaimLostError(inputs.length - retired.length, 'segments');
}

const NAMED = `jsonb_to_recordset($1::text::jsonb) as x(organization text, table_name text, segment_id text)`;
const IS_NAMED = `s.organization = x.organization and s.table_name = x.table_name
  and s.segment_id = x.segment_id`;

function nameOf({ organization, table, segmentId }: Segment): object {
  return { organization, table_name: table, segment_id: segmentId };
}
