import { messageOf, Waker } from '@lakewright/core';
import type { IngestContext } from './context.ts';

/**
 * Keeps the leases of `openIds()` alive, frees those of others that are over, counts the queue and vacuums
 * the catalog now and then, until `signal` is aborted. Failures are logged and tried again.
 */
export async function housekeep(
  context: IngestContext,
  openIds: () => readonly bigint[],
  signal: AbortSignal,
): Promise<void> {
  const { catalog, clock, settings, logger, metrics } = context;
  const everyMs = Math.min(settings.housekeepingMs, catalog.settings.leaseMs / 3);
  const waker = new Waker();
  let maintainAtMs = clock.now() + settings.maintenanceMs;
  while (!signal.aborted) {
    try {
      const open = openIds();
      if (open.length > 0) await catalog.renew(settings.owner, open);
      const freed = await catalog.expireLeases();
      if (freed > 0) logger.log('warn', 'claims that nobody worked on are free again', { count: freed });
      const { pending, oldestPendingSeconds } = await catalog.queue();
      metrics.pending.set(pending);
      metrics.oldestPending.set(oldestPendingSeconds);
      if (clock.now() >= maintainAtMs) {
        await catalog.maintain();
        maintainAtMs = clock.now() + settings.maintenanceMs;
      }
    } catch (error) {
      metrics.failures.inc({ what: 'housekeeping' });
      logger.log('warn', 'housekeeping of the catalog failed', { error: messageOf(error) });
    }
    await waker.wait(everyMs, signal);
  }
}
