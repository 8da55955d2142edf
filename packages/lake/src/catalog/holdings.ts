import type { SqlRunner } from '@lakewright/core';

/** What an organization has below one base that the lake still needs. */
export interface Holdings {
  /** Published and not replaced since. */
  readonly segments: number;
  /** That wait for ingest, are being ingested, or are dead letters that may be replayed. */
  readonly rawObjects: number;
}

export async function holdings(sql: SqlRunner, organization: string, base: string): Promise<Holdings> {
  const [row] = await sql.query<{ segments: bigint; raw_objects: bigint }>(
    `select
       (select count(*) from segment
        where organization = $1 and retired_at_ms is null and key ^@ $2) as segments,
       (select count(*) from raw_object
        where organization = $1 and state <> 'done' and key ^@ $2) as raw_objects`,
    [organization, base],
  );
  return { segments: Number(row.segments), rawObjects: Number(row.raw_objects) };
}
