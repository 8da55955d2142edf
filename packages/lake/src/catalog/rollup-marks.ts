import type { SqlRunner } from '@lakewright/core';
import { METRIC_TABLES, type MetricTable, type TableName } from '../tables.ts';
import type { Segment } from '../types.ts';
import { recordset } from './text.ts';

export const HOUR_NS = 3_600_000_000_000n;

/**
 * How far before an hour the last point of a series is looked for, ns: it is what the first one in the hour is
 * compared with. Points so late in an hour touch the next one too.
 */
export const ROLLUP_LOOKBACK_NS = 600_000_000_000n;

/**
 * Hours that one segment touches at most, the latest ones: a segment is of one day, unless senders' clocks give
 * it more than 100.
 */
const MAX_HOURS = 2400n;

const isMetricTable = (table: TableName): table is MetricTable =>
  (METRIC_TABLES as readonly string[]).includes(table);

/** Notes which hours new segments touch, in the transaction that publishes them. */
export async function markRollups(tx: SqlRunner, segments: readonly Segment[], nowMs: number): Promise<void> {
  const touched = segments.filter(({ table }) => isMetricTable(table)).map(touchedHours);
  if (touched.length === 0) return;
  // In one order, so that two publications do not wait for each other.
  await tx.query(
    `insert into rollup_unit (organization, table_name, hour, due_at_ms)
     select distinct organization, table_name, generate_series(first_hour, last_hour) as hour, $2::bigint
     from jsonb_to_recordset($1::text::jsonb)
       as x(organization text, table_name text, first_hour bigint, last_hour bigint)
     order by 1, 2, 3
     on conflict (organization, table_name, hour)
     do update set version = rollup_unit.version + (not rollup_unit.sealed)::integer`,
    [recordset(touched), nowMs],
  );
}

function touchedHours({ organization, table, minTimeNs, maxTimeNs }: Segment): object {
  const last = (maxTimeNs + ROLLUP_LOOKBACK_NS) / HOUR_NS;
  const first = minTimeNs / HOUR_NS;
  const first_hour = last - first < MAX_HOURS ? first : last - MAX_HOURS + 1n;
  return { organization, table_name: table, first_hour, last_hour: last };
}

/**
 * Notes that retention let go of rows, in the transaction that retires their segments: what was rolled up of
 * their hours stays as it is from now on.
 */
export async function sealRollups(
  tx: SqlRunner,
  table: TableName,
  expired: readonly { organization: string; min_time_ns: bigint; max_time_ns: bigint }[],
): Promise<void> {
  if (!isMetricTable(table) || expired.length === 0) return;
  await tx.query(
    `update rollup_unit u set sealed = true,
       rolled_version = case when u.rolled_version > 0 then u.version else 0 end
     from jsonb_to_recordset($1::text::jsonb)
       as x(organization text, min_time_ns bigint, max_time_ns bigint)
     where u.organization = x.organization and u.table_name = $2 and not u.sealed
       and u.hour between x.min_time_ns / ${HOUR_NS} and (x.max_time_ns + ${ROLLUP_LOOKBACK_NS}) / ${HOUR_NS}`,
    [
      recordset(
        expired.map(({ organization, min_time_ns, max_time_ns }) => ({
          organization,
          min_time_ns,
          max_time_ns,
        })),
      ),
      table,
    ],
  );
}
