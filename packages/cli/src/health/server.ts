import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError, messageOf } from '@lakewright/core';
import type { ReadyReport } from '@lakewright/query';
import Fastify from 'fastify';
import type { Registry } from 'prom-client';

/** How long whatever says whether a service is ready may take. */
const MAX_CHECK_MS = 5_000;

export interface HealthServerOptions {
  /** Default: every address, since load balancers and Prometheus ask from elsewhere. Nothing here needs a key. */
  readonly host?: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly ready: () => Promise<ReadyReport>;
  readonly metrics: Registry;
  /** Milliseconds that `ready` may take. */
  readonly maxCheckMs?: number;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Tells load balancers, container schedulers and Prometheus about a service that has no HTTP API of its own:
 * `/livez` and `/healthz` (200 as long as the process turns), `/readyz` and `/ready` (200, or 503 with the part that
 * is missing) and `/metrics`. Throws ConfigError when it cannot listen.
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { host = '0.0.0.0', port, metrics } = options;
  const app = Fastify({ forceCloseConnections: true, bodyLimit: 1024 });
  for (const path of ['/healthz', '/livez']) app.get(path, async () => ({ status: 'ok' }));
  for (const path of ['/readyz', '/ready']) {
    app.get(path, async (_request, reply) => {
      const report = await checked(options);
      return reply.code(report.ready ? 200 : 503).send(report);
    });
  }
  app.get('/metrics', async (_request, reply) =>
    reply.header('content-type', metrics.contentType).send(await metrics.metrics()),
  );
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw new ConfigError(`health: cannot listen on ${host}:${port}: ${messageOf(error)}`, {
      hint: 'choose another port with HEALTH_CHECK_PORT: each service on one machine needs its own',
      cause: error,
    });
  }
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
}

/** What `ready` says, or why it says nothing: a check that hangs is told like one that fails. */
async function checked({ ready, maxCheckMs = MAX_CHECK_MS }: HealthServerOptions): Promise<ReadyReport> {
  const late = new AbortController();
  const missing = (detail: string): ReadyReport => ({
    ready: false,
    parts: { check: { ready: false, detail } },
  });
  try {
    return await Promise.race([
      ready(),
      delay(maxCheckMs, missing(`no answer within ${maxCheckMs} ms`), { signal: late.signal }),
    ]);
  } catch (error) {
    return missing(messageOf(error));
  } finally {
    late.abort();
  }
}
