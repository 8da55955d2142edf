import type { DeadMessage, OutgoingMessage, QueueCounts, QueueMessage, SqlRunner } from '@lakewright/core';

/** Which queue a statement is about, and when it is run. */
export interface At {
  readonly queue: string;
  readonly nowMs: number;
}

/** What a message died of when its last worker never said anything. */
const SILENCE = 'the worker died or took longer than the visibility time';

/** Why a message is dead that may not be handed out once more: one that was given back has no receipt. */
const LAST_WORD = `case when receipt is null then coalesce(reason, '${SILENCE}') else '${SILENCE}' end`;

/** Adds the messages, one statement for all; one whose deduplication id is there already is left out. */
export async function insert(sql: SqlRunner, at: At, messages: readonly OutgoingMessage[]): Promise<void> {
  await sql.query(
    `insert into queue_message (queue, body, deduplication_id, sent_at_ms, visible_at_ms)
     select $1, m.body, nullif(m.deduplication_id, ''), $2::bigint, $2::bigint
     from unnest($3::text[], $4::text[]) with ordinality as m (body, deduplication_id, position)
     order by m.position
     on conflict (queue, deduplication_id) where deduplication_id is not null do nothing`,
    [at.queue, at.nowMs, messages.map(({ body }) => body), messages.map((m) => m.deduplicationId ?? '')],
  );
}

/**
 * Takes up to `max` messages that are to be seen, the longest waiting first, and hides them until `hiddenUntilMs`. Those
 * that were handed out `maxReceives` times already become dead instead: `buried` of them.
 */
export async function take(
  sql: SqlRunner,
  at: At,
  options: { max: number; maxReceives: number; hiddenUntilMs: number },
): Promise<{ messages: QueueMessage[]; buried: number }> {
  // The ids as an array: the planner then always goes by the primary key, however old its figures are.
  const rows = await sql.query<{
    id: bigint;
    body: string;
    receipt: string;
    receives: number;
    state: 'waiting' | 'dead';
  }>(
    `update queue_message set
       state = case when receives >= $3::integer then 'dead' else 'waiting' end,
       reason = case when receives >= $3::integer then ${LAST_WORD} else reason end,
       receipt = case when receives >= $3::integer then receipt else gen_random_uuid()::text end,
       receives = case when receives >= $3::integer then receives else receives + 1 end,
       visible_at_ms = $5::bigint
     where id = any (array(
       select id from queue_message
       where queue = $1 and state = 'waiting' and visible_at_ms <= $2::bigint
       order by visible_at_ms, id limit $4::integer for update skip locked))
     returning id, body, receipt, receives, state`,
    [at.queue, at.nowMs, options.maxReceives, options.max, options.hiddenUntilMs],
  );
  const messages: QueueMessage[] = [];
  for (const { id, body, receipt, receives, state } of rows.sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (state === 'waiting') messages.push({ id: id.toString(), body, receipt, receives });
  }
  return { messages, buried: rows.length - messages.length };
}

/** When the next message that is hidden now is to be seen, in milliseconds since the epoch. */
export async function nextVisible(sql: SqlRunner, queue: string): Promise<number | undefined> {
  const [row] = await sql.query<{ next: bigint | null }>(
    `select min(visible_at_ms) as next from queue_message where queue = $1 and state = 'waiting'`,
    [queue],
  );
  return row.next === null ? undefined : Number(row.next);
}

/** Removes the messages whose receipts still hold. */
export async function remove(
  sql: SqlRunner,
  queue: string,
  messages: readonly QueueMessage[],
): Promise<void> {
  await sql.query(
    `delete from queue_message where queue = $1
     and id = any ($2::text[]::bigint[]) and receipt = any ($3::text[])`,
    [queue, messages.map(({ id }) => id), messages.map(({ receipt }) => receipt)],
  );
}

