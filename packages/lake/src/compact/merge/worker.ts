import type { TableName } from '../../tables.ts';
import { serveJobs } from '../../threads/serve.ts';
import { mergeSegments } from './merge.ts';
import { type OpenFile, openFile } from './source.ts';

/** Segments of one table that are to become one, each at a path of this machine. */
export interface MergeJob {
  readonly table: TableName;
  readonly inputs: readonly { readonly key: string; readonly rows: number; readonly path: string }[];
}

/** Bytes of inputs that are read at once and kept during a merge. */
const WHOLE_BYTES = 64 * 1024 * 1024;

serveJobs<MergeJob, readonly Uint8Array<ArrayBuffer>[]>({
  work: merge,
  moved: (parts) => parts.map(({ buffer }) => buffer),
  background: true,
});

function merge({ table, inputs }: MergeJob, check: () => void): readonly Uint8Array<ArrayBuffer>[] {
  const open: OpenFile[] = [];
  try {
    let whole = WHOLE_BYTES;
    const merged = inputs.map(({ key, rows, path }) => {
      const source = openFile(path, whole, check);
      open.push(source);
      if (source.size <= whole) whole -= source.size;
      return { key, rows, source };
    });
    return mergeSegments(table, merged);
  } finally {
    for (const file of open) file.close();
  }
}
