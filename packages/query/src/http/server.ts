import type { AddressInfo } from 'node:net';
import { LakewrightError, LimitError, type Logger, messageOf } from '@lakewright/core';
import type { LakeAdmin } from '@lakewright/lake';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { Counter, type Registry } from 'prom-client';
import { RequestError } from '../errors.ts';
import type { SqlEngine } from '../sql/engine.ts';
import { addAdminRoutes } from './admin-routes.ts';
import { errorBody, retryAfterOf, statusOf } from './error-body.ts';
import { limitRequestTime } from './request-clock.ts';
import { parseJsonBody } from './sql-request.ts';
import { addSqlRoute } from './sql-route.ts';

/** Who may ask, and of whose lake. */
export interface QueryAuth {
  /** The organization of the request's key, or undefined when it has no right key. Names are lower case. */
  organizationOf(headers: Record<string, string | string[] | undefined>): string | undefined;
}

/** Whether everything that answers need is there. */
export interface ReadyReport {
  readonly ready: boolean;
  readonly parts: Readonly<Record<string, { readonly ready: boolean; readonly detail?: string }>>;
}

export interface HttpLimits {
  /** Bytes of a request's body. */
  readonly maxBodyBytes: number;
  /** Seconds in which a request must have arrived. */
  readonly maxRequestSeconds: number;
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = { maxBodyBytes: 1024 * 1024, maxRequestSeconds: 30 };

export interface QueryServerOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly engine: SqlEngine;
  readonly admin: LakeAdmin;
  readonly auth: QueryAuth;
  readonly ready: () => Promise<ReadyReport>;
  /** Adds the routes of other systems, below /api/ and /iceberg/: whoever asks has been identified. */
  readonly routes?: (app: FastifyInstance, organizationOf: (request: FastifyRequest) => string) => void;
  readonly metrics: Registry;
  readonly logger: Logger;
  readonly limits?: Partial<HttpLimits>;
}

export interface QueryServer {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Takes no more requests, interrupts the queries that run, and resolves when the port is free. */
  close(): Promise<void>;
}

/** Serves the HTTP API. Rejects with node's error (`EADDRINUSE`, ...) when it cannot listen. */
export async function startQueryServer(options: QueryServerOptions): Promise<QueryServer> {
  const { auth, engine, admin, logger } = options;
  const limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
  const closing = new AbortController();
  const app = Fastify({
    bodyLimit: limits.maxBodyBytes,
    http: headersClock(limits.maxRequestSeconds * 1000),
    forceCloseConnections: true,
  });
  limitRequestTime(app, limits.maxRequestSeconds * 1000, (request, reply) =>
    sendError(reply.header('connection', 'close'), lateRequest(limits), request, logger),
  );
  acceptJsonOnly(app);
  countRequests(app, options.metrics);
  app.setErrorHandler((error, request, reply) => sendError(reply, ours(error, limits), request, logger));
  app.setNotFoundHandler((request, reply) =>
    sendError(
      reply,
      new RequestError(404, 'NOT_FOUND', `there is no ${request.method} ${request.url}`),
      request,
      logger,
    ),
  );

  const organizations = new WeakMap<FastifyRequest, string>();
  const organizationOf = (request: FastifyRequest): string => {
    const organization = organizations.get(request);
    if (organization === undefined) throw new RequestError(401, 'UNAUTHENTICATED', 'no API key');
    return organization;
  };
  app.addHook('onRequest', async (request) => {
    if (!IDENTIFIED.test(request.url)) return;
    if (isForeignPage(request)) {
      throw new RequestError(403, 'FOREIGN_ORIGIN', 'a page of another origin may not change anything here');
    }
    const organization = auth.organizationOf(request.headers);
    if (organization !== undefined) organizations.set(request, organization);
    else throw unauthenticated();
  });

  addSqlRoute(app, engine, organizationOf, closing.signal);
  addAdminRoutes(app, admin, organizationOf);
  options.routes?.(app, organizationOf);
  addOperationRoutes(app, options);

  await app.listen({ host: options.host, port: options.port });
  const { port } = app.server.address() as AddressInfo;
  const shownHost = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    host: options.host,
    port,
    url: `http://${shownHost}:${port}`,
    async close() {
      closing.abort();
      await app.close();
    },
  };
}

/** Below these paths whoever asks is identified. */
const IDENTIFIED = /^\/(api|iceberg)\//;

const unauthenticated = () =>
  new RequestError(401, 'UNAUTHENTICATED', 'the request has no valid API key', {
    hint: 'send it as `Authorization: Bearer <key>` or `x-cardinalhq-api-key: <key>`',
  });

/** Whether a web page that is not served from here asks for a change: browsers say where a page is from. */
function isForeignPage({ method, headers }: FastifyRequest): boolean {
  if (method === 'GET' || method === 'HEAD' || headers.origin === undefined) return false;
  return URL.parse(headers.origin)?.host !== headers.host;
}

/** Anything else, text/plain first of all, could be sent by a web page without asking. */
function acceptJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (_request: FastifyRequest, body: string) => parseJsonBody(body),
  );
}

function addOperationRoutes(app: FastifyInstance, { ready, metrics }: QueryServerOptions): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/ready', async (_request, reply) => {
    const report = await ready().catch(
      (error): ReadyReport => ({
        ready: false,
        parts: { check: { ready: false, detail: messageOf(error) } },
      }),
    );
    return reply.code(report.ready ? 200 : 503).send(report);
  });
  app.get('/metrics', async (_request, reply) =>
    reply.header('content-type', metrics.contentType).send(await metrics.metrics()),
  );
}

function countRequests(app: FastifyInstance, registry: Registry): void {
  const requests = new Counter({
    name: 'lakewright_query_http_requests_total',
    help: 'requests to the query API by route and status',
    labelNames: ['route', 'status'],
    registers: [registry],
  });
  app.addHook('onResponse', async (request, reply) => {
    requests.inc({ route: request.routeOptions.url ?? 'unknown', status: reply.statusCode });
  });
}

/** The framework's errors as ours. */
function ours(error: unknown, limits: HttpLimits): unknown {
  const { code, statusCode } = error as Partial<FastifyError>;
  if (error instanceof LakewrightError || code === undefined || !code.startsWith('FST_')) return error;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new LimitError('maxBodyBytes', `the body is longer than ${limits.maxBodyBytes} bytes`);
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new RequestError(415, 'UNSUPPORTED_MEDIA_TYPE', 'the body is not application/json');
  }
  const status = statusCode ?? 500;
  return status < 500 ? new RequestError(status, 'BAD_REQUEST', messageOf(error)) : error;
}

function sendError(reply: FastifyReply, error: unknown, request: FastifyRequest, logger: Logger): void {
  const status = statusOf(error);
  if (status >= 500 && status !== 504) {
    logger.log('error', 'a request failed', { route: request.routeOptions.url, status, error });
  }
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  const retryAfter = retryAfterOf(error);
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  reply.code(status).type('application/json').send(errorBody(error));
}

/** Node.js looks for late headers every 30 s and gives them 60 s, however short the request's own time. */
function headersClock(timeoutMs: number): { headersTimeout: number; connectionsCheckingInterval: number } {
  return { headersTimeout: timeoutMs, connectionsCheckingInterval: Math.min(30_000, timeoutMs / 10) };
}

function lateRequest({ maxRequestSeconds }: HttpLimits): RequestError {
  const message = `the request's body did not arrive within maxRequestSeconds (${maxRequestSeconds})`;
  return new RequestError(408, 'REQUEST_TIMEOUT', message);
}
