import { ConfigError, type Signal, systemClock } from '@lakewright/core';
import {
  COOK_THREADS,
  createSweeper,
  createThreadCooker,
  createThreadMerger,
  createThreadRoller,
  runCompaction,
  runDiscovery,
  runIceberg,
  runIngestWorker,
  runPubSub,
  runRollups,
  runSweeper,
  SeriesLedger,
  type TableName,
} from '@lakewright/lake';
import { aborted } from '../aborted.ts';
import { MERGES_AT_ONCE, sweepSettings } from '../profiles/upkeep.ts';
import { openServiceIceberg } from './iceberg.ts';
import type { ServiceLake } from './open.ts';

/** Milliseconds between two listings of prefixes on S3, which cost money and time. */
const LISTING_MS = 60_000;
/** Milliseconds for which objects are gathered, so that segments are not tiny. */
const GATHER_MS = 2000;

/** Hours that one rollup-metrics rolls up at a time. */
const ROLLUPS_AT_ONCE = 2;

/** One service: resolves when `signal` is aborted and what it had begun is done or given back. */
export type ServiceFunction = (lake: ServiceLake, signal: AbortSignal) => Promise<void>;

/** Hears of objects from the queue at SQS_QUEUE_URL, and looks for what no message told of. */
export const pubsubSqs: ServiceFunction = async (lake, signal) => {
  const { store, places, catalog, logger, metrics, settings, owner } = lake;
  const { SQS_QUEUE_URL: queueUrl, SQS_REGION: region, SQS_ROLE_ARN: roleArn } = settings.env;
  if (!queueUrl) {
    throw new ConfigError('SQS_QUEUE_URL is not set', { hint: 'name the queue of the S3 notifications' });
  }
  const { sqsQueue } = await import('@lakewright/aws');
  const queue = await sqsQueue({
    queueUrl,
    ...(region ? { region } : {}),
    ...(roleArn ? { roleArn } : {}),
  });
  const means = { store, places, catalog, logger, metrics };
  const listing = { recentListingMs: LISTING_MS, dropListingMs: LISTING_MS, settleMs: 0 };
  await Promise.all([
    runPubSub({ ...means, queue }, signal),
    runDiscovery(
      { ...means, clock: systemClock, settings: { ...listing, ...settings.config.lake.ingest, owner } },
      signal,
    ),
  ]);
};

/** Cooks the raw objects of one signal. */
export function ingest(signal: Signal): ServiceFunction {
  return async (lake, stop) => {
    const { store, places, catalog, logger, metrics, settings, owner } = lake;
    const cooker = createThreadCooker({ workers: COOK_THREADS });
    const series = new SeriesLedger({ catalog, clock: systemClock, logger, metrics });
    const counting = series.run(stop);
    try {
      await runIngestWorker(
        {
          ...{ store, places, catalog, logger, metrics, cooker, series, clock: systemClock },
          settings: {
            intervalMs: GATHER_MS,
            settleMs: 0,
            ...settings.config.lake.ingest,
            owner,
            signals: [signal],
          },
        },
        stop,
      );
    } finally {
      await cooker.close();
      await counting;
    }
  };
}

/** Merges segments of some tables. */
export function compact(tables: readonly TableName[]): ServiceFunction {
  return async (lake, signal) => {
    const { store, places, catalog, logger, metrics, settings, owner } = lake;
    const merger = createThreadMerger({ threads: MERGES_AT_ONCE });
    const closing = aborted(signal).then(() => merger.close());
    await runCompaction(
      {
        ...{ store, places, catalog, logger, metrics, merger, clock: systemClock },
        settings: { ...settings.config.lake.compact, owner, tables },
      },
      signal,
    );
    await closing;
  };
}

/** Rolls metrics up. */
export const rollupMetrics: ServiceFunction = async (lake, signal) => {
  const { store, places, catalog, logger, metrics, settings, owner } = lake;
  const roller = createThreadRoller({ threads: ROLLUPS_AT_ONCE });
  const closing = aborted(signal).then(() => roller.close());
  await runRollups(
    {
      ...{ store, places, catalog, logger, metrics, roller, clock: systemClock },
      settings: { ...settings.config.lake.rollups.settings, owner },
    },
    signal,
  );
  await closing;
};

/** Removes what nobody needs any more, and publishes the Iceberg tables, which says what their readers need. */
export const sweeper: ServiceFunction = async (lake, signal) => {
  const { store, places, catalog, logger, metrics, settings } = lake;
  const means = { store, places, catalog, logger, metrics, clock: systemClock };
  const sweep = await sweepSettings(settings.config.lake);
  const iceberg = await openServiceIceberg(lake);
  await Promise.all([
    runSweeper({ ...means, settings: sweep, sweeper: createSweeper({ ...means, settings: sweep }) }, signal),
    iceberg && runIceberg({ publisher: iceberg.publisher, logger, metrics }, signal),
  ]);
};
