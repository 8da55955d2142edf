import type { TableName } from '../../tables.ts';
import { serveJobs } from '../../threads/serve.ts';
import { mergeSegments } from './merge.ts';
import { withFiles } from './source.ts';

/** Segments of one table that are to become one, each at a path of this machine. */
export interface MergeJob {
  readonly table: TableName;
  readonly inputs: readonly { readonly key: string; readonly rows: number; readonly path: string }[];
}

serveJobs<MergeJob, readonly Uint8Array<ArrayBuffer>[]>({
  work: ({ table, inputs }, check) => withFiles(inputs, check, (opened) => mergeSegments(table, opened)),
  moved: (parts) => parts.map(({ buffer }) => buffer),
  background: true,
});
