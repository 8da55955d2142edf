import type { Logger } from '@lakewright/core';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { Closers } from '../closers.ts';
import { healthPort } from '../health/port.ts';
import { startHealthServer } from '../health/server.ts';
import { openLake, type ServiceLake } from './open.ts';
import { readyReport } from './ready.ts';
import type { Service } from './registry.ts';
import type { ServiceSettings } from './settings.ts';

/**
 * Runs one service until `signal` is aborted and its work is done or given back, and tells of its health
 * meanwhile. Throws ConfigError for settings that cannot work, NotSetUpError when nobody ran `lakewright setup`,
 * UnavailableError when the database stays away.
 */
export async function runService(
  service: Service,
  settings: ServiceSettings,
  { logger, metrics }: { readonly logger: Logger; readonly metrics: Registry },
  signal: AbortSignal,
): Promise<void> {
  const closers = new Closers();
  collectDefaultMetrics({ register: metrics });
  let lake: ServiceLake | undefined;
  try {
    const health = await startHealthServer({
      port: healthPort(settings.env),
      metrics,
      ready: () => readyReport(lake?.catalog, signal.aborted),
    });
    closers.add(() => health.close());
    lake = await openLake(service.name, settings, { logger, metrics, closers, signal });
    const run = await service.load();
    logger.log('info', 'running', {
      service: service.name,
      owner: lake.owner,
      buckets: lake.places.all.map(({ base }) => base),
      health: health.port,
    });
    await run(lake, signal);
    logger.log('info', 'stopped', { service: service.name });
  } finally {
    await closers.close();
  }
}
