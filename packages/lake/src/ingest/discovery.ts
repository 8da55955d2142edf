import { Backoff, messageOf, Waker } from '@lakewright/core';
import { announceInbox } from './announcer.ts';
import { contextOf, type DiscoveryContext, type IngestMeans } from './context.ts';
import type { IngestInbox } from './inbox.ts';
import { reconcile } from './reconcile.ts';

/**
 * Tells the catalog of raw objects, for a process that ingests none itself: of those that listings find, until
 * `signal` is aborted. Failures are logged and tried again; they never end it.
 */
export async function runDiscovery(means: IngestMeans, signal: AbortSignal): Promise<void> {
  await reconcile(contextOf(means), () => undefined, signal);
}

/**
 * Tells the catalog of what the inbox is told, for a process that receives and ingests nothing itself. Runs
 * until `signal` is aborted and then empties the inbox once more; what the catalog does not take then is found
 * by listing.
 */
export async function runAnnouncer(
  means: IngestMeans & { readonly inbox: IngestInbox },
  signal: AbortSignal,
): Promise<void> {
  const { inbox } = means;
  const context = contextOf(means);
  const { backoffMs, maxBackoffMs, intervalMs, idleMs } = context.settings;
  const backoff = new Backoff(backoffMs, maxBackoffMs);
  const waker = new Waker();
  inbox.onPush(() => waker.wake());
  while (!signal.aborted) {
    await waker.wait(idleMs, signal);
    // What follows at once is announced together.
    await new Waker().wait(intervalMs / 5, signal);
    const pauseMs = await announced(context, inbox, backoff);
    if (pauseMs > 0) await new Waker().wait(pauseMs, signal);
  }
  await announced(context, inbox, backoff);
}

/** Milliseconds to wait after a failure, or 0. */
async function announced(context: DiscoveryContext, inbox: IngestInbox, backoff: Backoff): Promise<number> {
  try {
    await announceInbox(context, inbox);
    backoff.succeeded();
    return 0;
  } catch (error) {
    context.metrics.failures.inc({ what: 'announce' });
    context.logger.log('warn', 'raw objects wait to be announced', { error: messageOf(error) });
    return backoff.failed();
  }
}
