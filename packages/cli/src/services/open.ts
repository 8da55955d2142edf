import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  Backoff,
  type LimitBook,
  type Logger,
  messageOf,
  type ObjectStore,
  type Sql,
  systemClock,
  UnavailableError,
  Waker,
} from '@lakewright/core';
import { Catalog, NotSetUpError, type Places, Tenancy } from '@lakewright/lake';
import { postgresSql } from '@lakewright/local';
import type { Registry } from 'prom-client';
import type { Closers } from '../closers.ts';
import { watchLimits } from '../limits/watch.ts';
import type { ServiceSettings } from './settings.ts';
import { Buckets, type BucketsOptions } from './tenancy/buckets.ts';
import { TenancyWatch } from './tenancy/watch.ts';

/** What the object store of services in AWS is called in the catalog: its keys are whole URIs. */
export const S3_STORE = 's3';

/** The lake as one service sees it. */
export interface ServiceLake {
  readonly settings: ServiceSettings;
  readonly catalog: Catalog;
  readonly tenancy: Tenancy;
  /** Follows what the tenancy says. */
  readonly watch: TenancyWatch;
  /** Those of the storage profiles as they are now. */
  readonly places: Places;
  readonly store: ObjectStore;
  /** What organizations may do, as lakewright.yaml says it now. */
  readonly limits: LimitBook;
  /** The name under which this process claims: its own, and never another's. */
  readonly owner: string;
  /** For copies of objects and spilled rows; this service's own. */
  readonly scratch: string;
  readonly logger: Logger;
  readonly metrics: Registry;
}

interface LakeMeans {
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly closers: Closers;
  readonly signal: AbortSignal;
}

/**
 * Opens the databases and the buckets of the storage profiles. Waits for the database, and for `lakewright setup`,
 * as long as the settings say; throws UnavailableError and NotSetUpError after that. `closers` is told what to
 * close.
 */
export async function openLake(
  name: string,
  settings: ServiceSettings,
  means: LakeMeans,
): Promise<ServiceLake> {
  const { logger, closers } = means;
  const books = await patiently(settings.setupWaitMs, means, () => attach(settings, logger, closers));
  await books.catalog.bindStore(S3_STORE);
  const open = await bucketOpener(join(settings.scratch, name, 'objects'));
  return lakeOver(name, settings, { ...means, ...books, open });
}

/** The lake of databases that are open, its buckets opened by `open`. `closers` is told what to close. */
export async function lakeOver(
  name: string,
  settings: ServiceSettings,
  means: Omit<LakeMeans, 'signal'> & Pick<BucketsOptions, 'open'> & { catalog: Catalog; tenancy: Tenancy },
): Promise<ServiceLake> {
  const { catalog, tenancy, logger, metrics, closers, open } = means;
  const watch = new TenancyWatch({ intervalMs: settings.tenancyIntervalMs, logger, metrics });
  const buckets = new Buckets({ open, logger, lookFor: () => watch.lookAgain() });
  closers.add(() => buckets.close());
  await watch.follow('storage_profiles', async () => {
    const profiles = await tenancy.storageProfiles();
    return () => buckets.use(profiles);
  });
  const stop = new AbortController();
  const watching = watch.run(stop.signal);
  closers.add(() => {
    stop.abort();
    return watching;
  });
  const { limits, close } = watchLimits(settings.config, logger);
  closers.add(close);
  return {
    limits,
    settings,
    catalog,
    tenancy,
    watch,
    places: buckets.places,
    store: buckets.store,
    owner: `${name}/${hostname()}/${process.pid}/${randomBytes(6).toString('hex')}`,
    scratch: join(settings.scratch, name),
    logger,
    metrics,
  };
}

async function attach(
  { databases, leaseMs }: ServiceSettings,
  logger: Logger,
  closers: Closers,
): Promise<{ catalog: Catalog; tenancy: Tenancy }> {
  const open: Sql[] = [];
  try {
    const lakeSql = await postgresSql(databases.lake, { logger });
    open.push(lakeSql);
    const tenancySql =
      databases.tenancy === databases.lake ? lakeSql : await postgresSql(databases.tenancy, { logger });
    if (tenancySql !== lakeSql) open.push(tenancySql);
    const catalog = await Catalog.attach(lakeSql, systemClock, leaseMs === undefined ? {} : { leaseMs });
    const tenancy = await Tenancy.attach(tenancySql, systemClock);
    for (const sql of open) closers.add(() => sql.close());
    return { catalog, tenancy };
  } catch (error) {
    await Promise.allSettled(open.map((sql) => sql.close()));
    throw error;
  }
}

/** What `work` resolves with, tried again while the database is away or not set up, for `forMs` at most. */
async function patiently<T>(
  forMs: number,
  { logger, signal }: { logger: Logger; signal: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  const backoff = new Backoff(250, 5000);
  const until = performance.now() + forMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const mayPass = error instanceof UnavailableError || error instanceof NotSetUpError;
      const waitMs = backoff.failed();
      if (!mayPass || signal.aborted || performance.now() + waitMs > until) throw error;
      logger.log('info', 'waiting for the database', { reason: messageOf(error) });
      await new Waker().wait(waitMs, signal);
    }
  }
}

/** Opens buckets of S3, with their local copies below `directory`. */
async function bucketOpener(directory: string): Promise<BucketsOptions['open']> {
  const { s3ObjectStore } = await import('@lakewright/aws');
  return ({ bucket, region, endpoint, pathStyle, insecureTls, role }) =>
    s3ObjectStore({
      ...{ bucket, region, endpoint, insecureTls, roleArn: role },
      ...(endpoint === undefined ? {} : { forcePathStyle: pathStyle }),
      localCopies: { directory: join(directory, bucket) },
    });
}
