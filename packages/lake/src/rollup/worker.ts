import { withFiles } from '../compact/merge/source.ts';
import type { MetricTable } from '../tables.ts';
import { serveJobs } from '../threads/serve.ts';
import { type RolledTable, rollHour } from './roll.ts';

/** An hour of one table of points, its segments each at a path of this machine. */
export interface RollJob {
  readonly table: MetricTable;
  /** Hours since 1970-01-01T00:00Z. */
  readonly hour: number;
  readonly inputs: readonly { readonly key: string; readonly rows: number; readonly path: string }[];
}

serveJobs<RollJob, readonly RolledTable[]>({
  work: ({ table, hour, inputs }, check) =>
    withFiles(inputs, check, (opened) => rollHour({ table, hour, inputs: opened })),
  moved: (tables) => tables.map(({ parquet }) => parquet.buffer),
  background: true,
});
