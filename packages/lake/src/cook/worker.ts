import { parentPort } from 'node:worker_threads';
import { messageOf } from '@lakewright/core';
import { BadObjectError } from '../errors.ts';
import type { CookJob, CookResult } from '../types.ts';
import { cook } from './cook.ts';

/** What the pool is told of one job. */
export type CookAnswer =
  | { readonly ok: true; readonly result: CookResult }
  | { readonly ok: false; readonly badKey: string | undefined; readonly message: string };

const port = parentPort;
if (port === null) throw new Error('worker.ts runs as a worker thread only');

port.on('message', (job: CookJob) => {
  try {
    const result = cook(job);
    const answer: CookAnswer = { ok: true, result };
    port.postMessage(
      answer,
      result.segments.map((segment) => segment.parquet.buffer as ArrayBuffer),
    );
  } catch (error) {
    const badKey = error instanceof BadObjectError ? error.key : undefined;
    const answer: CookAnswer = { ok: false, badKey, message: messageOf(error) };
    port.postMessage(answer);
  }
});
