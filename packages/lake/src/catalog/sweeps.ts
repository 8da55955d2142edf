import type { Clock, Sql } from '@lakewright/core';
import { TABLE_NAMES, type TableName } from '../tables.ts';
import { isReceivedKey } from './raw-objects.ts';
import { sealRollups } from './rollup-marks.ts';
import { recordset } from './text.ts';

/** Whose things are looked at: everybody's when no organization is named. */
export interface SweepScope {
  readonly organization?: string;
}

/** A retired segment. */
export interface SegmentRow {
  readonly organization: string;
  readonly table: TableName;
  readonly segmentId: string;
  readonly key: string;
  readonly bytes: number;
}

/** A raw object that is done. */
export interface RawRow {
  readonly id: bigint;
  readonly key: string;
  readonly bytes: number;
}

export interface Amount {
  readonly count: number;
  readonly bytes: number;
}

interface ExpiredRow {
  organization: string;
  min_time_ns: bigint;
  max_time_ns: bigint;
  bytes: bigint;
}

const SCOPE = '($1::text is null or organization = $1)';

/** Objects that this process can remove. */
const AT_HAND = '($4::text[] is null or key ^@ any($4::text[]))';

const RECEIVED = isReceivedKey('key');

/** The catalog's part that the sweeper works with. Every method throws UnavailableError as the catalog's do. */
export class SweepBooks {
  readonly #sql: Sql;
  readonly #clock: Clock;
  readonly #leaseMs: number;

  constructor(sql: Sql, clock: Clock, leaseMs: number) {
    this.#sql = sql;
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  /** When this catalog was made, milliseconds since the epoch: it knows nothing of what was stored before. */
  async madeAtMs(): Promise<number> {
    const [{ made }] = await this.#sql.query<{ made: bigint }>(
      'select min(applied_at_ms) as made from schema_migration',
    );
    return Number(made);
  }

