import { SIGNALS, type Signal, type SqlRunner } from '@lakewright/core';
import type { RawObject } from '../types.ts';
import { recordset, storable } from './text.ts';

/** A raw object that the catalog may not know yet. */
export type NewRawObject = Omit<RawObject, 'id'>;

/** A raw object that its owner is reading. */
export interface ClaimedObject extends RawObject {
  /** Times that it was claimed and not finished, this one counted. */
  readonly attempts: number;
}

export interface ClaimOptions {
  /** Who claims: one name for each running ingest. */
  readonly owner: string;
  readonly nowMs: number;
  /** Stored bytes at most; one object is always taken, whatever its size. */
  readonly maxBytes: number;
  readonly maxObjects: number;
  /** A group whose oldest object waits since before this is taken whatever its size. */
  readonly ripeBeforeMs: number;
  /** A group with this many bytes waiting is taken whatever its age. */
  readonly ripeBytes: number;
  /** Only objects of these signals; of all unless said otherwise. */
  readonly signals?: readonly Signal[];
  /** Only what is within it; all unless said otherwise. */
  readonly reach?: Reach;
}

/** Objects whose keys begin with one of `bases`, of one of `organizations`. */
export interface Reach {
  readonly bases: readonly string[];
  readonly organizations: readonly string[];
}

interface RawObjectRow {
  id: bigint;
  organization: string;
  collector: string;
  signal: Signal;
  key: string;
  etag: string;
  size: bigint;
  arrived_ns: bigint;
  attempts: number;
}

const COLUMNS = 'id, organization, collector, signal, key, etag, size, arrived_ns, attempts';

function toClaimed(row: RawObjectRow): ClaimedObject {
  return {
    id: row.id,
    organization: row.organization,
    collector: row.collector,
    signal: row.signal,
    key: row.key,
    etag: row.etag,
    size: Number(row.size),
    arrivedNs: row.arrived_ns,
    attempts: row.attempts,
  };
}

/** Whether the key in `column` is one that receivers write, and write once: below otel-raw/ of a directory or a bucket. */
export const isReceivedKey = (column: string): string => `${column} ~ '^(s3://[^/]+/)?otel-raw/'`;

/**
 * An object is known by its key and etag. Below otel-raw/ keys are written once, so there a key that is done
 * stays done even when a restored backup gives its file another etag: otherwise the lake would double.
 */
const IS_KNOWN = `exists (
  select 1 from raw_object r where r.key = x.key
  and (r.etag = x.etag or (r.state = 'done' and ${isReceivedKey('r.key')})))`;

/** Those of `objects` that the catalog does not know. */
export async function unknownObjects<T extends { key: string; etag: string }>(
  sql: SqlRunner,
  objects: readonly T[],
): Promise<T[]> {
  if (objects.length === 0) return [];
  const asked = objects.map(({ key, etag }, at) => ({ at, key, etag }));
  const rows = await sql.query<{ at: number }>(
    `select x.at from jsonb_to_recordset($1::text::jsonb) as x(at integer, key text, etag text)
     where not ${IS_KNOWN} order by x.at`,
    [recordset(asked)],
  );
  return rows.map((row) => objects[row.at]);
}

/** Adds those of `objects` that are not known, to wait for ingest, and answers them. */
export async function announce(
  sql: SqlRunner,
  objects: readonly NewRawObject[],
  nowMs: number,
): Promise<RawObject[]> {
  if (objects.length === 0) return [];
  const rows = await sql.query<RawObjectRow>(
    `insert into raw_object
       (organization, collector, signal, key, etag, size, arrived_ns, announced_at_ms, queued_at_ms)
     select organization, collector, signal, key, etag, size, arrived_ns, $2::bigint,
       least(arrived_ns / 1000000, $2::bigint)
     from jsonb_to_recordset($1::text::jsonb) as x(organization text, collector text, signal text,
       key text, etag text, size bigint, arrived_ns bigint)
     where not ${IS_KNOWN}
     on conflict (key, etag) do nothing
     returning ${COLUMNS}`,
    [recordset(objects.map(({ arrivedNs, ...rest }) => ({ ...rest, arrived_ns: arrivedNs }))), nowMs],
  );
  return rows.map(toClaimed);
}

