import { messageOf } from '@lakewright/core';
import type { Catalog } from '@lakewright/lake';
import type { ReadyReport } from '@lakewright/query';

/**
 * A service is ready when the catalog answers and it is not about to end. What waits for ingest is another service's:
 * a backlog there must not take the query API away from those who ask.
 */
export async function readyReport(
  catalog: Pick<Catalog, 'queue'> | undefined,
  stopping: boolean,
): Promise<ReadyReport> {
  if (catalog === undefined) {
    return { ready: false, parts: { catalog: { ready: false, detail: 'not opened yet' } } };
  }
  const answers = await catalog.queue().then(
    () => ({ ready: true }),
    (error: unknown) => ({ ready: false, detail: messageOf(error) }),
  );
  const process = stopping ? { ready: false, detail: 'stopping' } : { ready: true };
  return { ready: answers.ready && process.ready, parts: { catalog: answers, process } };
}