  /** Claims whose lease is over, of raw objects and of segments. */
  async lapsedClaims({ organization }: SweepScope): Promise<{ rawObjects: number; segments: number }> {
    const before = this.#clock.now() - this.#leaseMs;
    const [raw] = await this.#sql.query<{ count: bigint }>(
      `select count(*) as count from raw_object
       where ${SCOPE} and state = 'claimed' and claimed_at_ms < $2::bigint`,
      [organization ?? null, before],
    );
    const [segments] = await this.#sql.query<{ count: bigint }>(
      `select count(*) as count from segment
       where ${SCOPE} and claimed_by is not null and claimed_at_ms < $2::bigint`,
      [organization ?? null, before],
    );
    return { rawObjects: Number(raw.count), segments: Number(segments.count) };
  }

  /** How much is retired: since before `beforeMs` and in no Iceberg snapshot any more, and the rest. */
  async retiredAmounts(
    { organization }: SweepScope,
    beforeMs: number,
  ): Promise<{ due: Amount; later: Amount }> {
    const rows = await this.#sql.query<{ due: boolean; count: bigint; bytes: bigint }>(
      `select retired_at_ms < $2::bigint and not in_iceberg as due, count(*) as count, sum(bytes)::bigint as bytes from segment
       where ${SCOPE} and retired_at_ms is not null group by 1`,
      [organization ?? null, beforeMs],
    );
    const of = (due: boolean) => amountOf(rows.find((row) => row.due === due));
    return { due: of(true), later: of(false) };
  }

  /** Segments retired before `beforeMs` that no Iceberg snapshot names, with keys below `bases`, `limit` at most. */
  async retired(
    { organization }: SweepScope,
    beforeMs: number,
    limit: number,
    bases?: readonly string[],
  ): Promise<SegmentRow[]> {
    const rows = await this.#sql.query<{
      organization: string;
      table_name: TableName;
      segment_id: string;
      key: string;
      bytes: bigint;
    }>(
      `select organization, table_name, segment_id, key, bytes from segment
       where ${SCOPE} and retired_at_ms < $2::bigint and not in_iceberg and ${AT_HAND}
       order by retired_at_ms, segment_id limit $3`,
      [organization ?? null, beforeMs, limit, bases ?? null],
    );
    return rows.map((row) => ({
      organization: row.organization,
      table: row.table_name,
      segmentId: row.segment_id,
      key: row.key,
      bytes: Number(row.bytes),
    }));
  }

  /** Forgets retired segments whose objects are gone. */
  async forgetSegments(segments: readonly SegmentRow[]): Promise<void> {
    const rows = segments.map(({ organization, table, segmentId }) => ({
      organization,
      table_name: table,
      segment_id: segmentId,
    }));
    await this.#sql.query(
      `delete from segment s
       using jsonb_to_recordset($1::text::jsonb) as x(organization text, table_name text, segment_id text)
       where s.organization = x.organization and s.table_name = x.table_name
         and s.segment_id = x.segment_id and s.retired_at_ms is not null`,
      [recordset(rows)],
    );
  }

  /** Those of `keys` that no segment, live or retired, has. */
  async unnamedKeys(keys: readonly string[]): Promise<Set<string>> {
    if (keys.length === 0) return new Set();
    const rows = await this.#sql.query<{ key: string }>(
      `select x.key from unnest($1::text[]) as x(key)
       where not exists (select 1 from segment s where s.key = x.key)`,
      [keys],
    );
    return new Set(rows.map(({ key }) => key));
  }

  /** Live, unclaimed segments of `table` that end before `beforeNs`. Organizations in `except` are left out. */
  async expiredAmount(
    scope: SweepScope,
    table: TableName,
    beforeNs: bigint,
    except: readonly string[],
  ): Promise<Amount> {
    const [row] = await this.#sql.query<{ count: bigint; bytes: bigint | null }>(
      `select count(*) as count, sum(bytes)::bigint as bytes from segment where ${EXPIRED}`,
      expiredParams(scope, table, beforeNs, except),
    );
    return amountOf(row);
  }

  /** Retires them, and forgets the services that were last seen before. Answers how much that is. */
  async expire(
    scope: SweepScope,
    table: TableName,
    beforeNs: bigint,
    except: readonly string[],
  ): Promise<Amount> {
    const params = expiredParams(scope, table, beforeNs, except);
    return this.#sql.transaction(async (tx) => {
      const expired = await tx.query<ExpiredRow>(
        `update segment set retired_at_ms = $5::bigint where ${EXPIRED}
         returning organization, min_time_ns, max_time_ns, bytes`,
        [...params, this.#clock.now()],
      );
      await sealRollups(tx, table, expired);
      await tx.query(
        `delete from service where ${SCOPE} and table_name = $2 and last_seen_ns < $3::bigint
           and not organization = any($4::text[])`,
        params,
      );
      return { count: expired.length, bytes: expired.reduce((sum, { bytes }) => sum + Number(bytes), 0) };
    });
  }

  /** Received raw objects that were done before `beforeMs` and are not removed yet. */
  async doneAmount({ organization }: SweepScope, beforeMs: number): Promise<Amount> {
    const [row] = await this.#sql.query<{ count: bigint; bytes: bigint | null }>(
      `select count(*) as count, sum(size)::bigint as bytes from raw_object
       where ${SCOPE} and state = 'done' and removed_at_ms is null and finished_at_ms < $2::bigint
         and ${RECEIVED}`,
      [organization ?? null, beforeMs],
    );
    return amountOf(row);
  }

  /** As `doneAmount`, the objects themselves, with keys below `bases`, `limit` at most, the oldest first. */
  async done(
    { organization }: SweepScope,
    beforeMs: number,
    limit: number,
    bases?: readonly string[],
  ): Promise<RawRow[]> {
    const rows = await this.#sql.query<{ id: bigint; key: string; size: bigint }>(
      `select id, key, size from raw_object
       where ${SCOPE} and state = 'done' and removed_at_ms is null and finished_at_ms < $2::bigint
         and ${RECEIVED} and ${AT_HAND}
       order by finished_at_ms, id limit $3`,
      [organization ?? null, beforeMs, limit, bases ?? null],
    );
    return rows.map(({ id, key, size }) => ({ id, key, bytes: Number(size) }));
  }

  /** Notes that the objects of these rows were removed. */
  async noteRemoved(rows: readonly RawRow[]): Promise<void> {
    await this.#sql.query(
      `update raw_object set removed_at_ms = $2::bigint
       where id = any($1::text[]::bigint[]) and state = 'done'`,
      [rows.map(({ id }) => String(id)), this.#clock.now()],
    );
  }

  /**
   * Rows of received raw objects that were removed before `beforeMs`, `limit` at most, below any of `bases`: of others
   * this process cannot say that their objects are gone.
   */
  async history(
    { organization }: SweepScope,
    beforeMs: number,
    limit: number,
    bases?: readonly string[],
  ): Promise<RawRow[]> {
    const rows = await this.#sql.query<{ id: bigint; key: string; size: bigint }>(
      `select id, key, size from raw_object
       where ${SCOPE} and removed_at_ms < $2::bigint and ${RECEIVED} and ${AT_HAND}
       order by removed_at_ms, id limit $3`,
      [organization ?? null, beforeMs, limit, bases ?? null],
    );
    return rows.map(({ id, key, size }) => ({ id, key, bytes: Number(size) }));
  }

  async forgetRaw(rows: readonly RawRow[]): Promise<void> {
    await this.#sql.query(
      `delete from raw_object
       where id = any($1::text[]::bigint[]) and state = 'done' and removed_at_ms is not null`,
      [rows.map(({ id }) => String(id))],
    );
  }
}

const EXPIRED = `${SCOPE} and table_name = $2 and retired_at_ms is null and claimed_by is null
  and max_time_ns < $3::bigint and not organization = any($4::text[])`;

function expiredParams(
  { organization }: SweepScope,
  table: TableName,
  beforeNs: bigint,
  except: readonly string[],
): [string | null, string, bigint, readonly string[]] {
  if (!TABLE_NAMES.includes(table)) throw new RangeError(`there is no table ${table}`);
  return [organization ?? null, table, beforeNs, except];
}

function amountOf(row: { count: bigint; bytes: bigint | null } | undefined): Amount {
  return { count: Number(row?.count ?? 0n), bytes: Number(row?.bytes ?? 0n) };
}
