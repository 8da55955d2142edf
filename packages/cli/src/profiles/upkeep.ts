import { type Clock, type Logger, messageOf, type ObjectStore } from '@lakewright/core';
import type { Catalog, IcebergPublisher, Sweeper } from '@lakewright/lake';
import type { Registry } from 'prom-client';
import type { LakeConfig } from '../config.ts';

export interface UpkeepParts {
  readonly config: LakeConfig;
  readonly store: ObjectStore;
  readonly catalog: Catalog;
  /** Publishes the lake's tables for other engines; undefined where nobody is to. */
  readonly publisher: IcebergPublisher | undefined;
  /** The name under which this process claims. */
  readonly owner: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Registry;
}

export interface RunningUpkeep {
  readonly sweeper: Sweeper;
  /** Resolves with what ended the work before its time; else never. */
  readonly failed: Promise<Error>;
  /** Gives up the merge in progress, which is planned anew at the next start, and ends the sweep. */
  close(): Promise<void>;
}

/** Threads of low priority: what is received and asked goes first. */
export const MERGES_AT_ONCE = 2;

/** What lakewright.yaml says of sweeping, with how long the longest query may read its segments. */
export async function sweepSettings(config: LakeConfig) {
  const { DEFAULT_SQL_LIMITS: limits } = await import('@lakewright/query');
  const longestReadMs = (limits.maxQuerySeconds + limits.maxDeliverySeconds) * 1000;
  return { ...config.sweep, longestReadMs };
}

/**
 * Keeps the lake in shape beside ingest: small segments are merged, metrics are rolled up, and what nobody needs any more
 * is removed.
 * Throws ConfigError for settings that cannot work.
 */
export async function startUpkeep(parts: UpkeepParts): Promise<RunningUpkeep> {
  const { owner, config, publisher, ...dependencies } = parts;
  const lake = await import('@lakewright/lake');
  const settings = await sweepSettings(config);
  const sweeper = lake.createSweeper({ ...dependencies, settings });
  const stop = new AbortController();
  const failed = Promise.withResolvers<Error>();
  const merger = lake.createThreadMerger({ threads: MERGES_AT_ONCE });
  const roller = lake.createThreadRoller();
  const running = Promise.all([
    lake.runCompaction({ ...dependencies, merger, settings: { ...config.compact, owner } }, stop.signal),
    config.rollups.enabled
      ? lake.runRollups(
          { ...dependencies, roller, settings: { ...config.rollups.settings, owner } },
          stop.signal,
        )
      : undefined,
    lake.runSweeper({ ...dependencies, sweeper, settings }, stop.signal),
    publisher && lake.runIceberg({ ...dependencies, publisher }, stop.signal),
  ]);
  running.catch((error: unknown) => {
    failed.resolve(error instanceof Error ? error : new Error(messageOf(error)));
  });
  return {
    sweeper,
    failed: failed.promise,
    async close() {
      stop.abort();
      await Promise.all([merger.close(), roller.close()]);
      await running;
    },
  };
}
