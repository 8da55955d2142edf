export * from './engines/index.ts';
export * from './errors.ts';
export * from './files/index.ts';
export {
  DEFAULT_HTTP_LIMITS,
  type HttpLimits,
  type QueryAuth,
  type QueryServer,
  type QueryServerOptions,
  type ReadyReport,
  startQueryServer,
} from './http/server.ts';
export { csvRecord } from './http/text-formats.ts';
export { formatTime, parseTime } from './http/time.ts';
export { addPublishRoute } from './iceberg/publish-route.ts';
export { addIcebergRoutes, ICEBERG_PATH, type IcebergRouteOptions } from './iceberg/routes.ts';
export * from './limits.ts';
export { createSqlEngine, type SqlEngine, type SqlEngineOptions, type SqlRequest } from './sql/engine.ts';
export { type QueryQuotaOptions, withQuota } from './sql/quota.ts';
export type { ResultChunk, ResultColumn, SqlResult, SqlStats } from './sql/result.ts';
export {
  DEFAULT_DISPATCH_LIMITS,
  DEFAULT_WORKER_LIMITS,
  type DispatchLimits,
  type WorkerLimits,
} from './workers/limits.ts';
export { listedWorkers, resolvedWorkers, type WorkerSource } from './workers/members.ts';
export { connectQueryWorkers, type QueryWorkers, type QueryWorkersOptions } from './workers/query-workers.ts';
export {
  type QueryWorker,
  type QueryWorkerConfig,
  type QueryWorkerDeps,
  startQueryWorker,
} from './workers/server.ts';
