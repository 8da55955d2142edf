import type { Clock, Sql } from '@lakewright/core';
import { ClaimLostError } from '../errors.ts';
import { type MetricTable, ROLLUP_TABLES } from '../tables.ts';
import type { Segment } from '../types.ts';
import { insertSegments } from './publish.ts';
import { HOUR_NS, ROLLUP_LOOKBACK_NS } from './rollup-marks.ts';

/** One hour of one table of points: what is rolled up at once. */
export interface RollupUnit {
  readonly organization: string;
  readonly table: MetricTable;
  /** Hours since 1970-01-01T00:00Z. */
  readonly hour: number;
}

/** A live segment that may hold points of a unit, or of the minutes before it. */
export interface RollupInput {
  readonly segmentId: string;
  readonly key: string;
  readonly rows: number;
}

/** What a unit is rolled up from, all as of one moment. */
export interface RollupInputs {
  /** Counts the publications that touched the hour. */
  readonly version: bigint;
  /** In the order in which they begin. */
  readonly inputs: readonly RollupInput[];
  /**
   * Whether the rollup that is there has to stay: rows of the hour were let go of by retention, or none of its
   * points are left.
   */
  readonly isKept: boolean;
}

export interface RollupPublication {
  readonly owner: string;
  readonly unit: RollupUnit;
  readonly version: bigint;
  readonly segments: readonly Segment[];
  /** When it may be rolled up again, should points come. */
  readonly dueAtMs: number;
}

const IS_UNIT = 'organization = $1 and table_name = $2 and hour = $3::bigint';
const IS_CLAIMED = `${IS_UNIT} and claimed_by = $4`;

type UnitKey = [organization: string, table: string, hour: number];

const keyOf = ({ organization, table, hour }: RollupUnit): UnitKey => [organization, table, hour];

/** The catalog's part that rollups work with. Every method throws UnavailableError as the catalog's do. */
export class RollupBooks {
  readonly #sql: Sql;
  readonly #clock: Clock;
  /** Milliseconds after which a claim that nobody renewed is free again. */
  readonly leaseMs: number;

  constructor(sql: Sql, clock: Clock, leaseMs: number) {
    this.#sql = sql;
    this.#clock = clock;
    this.leaseMs = leaseMs;
  }

