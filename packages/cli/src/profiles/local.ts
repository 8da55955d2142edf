import { join, resolve } from 'node:path';
import {
  type LimitBook,
  type Logger,
  messageOf,
  type ObjectStore,
  type Sql,
  systemClock,
} from '@lakewright/core';
import type { Catalog, Cooker, GroupCommitter, IngestInbox, SeriesLedger, Sweeper } from '@lakewright/lake';
import type { Authenticator } from '@lakewright/otlp';
import type { ReadyReport } from '@lakewright/query';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { Closers } from '../closers.ts';
import { type RunningSeriesGuard, startSeriesGuard } from '../limits/series.ts';
import { watchLimits } from '../limits/watch.ts';
import { type IcebergFace, icebergRoutes, openIceberg } from './iceberg.ts';
import { readiness } from './readiness.ts';
import { type RunningRefine, startLocalRefine } from './refine-local.ts';
import { type LocalSettings, listening, loadKeys, urlOf, usable } from './settings.ts';
import { storeId } from './store-id.ts';
import { startUpkeep } from './upkeep.ts';

export type { LocalSettings } from './settings.ts';

/** A lake that runs in this process. */
export interface RunningLake {
  readonly addresses: { readonly otlpHttp: string; readonly otlpGrpc: string; readonly query: string };
  /** Resolves with what ended the lake's own work before its time. */
  readonly failed: Promise<Error>;
  /** Answers and stores what was accepted, publishes what is being worked on, and lets go of everything. */
  close(): Promise<void>;
}

/**
 * The local profile: objects as files, the catalog in the embedded PostgreSQL (or the one at `databaseUrl`),
 * cooking in worker threads. Resolves when everything listens; on failure nothing is left open. Throws
 * ConfigError for settings that cannot work.
 */
export async function startLocal(
  settings: LocalSettings,
  logger: Logger,
  metrics: Registry,
): Promise<RunningLake> {
  const closers = new Closers();
  try {
    return await new LocalLake(settings, logger, metrics, closers).start();
  } catch (error) {
    await closers.close().catch((closeError: unknown) => {
      logger.log('warn', 'not everything could be closed after a failed start', {
        error: messageOf(closeError),
      });
    });
    throw error;
  }
}

/** What is open before anything listens. */
interface Core {
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  readonly committer: GroupCommitter;
  readonly refine: RunningRefine;
  readonly sweeper: Sweeper;
  readonly iceberg: IcebergFace | undefined;
  readonly guard: RunningSeriesGuard;
}

class LocalLake {
  readonly #settings: LocalSettings;
  readonly #logger: Logger;
  readonly #closers: Closers;
  readonly #metrics: Registry;
  readonly #limits: LimitBook;
  readonly #failed = Promise.withResolvers<Error>();
  #stopping = false;

