import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { messageOf } from '@lakewright/core';
import { UnmergeableError } from '../../errors.ts';
import type { TableName } from '../../tables.ts';
import { mergeSegments } from './merge.ts';
import { type OpenFile, openFile } from './source.ts';

/** Segments of one table that are to become one, each at a path of this machine. */
export interface MergeJob {
  readonly table: TableName;
  readonly inputs: readonly { readonly key: string; readonly rows: number; readonly path: string }[];
}

/** What the thread answers to a job. */
export type MergeAnswer =
  | { readonly ok: true; readonly parts: readonly Uint8Array<ArrayBuffer>[] }
  | { readonly ok: false; readonly badKey: string | undefined; readonly message: string };

/** Bytes of inputs that are read at once and kept during a merge. */
const WHOLE_BYTES = 64 * 1024 * 1024;

const port = parentPort;
if (port === null) throw new Error('worker.ts runs as a worker thread only');

// On Linux a thread has a priority of its own: what is received and asked goes first.
if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_LOW);

port.on('message', (job: MergeJob) => {
  const answer = answerTo(job);
  port.postMessage(answer, answer.ok ? answer.parts.map(({ buffer }) => buffer) : []);
});

function answerTo({ table, inputs }: MergeJob): MergeAnswer {
  const open: OpenFile[] = [];
  try {
    let whole = WHOLE_BYTES;
    const merged = inputs.map(({ key, rows, path }) => {
      const source = openFile(path, whole);
      open.push(source);
      if (source.size <= whole) whole -= source.size;
      return { key, rows, source };
    });
    return { ok: true, parts: mergeSegments(table, merged) };
  } catch (error) {
    const badKey = error instanceof UnmergeableError ? error.key : undefined;
    return { ok: false, badKey, message: messageOf(error) };
  } finally {
    for (const file of open) file.close();
  }
}
