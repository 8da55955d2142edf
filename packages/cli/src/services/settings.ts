import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, parseDuration } from '@lakewright/core';
import type { Config } from '../config.ts';
import { type DatabaseUrls, databaseUrls } from './database-url.ts';

/** Milliseconds between two looks at the storage profiles and API keys. */
const TENANCY_INTERVAL_MS = 15_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** What a service is told, by its environment and lakewright.yaml. */
export interface ServiceSettings {
  readonly config: Config;
  readonly databases: DatabaseUrls;
  /** Where copies of objects and spilled rows go; a directory of the service's own is made in it. */
  readonly scratch: string;
  /** How long a claim holds that nobody renews: so long a killed process keeps others from its work. */
  readonly leaseMs: number | undefined;
  /** How long a service waits for `lakewright setup` at its start. */
  readonly setupWaitMs: number;
  /** Milliseconds between two looks at the storage profiles and API keys. */
  readonly tenancyIntervalMs: number;
  /** For services that serve. */
  readonly host: string;
  readonly otlpHttpPort: number;
  readonly otlpGrpcPort: number;
  readonly queryPort: number;
  readonly queryWorkerPort: number;
  /** Where the query API finds workers: their URLs, separated by commas, or else one DNS name with a port. */
  readonly queryWorkers: string | undefined;
  readonly queryWorkerService: string | undefined;
  readonly env: Environment;
}

/** Reads the environment. Throws ConfigError naming the variable that cannot be used. */
export function serviceSettings(env: Environment, config: Config): ServiceSettings {
  return {
    config,
    databases: databaseUrls(env),
    scratch: env.LAKEWRIGHT_SCRATCH || join(tmpdir(), 'lakewright'),
    leaseMs: durationOf(env, 'LAKEWRIGHT_LEASE'),
    setupWaitMs: durationOf(env, 'MIGRATION_CHECK_TIMEOUT') ?? 60_000,
    tenancyIntervalMs: tenancyIntervalOf(env),
    host: env.LAKEWRIGHT_HOST || '0.0.0.0',
    otlpHttpPort: portOf(env, 'LAKEWRIGHT_OTLP_HTTP_PORT', 4318),
    otlpGrpcPort: portOf(env, 'LAKEWRIGHT_OTLP_GRPC_PORT', 4317),
    queryPort: portOf(env, 'LAKEWRIGHT_QUERY_PORT', 7101),
    queryWorkerPort: portOf(env, 'QUERY_WORKER_PORT', 8081),
    queryWorkers: env.LAKEWRIGHT_QUERY_WORKERS || undefined,
    queryWorkerService: env.QUERY_WORKER_SERVICE_NAME || undefined,
    env,
  };
}

function tenancyIntervalOf(env: Environment): number {
  const ms = durationOf(env, 'LAKEWRIGHT_TENANCY_INTERVAL') ?? TENANCY_INTERVAL_MS;
  if (ms > 0) return ms;
  throw new ConfigError('LAKEWRIGHT_TENANCY_INTERVAL is not above zero', { hint: 'write it like 15s' });
}

export function durationOf(env: Environment, name: string): number | undefined {
  const text = env[name];
  return text ? parseDuration(text, name) : undefined;
}

export function portOf(env: Environment, name: string, fallback: number): number {
  const text = env[name];
  if (!text) return fallback;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new ConfigError(`${name} is not a port`, { hint: 'give an integer from 0 to 65535' });
}
