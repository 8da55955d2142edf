import type { Logger } from '@lakewright/core';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { Closers } from '../closers.ts';
import { openLake } from './open.ts';
import type { Service } from './registry.ts';
import type { ServiceSettings } from './settings.ts';

/**
 * Runs one service until `signal` is aborted and its work is done or given back. Throws ConfigError for settings
 * that cannot work, NotSetUpError when nobody ran `lakewright setup`, UnavailableError when the database stays away.
 */
export async function runService(
  service: Service,
  settings: ServiceSettings,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const closers = new Closers();
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  try {
    const lake = await openLake(service.name, settings, { logger, metrics, closers, signal });
    const run = await service.load();
    logger.log('info', 'running', {
      service: service.name,
      owner: lake.owner,
      buckets: lake.places.all.map(({ base }) => base),
    });
    await run(lake, signal);
    logger.log('info', 'stopped', { service: service.name });
  } finally {
    await closers.close();
  }
}