/** Whether the row `r` is within the bases and the organizations of two parameters; null is no limit. */
const within = (bases: string, organizations: string): string =>
  `(${bases}::text[] is null or r.key ^@ any(${bases}::text[]))
         and (${organizations}::text[] is null or r.organization = any(${organizations}::text[]))`;

const WITHIN_REACH = within('$8', '$9');

/** How many objects wait within `reach`, and since when the oldest does. */
export async function waiting(
  sql: SqlRunner,
  reach: Reach | undefined,
): Promise<{ pending: number; oldestMs: bigint | null }> {
  const [row] = await sql.query<{ pending: bigint; oldest: bigint | null }>(
    `select count(*) as pending, min(announced_at_ms) as oldest from raw_object r
     where state = 'pending' and ${within('$1', '$2')}`,
    [reach?.bases ?? null, reach?.organizations ?? null],
  );
  return { pending: Number(row.pending), oldestMs: row.oldest };
}

/**
 * Claims objects of one organization and signal, oldest first, which nobody else can claim meanwhile.
 *
 * What was claimed before and never finished may be what killed its reader, so it is claimed in ever smaller
 * batches and never together with fresh objects: its neighbours get through, and only it reaches the last
 * attempt.
 */
export async function claim(sql: SqlRunner, options: ClaimOptions): Promise<ClaimedObject[]> {
  const rows = await sql.query<RawObjectRow>(
    `with ripe as (
       select organization, signal, min(queued_at_ms) as oldest
       from raw_object r
       where state = 'pending' and queued_at_ms <= $2::bigint and signal = any($7::text[])
         and ${WITHIN_REACH}
       group by organization, signal
       having min(queued_at_ms) <= $5::bigint or sum(size) >= $6::bigint or max(attempts) > 0
     ), head as (
       select r.organization, r.signal, r.attempts
       from raw_object r join ripe using (organization, signal)
       where r.state = 'pending' and r.queued_at_ms <= $2::bigint and ${WITHIN_REACH}
       order by r.attempts >= 3, ripe.oldest, r.organization, r.signal, r.attempts desc, r.arrived_ns, r.id
       limit 1 for update of r skip locked
     ), candidate as (
       select r.id, r.size, r.arrived_ns
       from raw_object r join head on r.organization = head.organization and r.signal = head.signal
         and r.attempts = head.attempts
       where r.state = 'pending' and r.queued_at_ms <= $2::bigint and ${WITHIN_REACH}
       order by r.arrived_ns, r.id
       limit (select case attempts when 0 then $4::bigint when 1 then greatest($4::bigint / 16, 1)
         when 2 then least($4::bigint, 4) else 1 end from head)
       for update of r skip locked
     ), chosen as (
       select id from (
         select id, sum(size) over (order by arrived_ns, id) as total,
           row_number() over (order by arrived_ns, id) as place
         from candidate) as c
       where total <= $3::bigint or place = 1
     )
     update raw_object r set state = 'claimed', attempts = r.attempts + 1, claimed_by = $1,
       claimed_at_ms = $2::bigint
     from chosen where r.id = chosen.id
     returning r.id, r.organization, r.collector, r.signal, r.key, r.etag, r.size, r.arrived_ns, r.attempts`,
    [
      options.owner,
      options.nowMs,
      options.maxBytes,
      options.maxObjects,
      options.ripeBeforeMs,
      options.ripeBytes,
      options.signals ?? SIGNALS,
      options.reach?.bases ?? null,
      options.reach?.organizations ?? null,
    ],
  );
  return rows.map(toClaimed).sort(byArrival);
}

