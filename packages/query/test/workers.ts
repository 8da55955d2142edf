import { join } from 'node:path';
import { silentLogger, systemClock } from '@lakewright/core';
import { Registry } from 'prom-client';
import {
  connectQueryWorkers,
  listedWorkers,
  localFiles,
  type QueryWorker,
  type QueryWorkerConfig,
  type QueryWorkers,
  type QueryWorkersOptions,
  type SegmentFiles,
  type SqlEngine,
  startQueryWorker,
} from '../src/index.ts';
import type { TestLake } from './lake.ts';

export const KEY = 'k'.repeat(32);

/** Workers over a test lake, in this process but asked over HTTP, and an engine that has them read. */
export interface TestWorkers {
  readonly workers: readonly QueryWorker[];
  readonly dispatch: QueryWorkers;
  readonly dispatchMetrics: Registry;
  readonly engine: SqlEngine;
  close(): Promise<void>;
}

let made = 0;

export function startWorker(
  lake: TestLake,
  config: Partial<QueryWorkerConfig> = {},
  files: SegmentFiles = localFiles(lake.store),
): Promise<QueryWorker> {
  return startQueryWorker(
    { files, logger: silentLogger, metrics: new Registry() },
    { host: '127.0.0.1', port: 0, key: KEY, tempDirectory: join(lake.root, `worker-${made++}`), ...config },
  );
}

export function connect(
  addresses: readonly string[],
  options: Partial<QueryWorkersOptions> = {},
): QueryWorkers {
  return connectQueryWorkers({
    source: listedWorkers(addresses.join(',')),
    key: KEY,
    clock: systemClock,
    logger: silentLogger,
    metrics: new Registry(),
    ...options,
  });
}

export async function testWorkers(
  lake: TestLake,
  { count = 2, limits = {}, sql = {} }: { count?: number; limits?: object; sql?: object } = {},
): Promise<TestWorkers> {
  const workers = await Promise.all(Array.from({ length: count }, () => startWorker(lake)));
  const dispatchMetrics = new Registry();
  const dispatch = connect(
    workers.map(({ url }) => url),
    { limits, metrics: dispatchMetrics },
  );
  return {
    workers,
    dispatch,
    dispatchMetrics,
    engine: lake.engine({
      workers: dispatch,
      tempDirectory: join(lake.root, `spread-${made++}`),
      limits: sql,
    }),
    async close() {
      await dispatch.close();
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}
