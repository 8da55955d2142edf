import type { Sql } from '@lakewright/core';
import { Distinct } from '../usage/distinct.ts';
import { recordset } from './text.ts';

/** What was counted of one metric, whose name is one that the catalog can hold whole. */
export interface MetricCount {
  readonly organization: string;
  readonly metric: string;
  readonly distinct: Distinct;
}

/** Held while counts are merged: two processes that count the same metric must not overwrite each other. */
const LOCK = 7101_0006;
/** Rows of one transaction, each with up to 4 KiB of sketch: others get their turn in between. */
const BATCH = 100;

/** How many series each metric name of an organization had on each UTC day, over all processes that count. */
export class SeriesBooks {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Adds what was counted on `day` (days since 1970-01-01) to what is known; each `distinct` then holds both. */
  async merge(day: number, counts: readonly MetricCount[]): Promise<void> {
    for (let from = 0; from < counts.length; from += BATCH) {
      await this.#mergeBatch(day, counts.slice(from, from + BATCH));
    }
  }

  async #mergeBatch(day: number, counts: readonly MetricCount[]): Promise<void> {
    await this.#sql.transaction(async (tx) => {
      await tx.query('select pg_advisory_xact_lock($1::bigint)', [LOCK]);
      const known = await tx.query<{ organization: string; metric: string; sketch: string }>(
        `select organization, metric, encode(sketch, 'base64') as sketch
         from metric_series join jsonb_to_recordset($1::text::jsonb) as x(organization text, metric text)
           using (organization, metric)
         where day = $2`,
        [recordset(counts.map(({ organization, metric }) => ({ organization, metric }))), day],
      );
      const sketches = new Map(known.map((row) => [`${row.organization} ${row.metric}`, row.sketch]));
      for (const { organization, metric, distinct } of counts) {
        const sketch = sketches.get(`${organization} ${metric}`);
        if (sketch !== undefined) distinct.merge(Distinct.decode(Buffer.from(sketch, 'base64')));
      }
      const rows = counts.map(({ organization, metric, distinct }) => ({
        organization,
        metric,
        series: distinct.count(),
        sketch: Buffer.from(distinct.encode()).toString('base64'),
      }));
      await tx.query(
        `insert into metric_series (organization, day, metric, series, sketch)
         select organization, $2::integer, metric, series, decode(sketch, 'base64')
         from jsonb_to_recordset($1::text::jsonb)
           as x(organization text, metric text, series bigint, sketch text)
         on conflict (organization, day, metric)
         do update set series = excluded.series, sketch = excluded.sketch`,
        [recordset(rows), day],
      );
    });
  }

  /** The metrics with the most series on `day`, at most `max` of them. */
  async largest(
    day: number,
    max: number,
  ): Promise<{ readonly organization: string; readonly metric: string; readonly series: number }[]> {
    const rows = await this.#sql.query<{ organization: string; metric: string; series: bigint }>(
      'select organization, metric, series from metric_series where day = $1 order by series desc limit $2',
      [day, max],
    );
    return rows.map((row) => ({ ...row, series: Number(row.series) }));
  }

  /** Forgets the days before `day`; answers how many rows that were. */
  async forgetBefore(day: number): Promise<number> {
    const gone = await this.#sql.query('delete from metric_series where day < $1 returning 1', [day]);
    return gone.length;
  }
}