/** Hides the messages whose receipts still hold until `hiddenUntilMs`. */
export async function hide(
  sql: SqlRunner,
  queue: string,
  messages: readonly QueueMessage[],
  hiddenUntilMs: number,
): Promise<void> {
  await sql.query(
    `update queue_message set visible_at_ms = $4::bigint where queue = $1 and state = 'waiting'
     and id = any ($2::text[]::bigint[]) and receipt = any ($3::text[])`,
    [queue, messages.map(({ id }) => id), messages.map(({ receipt }) => receipt), hiddenUntilMs],
  );
}

/** Gives a delivery back, or buries its message when it was the last one. */
export async function giveBack(
  sql: SqlRunner,
  queue: string,
  message: QueueMessage,
  options: { visibleAtMs: number; maxReceives: number; reason: string; uncounted: boolean },
): Promise<void> {
  const { visibleAtMs, maxReceives, reason, uncounted } = options;
  await sql.query(
    `update queue_message set
       state = case when receives >= $4::integer and $7::integer = 0 then 'dead' else 'waiting' end,
       receives = receives - $7::integer, receipt = null, visible_at_ms = $5::bigint, reason = $6
     where queue = $1 and id = $2::bigint and receipt = $3 and state = 'waiting'`,
    [queue, message.id, message.receipt, maxReceives, visibleAtMs, reason, uncounted ? 1 : 0],
  );
}

/** Hands out again what somebody has who is known to be dead; answers how many messages. */
export async function takeBack(sql: SqlRunner, at: At): Promise<number> {
  const rows = await sql.query(
    `update queue_message set receipt = null, visible_at_ms = $2::bigint
     where queue = $1 and state = 'waiting' and receipt is not null and visible_at_ms > $2::bigint returning 1`,
    [at.queue, at.nowMs],
  );
  return rows.length;
}

/**
 * Buries the messages that were handed out for the last time and never heard of again. They keep their receipt:
 * a worker that was only slow can still say that its message is done.
 */
export async function burySilent(sql: SqlRunner, at: At, maxReceives: number): Promise<void> {
  await sql.query(
    `update queue_message set state = 'dead', reason = ${LAST_WORD}
     where queue = $1 and state = 'waiting' and visible_at_ms <= $2::bigint and receives >= $3::integer`,
    [at.queue, at.nowMs, maxReceives],
  );
}

export async function count(sql: SqlRunner, at: At): Promise<QueueCounts> {
  const [row] = await sql.query<{ waiting: bigint; in_flight: bigint; dead: bigint }>(
    `select count(*) filter (where state = 'dead') as dead,
       count(*) filter (where state = 'waiting' and receipt is not null and visible_at_ms > $2::bigint)
         as in_flight,
       count(*) filter (where state = 'waiting' and (receipt is null or visible_at_ms <= $2::bigint))
         as waiting
     from queue_message where queue = $1`,
    [at.queue, at.nowMs],
  );
  return { waiting: Number(row.waiting), inFlight: Number(row.in_flight), dead: Number(row.dead) };
}

export async function listDead(sql: SqlRunner, queue: string, max: number): Promise<DeadMessage[]> {
  const rows = await sql.query<{
    id: bigint;
    body: string;
    receives: number;
    sent_at_ms: bigint;
    reason: string | null;
  }>(
    `select id, body, receives, sent_at_ms, reason from queue_message
     where queue = $1 and state = 'dead' order by id limit $2::integer`,
    [queue, max],
  );
  return rows.map((row) => ({
    id: row.id.toString(),
    body: row.body,
    receives: row.receives,
    sentAtMs: Number(row.sent_at_ms),
    reason: row.reason ?? undefined,
  }));
}

/** Puts every dead message back as if it had just been sent; answers how many. */
export async function reviveAll(sql: SqlRunner, at: At): Promise<number> {
  const [row] = await sql.query<{ count: bigint }>(
    `with revived as (
       update queue_message set state = 'waiting', receives = 0, receipt = null, reason = null,
         visible_at_ms = $2::bigint
       where queue = $1 and state = 'dead' returning 1)
     select count(*) as count from revived`,
    [at.queue, at.nowMs],
  );
  return Number(row.count);
}