  constructor(settings: LocalSettings, logger: Logger, metrics: Registry, closers: Closers) {
    this.#settings = settings;
    this.#logger = logger;
    this.#metrics = metrics;
    this.#closers = closers;
    const watched = watchLimits(settings.config, logger);
    this.#limits = watched.limits;
    closers.add(() => watched.close());
    collectDefaultMetrics({ register: this.#metrics });
  }

  async start(): Promise<RunningLake> {
    const auth = await loadKeys(this.#settings);
    const core = await this.#openCore();
    const query = await this.#serveQueries(core, auth);
    const { otlpHttp, otlpGrpc } = await this.#receive(core, auth);
    return {
      addresses: { otlpHttp, otlpGrpc, query },
      failed: this.#failed.promise,
      close: () => {
        this.#stopping = true;
        return this.#closers.close();
      },
    };
  }

  /** Everything between the disk and the receivers. */
  async #openCore(): Promise<Core> {
    const { FileObjectStore, lockDataDirectory } = await import('@lakewright/local');
    const { dataDirectory } = this.#settings;
    const lock = await usable(dataDirectory, lockDataDirectory(dataDirectory));
    this.#closers.add(() => lock.release());
    // The database takes longest to start: the modules load meanwhile.
    const opening = [this.#openSql(), import('@lakewright/lake'), import('@lakewright/query')] as const;
    // Wait for all of them before failing, so that nothing opens behind a failure.
    await Promise.allSettled(opening);
    const [sql, lake] = await Promise.all(opening);
    const store = await FileObjectStore.open(join(dataDirectory, 'objects'), { logger: this.#logger });
    this.#closers.add(() => store.close());
    const catalog = await lake.Catalog.open(sql, systemClock);
    const owner = await storeId(dataDirectory);
    await catalog.bindStore(owner);
    const cooker = lake.createThreadCooker({ workers: lake.COOK_THREADS });
    this.#closers.add(() => cooker.close());
    const inbox = new lake.IngestInbox();
    const shared = { catalog, clock: systemClock, logger: this.#logger, metrics: this.#metrics };
    const guard = await startSeriesGuard(shared);
    this.#closers.add(() => guard.close());
    this.#ingest(lake.runIngest, { store, catalog, cooker, inbox, owner, series: guard.ledger });
    const iceberg = await openIceberg({
      config: this.#settings.config.lake,
      store,
      catalog,
      uriOf: (key) => `file://${resolve(dataDirectory, 'objects', key)}`,
      clock: systemClock,
      logger: this.#logger,
    });
    const upkeep = await startUpkeep({
      config: this.#settings.config.lake,
      store,
      catalog,
      publisher: iceberg?.publisher,
      owner,
      clock: systemClock,
      logger: this.#logger,
      metrics: this.#metrics,
    });
    upkeep.failed.then(this.#failed.resolve);
    this.#closers.add(() => upkeep.close());
    const committer = lake.groupCommitter({
      store,
      clock: systemClock,
      logger: this.#logger,
      metrics: this.#metrics,
      onCommitted: (object) => inbox.push(object),
    });
    this.#closers.add(() => committer.close());
    const refine = await startLocalRefine({
      config: this.#settings.config,
      store,
      sql,
      storeId: owner,
      clock: systemClock,
      logger: this.#logger,
      metrics: this.#metrics,
    });
    this.#closers.add(() => refine.close());
    return { catalog, store, committer, refine, sweeper: upkeep.sweeper, iceberg, guard };
  }

  async #openSql(): Promise<Sql> {
    const local = await import('@lakewright/local');
    const { databaseUrl, dataDirectory } = this.#settings;
    const sql =
      databaseUrl === undefined
        ? await local.embeddedSql(join(dataDirectory, 'catalog'))
        : await local.postgresSql(databaseUrl, { logger: this.#logger });
    this.#closers.add(() => sql.close());
    return sql;
  }

  #ingest(
    runIngest: typeof import('@lakewright/lake').runIngest,
    parts: Pick<Core, 'catalog' | 'store'> & {
      cooker: Cooker;
      inbox: IngestInbox;
      owner: string;
      series: SeriesLedger;
    },
  ): void {
    const { owner, ...dependencies } = parts;
    const stop = new AbortController();
    const running = runIngest(
      {
        ...dependencies,
        clock: systemClock,
        logger: this.#logger,
        metrics: this.#metrics,
        settings: { ...this.#settings.config.lake.ingest, owner },
      },
      stop.signal,
    );
    running.catch((error: unknown) => {
      this.#failed.resolve(error instanceof Error ? error : new Error(messageOf(error)));
    });
    this.#closers.add(() => {
      stop.abort();
      return running;
    });
  }

  async #serveQueries(
    { catalog, store, refine, sweeper, iceberg }: Core,
    auth: Authenticator,
  ): Promise<string> {
    const { createSqlEngine, localFiles, startQueryServer, withQuota } = await import('@lakewright/query');
    const { addRefineRoutes } = await import('@lakewright/refine');
    const { createLakeAdmin } = await import('@lakewright/lake');
    const { host, queryPort, dataDirectory, config } = this.#settings;
    const ruleSets = (organization: string) =>
      organization === config.refine.organization ? refine.ruleSets : [];
    const shared = { logger: this.#logger, metrics: this.#metrics };
    const addIceberg = await icebergRoutes(iceberg, this.#logger);
    const engine = createSqlEngine({
      ...shared,
      index: catalog,
      files: localFiles(store),
      tempDirectory: join(dataDirectory, 'spill'),
    });
    this.#closers.add(() => engine.close());
    const server = await listening(
      { what: 'query API', host, port: queryPort, setting: '--query-port' },
      startQueryServer({
        ...shared,
        host,
        port: queryPort,
        engine: withQuota(engine, { limits: this.#limits, metrics: this.#metrics }),
        admin: createLakeAdmin({ catalog, store, sweeper }),
        auth,
        ready: () => this.#ready(catalog),
        routes: (app, organizationOf) => {
          addRefineRoutes(app, { ruleSets, organizationOf });
          addIceberg(app, organizationOf);
        },
      }),
    );
    this.#closers.add(() => server.close());
    return urlOf(host, server.port);
  }

  async #receive(
    { committer: sink, guard }: Core,
    auth: Authenticator,
  ): Promise<{ otlpHttp: string; otlpGrpc: string }> {
    const otlp = await import('@lakewright/otlp');
    const { host, otlpHttpPort, otlpGrpcPort } = this.#settings;
    const admission = otlp.createAdmission({}, this.#metrics);
    const quota = new otlp.IngestQuota({
      limits: this.#limits,
      series: guard.counts,
      metrics: this.#metrics,
    });
    const shared = { host, sink, auth, admission, quota, logger: this.#logger, metrics: this.#metrics };
    const http = await listening(
      { what: 'OTLP/HTTP', host, port: otlpHttpPort, setting: '--otlp-http-port' },
      otlp.startHttpReceiver({ ...shared, port: otlpHttpPort }),
    );
    let closeGrpc: () => Promise<void> = async () => undefined;
    this.#closers.add(async () => {
      await Promise.all([http.close(), closeGrpc()]);
    });
    const grpc = await listening(
      { what: 'OTLP/gRPC', host, port: otlpGrpcPort, setting: '--otlp-grpc-port' },
      otlp.startGrpcReceiver({ ...shared, port: otlpGrpcPort }),
    );
    closeGrpc = () => grpc.close();
    return { otlpHttp: urlOf(host, http.port), otlpGrpc: urlOf(host, grpc.port) };
  }

  async #ready(catalog: Catalog): Promise<ReadyReport> {
    const queue = await catalog.queue().catch((error: unknown) => ({ error: messageOf(error) }));
    return readiness(queue, this.#stopping);
  }
}