function byArrival(a: RawObject, b: RawObject): number {
  if (a.arrivedNs !== b.arrivedNs) return a.arrivedNs < b.arrivedNs ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

/** What became of an object whose reader ended without saying so. */
function abandoned(maxAttempts: number): string {
  return `state = case when attempts >= ${maxAttempts} then 'dead' else 'pending' end,
    reason = case when attempts >= ${maxAttempts}
      then 'ingest died ' || attempts || ' times while reading it' end,
    finished_at_ms = case when attempts >= ${maxAttempts} then $2::bigint end,
    claimed_by = null, claimed_at_ms = null`;
}

/** Frees what `owner` had claimed before it died. Answers how many objects that were. */
export async function release(
  sql: SqlRunner,
  owner: string,
  nowMs: number,
  maxAttempts: number,
): Promise<number> {
  const rows = await sql.query(
    `update raw_object set ${abandoned(maxAttempts)}
     where state = 'claimed' and claimed_by = $1 returning id`,
    [owner, nowMs],
  );
  return rows.length;
}

/** Frees what anybody claimed before `beforeMs` and neither renewed nor finished since. */
export async function expire(
  sql: SqlRunner,
  beforeMs: number,
  nowMs: number,
  maxAttempts: number,
): Promise<number> {
  const rows = await sql.query(
    `update raw_object set ${abandoned(maxAttempts)}
     where state = 'claimed' and claimed_at_ms < $1::bigint returning id`,
    [beforeMs, nowMs],
  );
  return rows.length;
}

/** Says that `owner` still works on `ids`. */
export async function renew(
  sql: SqlRunner,
  owner: string,
  ids: readonly bigint[],
  nowMs: number,
): Promise<void> {
  await sql.query(
    `update raw_object set claimed_at_ms = $3::bigint
     where id = any($1::text[]::bigint[]) and state = 'claimed' and claimed_by = $2`,
    [ids.map(String), owner, nowMs],
  );
}

/** Puts claimed objects back as if they had not been claimed. */
export async function giveBack(sql: SqlRunner, owner: string, ids: readonly bigint[]): Promise<void> {
  await sql.query(
    `update raw_object set state = 'pending', attempts = attempts - 1, claimed_by = null,
       claimed_at_ms = null
     where id = any($1::text[]::bigint[]) and state = 'claimed' and claimed_by = $2`,
    [ids.map(String), owner],
  );
}

/**
 * Puts a claimed object back to be tried again at `retryAtMs`, or buries it with `reason` when this was its
 * last attempt. Answers whether it was buried.
 */
export async function fail(
  sql: SqlRunner,
  owner: string,
  id: bigint,
  failure: { reason: string; nowMs: number; retryAtMs: number; maxAttempts: number },
): Promise<boolean> {
  const rows = await sql.query<{ state: string }>(
    `update raw_object set state = case when attempts >= $6 then 'dead' else 'pending' end,
       reason = $3, queued_at_ms = $4::bigint,
       finished_at_ms = case when attempts >= $6 then $5::bigint end,
       claimed_by = null, claimed_at_ms = null
     where id = $1::bigint and state = 'claimed' and claimed_by = $2 returning state`,
    [id, owner, storable(failure.reason), failure.retryAtMs, failure.nowMs, failure.maxAttempts],
  );
  return rows[0]?.state === 'dead';
}

/** Moves a claimed object to the dead letters. Answers whether it was still claimed by `owner`. */
export async function bury(
  sql: SqlRunner,
  owner: string,
  id: bigint,
  reason: string,
  nowMs: number,
): Promise<boolean> {
  const rows = await sql.query(
    `update raw_object set state = 'dead', reason = $3, finished_at_ms = $4::bigint, claimed_by = null,
       claimed_at_ms = null
     where id = $1::bigint and state = 'claimed' and claimed_by = $2 returning id`,
    [id, owner, storable(reason), nowMs],
  );
  return rows.length === 1;
}

/** Forgets a claimed object whose bytes were replaced: the new bytes are another object. */
export async function forget(sql: SqlRunner, owner: string, id: bigint): Promise<void> {
  await sql.query(`delete from raw_object where id = $1::bigint and state = 'claimed' and claimed_by = $2`, [
    id,
    owner,
  ]);
}

/** Whether bytes with this digest were ingested from this key before. */
export async function isIngested(sql: SqlRunner, key: string, digest: string): Promise<boolean> {
  const rows = await sql.query(
    `select 1 from raw_object where key = $1 and digest = $2 and state = 'done' limit 1`,
    [key, digest],
  );
  return rows.length > 0;
}
