import { systemClock } from '@lakewright/core';
import {
  createLakeAdmin,
  createSweeper,
  groupCommitter,
  IngestInbox,
  runAnnouncer,
  SeriesWatch,
} from '@lakewright/lake';
import { createAdmission, IngestQuota, startGrpcReceiver, startHttpReceiver } from '@lakewright/otlp';
import { createSqlEngine, startQueryServer, startQueryWorker, withQuota } from '@lakewright/query';
import { aborted } from '../aborted.ts';
import { Closers } from '../closers.ts';
import { icebergRoutes } from '../profiles/iceberg.ts';
import { listening, urlOf } from '../profiles/settings.ts';
import { sweepSettings } from '../profiles/upkeep.ts';
import { gatewaySenders } from './gateway.ts';
import { openServiceIceberg } from './iceberg.ts';
import { connectWorkers, openScratch, sharedKey } from './query-means.ts';
import { readyReport } from './ready.ts';
import { liveKeys } from './tenancy/live-keys.ts';
import type { ServiceFunction } from './workers.ts';

/** Answers queries over HTTP. */
export const queryApi: ServiceFunction = async (lake, signal) => {
  const { settings, catalog, places, store, logger, metrics } = lake;
  const auth = await liveKeys(lake);
  const closers = new Closers();
  try {
    const engine = createSqlEngine({
      ...{ logger, metrics, ...(await openScratch(lake, closers)) },
      index: catalog,
      workers: connectWorkers(lake, closers),
    });
    closers.add(() => engine.close());
    const sweeping = await sweepSettings(settings.config.lake);
    const sweeper = createSweeper({
      ...{ store, places, catalog, logger, clock: systemClock, settings: sweeping },
    });
    const { host, queryPort: port } = settings;
    const server = await listening(
      { what: 'query API', host, port, setting: 'LAKEWRIGHT_QUERY_PORT' },
      startQueryServer({
        ...{ logger, metrics, host, port, auth },
        engine: withQuota(engine, { limits: lake.limits, metrics }),
        routes: await icebergRoutes(await openServiceIceberg(lake), logger),
        admin: createLakeAdmin({ catalog, store, places, sweeper }),
        ready: () => readyReport(catalog, signal.aborted),
      }),
    );
    closers.add(() => server.close());
    logger.log('info', 'serving queries', { url: urlOf(host, server.port) });
    await aborted(signal);
  } finally {
    await closers.close();
  }
};

/** Reads segments for the query API. */
export const queryWorker: ServiceFunction = async (lake, signal) => {
  const { settings, logger, metrics } = lake;
  const { host, queryWorkerPort: port } = settings;
  const key = sharedKey(settings);
  const closers = new Closers();
  try {
    const { files, tempDirectory } = await openScratch(lake, closers);
    const worker = await listening(
      { what: 'query worker', host, port, setting: 'QUERY_WORKER_PORT' },
      startQueryWorker({ files, logger, metrics }, { host, port, key, tempDirectory }),
    );
    closers.add(() => worker.close());
    logger.log('info', 'reading for the query API', { url: urlOf(host, worker.port) });
    await aborted(signal);
  } finally {
    await closers.close();
  }
};

/** Receives OTLP and stores it as raw objects. */
export const otelGateway: ServiceFunction = async (lake, signal) => {
  const { settings, catalog, places, store, logger, metrics, owner } = lake;
  const senders = gatewaySenders(settings.env);
  const auth = await liveKeys(lake);
  const inbox = new IngestInbox();
  const means = { store, places, catalog, logger, metrics, clock: systemClock };
  const stopAnnouncing = new AbortController();
  const announcing = runAnnouncer({ ...means, inbox, settings: { owner } }, stopAnnouncing.signal);
  const closers = new Closers();
  closers.add(async () => {
    stopAnnouncing.abort();
    await announcing;
  });
  try {
    const committer = groupCommitter({ ...means, onCommitted: (object) => inbox.push(object) });
    closers.add(() => committer.close());
    const { host, otlpHttpPort, otlpGrpcPort } = settings;
    const admission = createAdmission({}, metrics);
    const series = new SeriesWatch({ catalog, clock: systemClock, logger });
    const watching = series.run(signal);
    closers.add(() => watching);
    const quota = new IngestQuota({ limits: lake.limits, series, metrics });
    const shared = { host, sink: committer, auth, senders, admission, quota, logger, metrics };
    const http = await listening(
      { what: 'OTLP/HTTP', host, port: otlpHttpPort, setting: 'LAKEWRIGHT_OTLP_HTTP_PORT' },
      startHttpReceiver({ ...shared, port: otlpHttpPort }),
    );
    closers.add(() => http.close());
    const grpc = await listening(
      { what: 'OTLP/gRPC', host, port: otlpGrpcPort, setting: 'LAKEWRIGHT_OTLP_GRPC_PORT' },
      startGrpcReceiver({ ...shared, port: otlpGrpcPort }),
    );
    closers.add(() => grpc.close());
    logger.log('info', 'receiving', { otlpHttp: urlOf(host, http.port), otlpGrpc: urlOf(host, grpc.port) });
    await aborted(signal);
  } finally {
    await closers.close();
  }
};
