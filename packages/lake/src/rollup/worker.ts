import { type OpenFile, openFile } from '../compact/merge/source.ts';
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

/** Bytes of inputs that are read at once and kept while they are rolled up. */
const WHOLE_BYTES = 64 * 1024 * 1024;

serveJobs<RollJob, readonly RolledTable[]>({
  work: roll,
  moved: (tables) => tables.map(({ parquet }) => parquet.buffer),
  background: true,
});

function roll({ table, hour, inputs }: RollJob, check: () => void): readonly RolledTable[] {
  const open: OpenFile[] = [];
  try {
    let whole = WHOLE_BYTES;
    const opened = inputs.map(({ key, rows, path }) => {
      const source = openFile(path, whole, check);
      if (source.size <= whole) {
        whole -= source.size;
        // It was read: an hour may have more segments than a process may have open files.
        source.close();
      } else open.push(source);
      return { key, rows, source };
    });
    return rollHour({ table, hour, inputs: opened });
  } finally {
    for (const file of open) file.close();
  }
}
