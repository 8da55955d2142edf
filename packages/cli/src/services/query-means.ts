import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, systemClock } from '@lakewright/core';
import {
  connectQueryWorkers,
  listedWorkers,
  processDirectory,
  type QueryWorkers,
  remoteFiles,
  resolvedWorkers,
  type SegmentFiles,
  type WorkerSource,
} from '@lakewright/query';
import type { Closers } from '../closers.ts';
import type { ServiceLake } from './open.ts';
import type { ServiceSettings } from './settings.ts';

/** What a process that reads segments keeps in the lake's scratch directory; `closers` removes it. */
export async function openScratch(
  { store, metrics, scratch }: ServiceLake,
  closers: Closers,
): Promise<{ readonly files: SegmentFiles; readonly tempDirectory: string }> {
  const files = await remoteFiles({ store, metrics, directory: join(scratch, 'segments') });
  closers.add(() => files.close());
  // Of this process alone: a second one of the same service would take it for the left-overs of an earlier one.
  const tempDirectory = await processDirectory(join(scratch, 'spill'));
  closers.add(() => rm(tempDirectory, { recursive: true, force: true }));
  return { files, tempDirectory };
}

/**
 * The query workers that the settings name, or undefined when they name none. Throws ConfigError for a list or a name
 * that is none, and for workers without a key.
 */
export function connectWorkers(
  { settings, logger, metrics }: Pick<ServiceLake, 'settings' | 'logger' | 'metrics'>,
  closers: Closers,
): QueryWorkers | undefined {
  const source = workerSource(settings);
  if (source === undefined) return undefined;
  const workers = connectQueryWorkers({
    ...{ source, logger, metrics },
    key: sharedKey(settings),
    clock: systemClock,
  });
  closers.add(() => workers.close());
  return workers;
}

function workerSource({ queryWorkers, queryWorkerService }: ServiceSettings): WorkerSource | undefined {
  if (queryWorkers !== undefined) return listedWorkers(queryWorkers);
  return queryWorkerService === undefined ? undefined : resolvedWorkers(queryWorkerService);
}

/** The key of query API and workers. Throws ConfigError when there is none. */
export function sharedKey({ env }: ServiceSettings): string {
  if (env.TOKEN_HMAC256_KEY) return env.TOKEN_HMAC256_KEY;
  throw new ConfigError('TOKEN_HMAC256_KEY is not set', {
    hint: 'give query-api and each query-worker the same long random text: openssl rand -hex 32',
  });
}
