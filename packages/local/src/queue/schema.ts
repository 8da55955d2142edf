import { migrate, type Sql, type SqlSchema } from '@lakewright/core';

/** One table holds the messages of all queues. */
const QUEUE: SqlSchema = {
  table: 'queue_migration',
  lock: 7101_4319,
  what: 'queue',
  migrations: [
    {
      version: 1,
      name: 'messages',
      statements: [
        `create table queue_message (
          id bigint generated always as identity primary key,
          queue text not null,
          body text not null,
          deduplication_id text,
          state text not null default 'waiting' check (state in ('waiting', 'dead')),
          receives integer not null default 0,
          receipt text,
          sent_at_ms bigint not null,
          visible_at_ms bigint not null,
          reason text
        )`,
        `create unique index queue_message_once on queue_message (queue, deduplication_id)
          where deduplication_id is not null`,
        `create index queue_message_waiting on queue_message (queue, visible_at_ms, id) where state = 'waiting'`,
        `create index queue_message_dead on queue_message (queue, id) where state = 'dead'`,
      ],
    },
  ],
};

/** Brings the queues' table to the version that this program knows. Throws as core's `migrate` does. */
export function migrateQueue(sql: Sql, nowMs: number): Promise<void> {
  return migrate(sql, QUEUE, nowMs);
}