  /** How many units wait to be rolled up, and for how many seconds the longest has been due. */
  async waiting(): Promise<{ units: number; oldestSeconds: number }> {
    const now = this.#clock.now();
    const [row] = await this.#sql.query<{ units: bigint; oldest: bigint | null }>(
      `select count(*) as units, min(due_at_ms) as oldest from rollup_unit
       where version > rolled_version and claimed_by is null and due_at_ms <= $1::bigint`,
      [now],
    );
    const oldest = row.oldest === null ? now : Number(row.oldest);
    return { units: Number(row.units), oldestSeconds: Math.max(0, now - oldest) / 1000 };
  }

  /** Claims the unit that has been due the longest, or none when none is. */
  async claim(owner: string): Promise<RollupUnit | undefined> {
    const [row] = await this.#sql.query<{ organization: string; table_name: MetricTable; hour: bigint }>(
      `update rollup_unit u set claimed_by = $1, claimed_at_ms = $2::bigint
       from (
         select organization, table_name, hour from rollup_unit
         where version > rolled_version and claimed_by is null and due_at_ms <= $2::bigint
         order by due_at_ms, organization, table_name, hour limit 1 for update skip locked
       ) next
       where u.organization = next.organization and u.table_name = next.table_name and u.hour = next.hour
       returning u.organization, u.table_name, u.hour`,
      [owner, this.#clock.now()],
    );
    if (row === undefined) return undefined;
    return { organization: row.organization, table: row.table_name, hour: Number(row.hour) };
  }

  /** What a claimed unit is rolled up from. Throws ClaimLostError. */
  async inputs(owner: string, unit: RollupUnit): Promise<RollupInputs> {
    const startNs = BigInt(unit.hour) * HOUR_NS;
    // One statement, which sees one moment: a version, the segments that made it, and whether some are gone.
    const [row] = await this.#sql.query<{
      version: bigint;
      rolled: boolean;
      sealed: boolean;
      found: string;
    }>(
      `select u.version, u.rolled_version > 0 as rolled, u.sealed,
         (select coalesce(json_agg(json_build_array(segment_id, key, rows, max_time_ns >= $6::bigint)
            order by min_time_ns, segment_id), '[]')::text
          from segment
          where organization = $1 and table_name = $2 and retired_at_ms is null
            and max_time_ns >= $5::bigint and min_time_ns < $7::bigint) as found
       from rollup_unit u where ${IS_CLAIMED}`,
      [...keyOf(unit), owner, startNs - ROLLUP_LOOKBACK_NS, startNs, startNs + HOUR_NS],
    );
    if (row === undefined) throw new ClaimLostError(1, 'hours');
    const found = JSON.parse(row.found) as [string, string, number, boolean][];
    const isEmpty = !found.some(([, , , isWithin]) => isWithin);
    return {
      version: row.version,
      inputs: isEmpty ? [] : found.map(([segmentId, key, rows]) => ({ segmentId, key, rows })),
      isKept: row.rolled && (row.sealed || isEmpty),
    };
  }

  /**
   * Retires the unit's former rollup and makes the new one visible, together or not at all. It stays due when
   * points came since its inputs were looked up. Throws ClaimLostError, having changed nothing, when the unit
   * is not the owner's any more.
   */
  async publish({ owner, unit, version, segments, dueAtMs }: RollupPublication): Promise<void> {
    const nowMs = this.#clock.now();
    await this.#sql.transaction(async (tx) => {
      const [before] = await tx.query<{ segments: string[] }>(
        `select segments from rollup_unit where ${IS_CLAIMED} for update`,
        [...keyOf(unit), owner],
      );
      if (before === undefined) throw new ClaimLostError(1, 'hours');
      const ids = segments.map(({ segmentId }) => segmentId);
      await tx.query(
        `update segment set retired_at_ms = $4::bigint
         where organization = $1 and table_name = any($2::text[]) and segment_id = any($3::text[])
           and retired_at_ms is null`,
        [unit.organization, ROLLUP_TABLES, before.segments.filter((id) => !ids.includes(id)), nowMs],
      );
      const added = segments.filter(({ segmentId }) => !before.segments.includes(segmentId));
      if (added.length > 0 && (await insertSegments(tx, added, 0, nowMs)) !== added.length) {
        throw new ClaimLostError(1, 'hours');
      }
      await tx.query(
        `update rollup_unit set rolled_version = $5::bigint, segments = $6::text[], due_at_ms = $7::bigint,
           rolled_at_ms = $8::bigint, claimed_by = null, claimed_at_ms = null
         where ${IS_CLAIMED}`,
        [...keyOf(unit), owner, version, ids, dueAtMs, nowMs],
      );
    });
  }

  /** Gives a claimed unit back whose rollup stays as it is; it counts as rolled up to `version`. */
  async keep(owner: string, unit: RollupUnit, version: bigint): Promise<void> {
    await this.#sql.query(
      `update rollup_unit set rolled_version = $5::bigint, claimed_by = null, claimed_at_ms = null
       where ${IS_CLAIMED}`,
      [...keyOf(unit), owner, version],
    );
  }

  /** Gives a claimed unit back, due again at `dueAtMs`. */
  async giveBack(owner: string, unit: RollupUnit, dueAtMs: number): Promise<void> {
    await this.#sql.query(
      `update rollup_unit set due_at_ms = $5::bigint, claimed_by = null, claimed_at_ms = null
       where ${IS_CLAIMED}`,
      [...keyOf(unit), owner, dueAtMs],
    );
  }

  /** Begins the lease of a claim anew: `owner` is still at work on it. */
  async renew(owner: string, unit: RollupUnit): Promise<void> {
    await this.#sql.query(`update rollup_unit set claimed_at_ms = $5::bigint where ${IS_CLAIMED}`, [
      ...keyOf(unit),
      owner,
      this.#clock.now(),
    ]);
  }

  /** Frees what `owner` had claimed before it died; answers how many units. For its next start. */
  async release(owner: string): Promise<number> {
    const freed = await this.#sql.query(
      'update rollup_unit set claimed_by = null, claimed_at_ms = null where claimed_by = $1 returning 1',
      [owner],
    );
    return freed.length;
  }

  /** Frees the claims whose lease is over; answers how many units. */
  async expireLeases(): Promise<number> {
    const freed = await this.#sql.query(
      `update rollup_unit set claimed_by = null, claimed_at_ms = null
       where claimed_by is not null and claimed_at_ms < $1::bigint returning 1`,
      [this.#clock.now() - this.leaseMs],
    );
    return freed.length;
  }
}
