import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { LimitError, messageOf } from '@lakewright/core';
import { type OpenFile, openFile } from '../compact/merge/source.ts';
import { UnreadableSegmentError } from '../errors.ts';
import type { MetricTable } from '../tables.ts';
import { type RolledTable, rollHour } from './roll.ts';

/** An hour of one table of points, its segments each at a path of this machine. */
export interface RollJob {
  readonly table: MetricTable;
  /** Hours since 1970-01-01T00:00Z. */
  readonly hour: number;
  readonly inputs: readonly { readonly key: string; readonly rows: number; readonly path: string }[];
}

/** What the thread answers to a job. */
export type RollAnswer =
  | { readonly ok: true; readonly tables: readonly RolledTable[] }
  | {
      readonly ok: false;
      readonly message: string;
      /** The segment that is bad. */
      readonly badKey?: string;
      /** The limit that the hour is beyond. */
      readonly limit?: string;
    };

/** Bytes of inputs that are read at once and kept while they are rolled up. */
const WHOLE_BYTES = 64 * 1024 * 1024;

const port = parentPort;
if (port === null) throw new Error('worker.ts runs as a worker thread only');
// On Linux a thread has a priority of its own: what is received and asked goes first.
if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_LOW);

port.on('message', (job: RollJob) => {
  const answer = answerTo(job);
  port.postMessage(answer, answer.ok ? answer.tables.map(({ parquet }) => parquet.buffer) : []);
});

function answerTo({ table, hour, inputs }: RollJob): RollAnswer {
  const open: OpenFile[] = [];
  try {
    let whole = WHOLE_BYTES;
    const opened = inputs.map(({ key, rows, path }) => {
      const source = openFile(path, whole);
      if (source.size <= whole) {
        whole -= source.size;
        // It was read: an hour may have more segments than a process may have open files.
        source.close();
      } else open.push(source);
      return { key, rows, source };
    });
    return { ok: true, tables: rollHour({ table, hour, inputs: opened }) };
  } catch (error) {
    const message = messageOf(error);
    if (error instanceof UnreadableSegmentError) return { ok: false, message, badKey: error.key };
    if (error instanceof LimitError) return { ok: false, message, limit: error.limit };
    return { ok: false, message };
  } finally {
    for (const file of open) file.close();
  }
}
