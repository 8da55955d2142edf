import type { ReadyReport } from '@lakewright/query';

/** A raw object that waits longer than this tells that ingest is held up, or far behind. */
export const MAX_WAIT_SECONDS = 60;

/**
 * Ready means that what is sent can be stored, that what is asked can be looked up, and that answers are not
 * missing what was sent a while ago. `queue` is what the catalog says of the waiting objects, or why it says
 * nothing.
 */
export function readiness(
  queue: { readonly pending: number; readonly oldestPendingSeconds: number } | { readonly error: string },
  stopping: boolean,
): ReadyReport {
  const catalog = 'error' in queue ? { ready: false, detail: queue.error } : { ready: true };
  const late = !('error' in queue) && queue.oldestPendingSeconds > MAX_WAIT_SECONDS;
  const ingest = late
    ? {
        ready: false,
        detail: `${queue.pending} raw objects wait, the oldest for ${Math.round(queue.oldestPendingSeconds)} s`,
      }
    : { ready: true };
  const process = stopping ? { ready: false, detail: 'stopping' } : { ready: true };
  const parts = { catalog, ingest, process };
  return { ready: Object.values(parts).every(({ ready }) => ready), parts };
}
