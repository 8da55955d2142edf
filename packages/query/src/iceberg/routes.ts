import type { Logger } from '@lakewright/core';
import type { IcebergTables } from '@lakewright/lake';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorBody, retryAfterOf } from '../http/error-body.ts';
import { badRequest, catalogErrorBody, noSuchNamespace, noSuchTable, unsupported } from './errors.ts';
import { pageOf } from './paging.ts';

/** Below this path; clients are given it without the version. */
export const ICEBERG_PATH = '/iceberg';
/** The one namespace; whose tables are in it, the API key says. */
export const NAMESPACE = 'lake';

export interface IcebergRouteOptions {
  readonly tables: IcebergTables;
  readonly organizationOf: (request: FastifyRequest) => string;
  /**
   * What readers need to know of the store, by the names of Iceberg's own properties (`s3.endpoint`,
   * `s3.path-style-access`, `client.region`); never a secret: readers have credentials of their own.
   */
  readonly storeProperties?: Readonly<Record<string, string>>;
  readonly logger: Logger;
}

/** What is offered, in the words of the specification: clients ask for nothing else. */
const ENDPOINTS = [
  'GET /v1/{prefix}/namespaces',
  'GET /v1/{prefix}/namespaces/{namespace}',
  'HEAD /v1/{prefix}/namespaces/{namespace}',
  'GET /v1/{prefix}/namespaces/{namespace}/tables',
  'GET /v1/{prefix}/namespaces/{namespace}/tables/{table}',
  'HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}',
  'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics',
];

const OAUTH = '/v1/oauth/tokens';

/**
 * A read-only Iceberg REST catalog over an organization's tables
 * (https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml).
 */
export function addIcebergRoutes(app: FastifyInstance, options: IcebergRouteOptions): void {
  app.register(
    async (scope) => {
      answerErrors(scope, options.logger);
      addConfig(scope, options);
      addNamespaces(scope);
      addTables(scope, options);
      refuseTheRest(scope);
    },
    { prefix: ICEBERG_PATH },
  );
}

function addConfig(scope: FastifyInstance, { storeProperties = {} }: IcebergRouteOptions): void {
  scope.get('/v1/config', async () => ({ defaults: storeProperties, overrides: {}, endpoints: ENDPOINTS }));
}

function addNamespaces(scope: FastifyInstance): void {
  scope.get('/v1/namespaces', async (request) => {
    const { parent = '' } = request.query as { parent?: string };
    if (parent !== '') checkNamespace(parent);
    const { items, next } = pageOf(parent === '' ? [NAMESPACE] : [], request.query as object);
    return { namespaces: items.map((name) => [name]), 'next-page-token': next };
  });
  scope.head('/v1/namespaces/:namespace', async (request, reply) => {
    checkNamespace(paramsOf(request).namespace);
    return reply.code(204).send();
  });
  scope.get('/v1/namespaces/:namespace', async (request) => {
    checkNamespace(paramsOf(request).namespace);
    return { namespace: [NAMESPACE], properties: {} };
  });
}

function addTables(scope: FastifyInstance, options: IcebergRouteOptions): void {
  const { tables, organizationOf, storeProperties = {} } = options;
  const TABLE = '/v1/namespaces/:namespace/tables/:table';
  /** The table that a request names; one that is not there is an error. */
  const find = async (request: FastifyRequest): Promise<string> => {
    const { namespace, table } = paramsOf(request);
    checkNamespace(namespace);
    if (await tables.has(organizationOf(request), table)) return table;
    throw noSuchTable(`${namespace}.${table}`);
  };
  scope.get('/v1/namespaces/:namespace/tables', async (request) => {
    checkNamespace(paramsOf(request).namespace);
    const { items, next } = pageOf(await tables.list(organizationOf(request)), request.query as object);
    return {
      identifiers: items.map((name) => ({ namespace: [NAMESPACE], name })),
      'next-page-token': next,
    };
  });
  scope.head(TABLE, async (request, reply) => {
    await find(request);
    return reply.code(204).send();
  });
  scope.get(TABLE, async (request, reply) => {
    const table = await find(request);
    const { snapshots = 'all' } = request.query as { snapshots?: unknown };
    if (snapshots !== 'all' && snapshots !== 'refs') throw badRequest('snapshots is neither all nor refs');
    const { metadataLocation, metadata } = await tables.load(organizationOf(request), table);
    // A metadata file never changes: its name is what the answer is known by.
    const etag = `"${metadataLocation.split('/').pop()}-${snapshots}"`;
    reply.header('etag', etag);
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    return {
      'metadata-location': metadataLocation,
      metadata: snapshots === 'all' ? metadata : currentOnly(metadata),
      config: storeProperties,
    };
  });
  // What readers tell of their scans is taken and not kept.
  scope.post(`${TABLE}/metrics`, async (request, reply) => {
    await find(request);
    return reply.code(204).send();
  });
}

/** Metadata with those snapshots only that a branch names. */
function currentOnly(metadata: Record<string, unknown>): Record<string, unknown> {
  const snapshots = metadata.snapshots as { 'snapshot-id': number }[];
  const current = metadata['current-snapshot-id'];
  return { ...metadata, snapshots: snapshots.filter((snapshot) => snapshot['snapshot-id'] === current) };
}

function paramsOf(request: FastifyRequest): { namespace: string; table: string } {
  return request.params as { namespace: string; table: string };
}

/** A name of several parts comes with 0x1F between them: there is none. */
function checkNamespace(name: string): void {
  if (name !== NAMESPACE) throw noSuchNamespace(name.replaceAll('\x1f', '.'));
}

/** Whatever would change something, and tokens: a client's API key is its token. */
function refuseTheRest(scope: FastifyInstance): void {
  // Nobody reads what is sent along, of whatever type it is.
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, async () => undefined);
  scope.route({
    method: ['POST', 'PUT', 'PATCH', 'DELETE'],
    url: '/v1/*',
    handler: async (request) => {
      throw unsupported(`${request.method} ${request.url}`);
    },
  });
}

function answerErrors(scope: FastifyInstance, logger: Logger): void {
  const send = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const body = catalogErrorBody(error);
    const { code } = body.error;
    if (code >= 500) logger.log('error', 'a request failed', { route: request.routeOptions.url, error });
    if (code === 401) reply.header('www-authenticate', 'Bearer');
    const retryAfter = retryAfterOf(error);
    if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
    reply
      .code(code)
      .type('application/json')
      .send(request.url.startsWith(ICEBERG_PATH + OAUTH) ? OAUTH_ERROR : body);
  };
  scope.setErrorHandler(send);
  scope.setNotFoundHandler((request, reply) => {
    const what = errorBody(badRequest(`there is no ${request.method} ${request.url}`)).error.message;
    reply.code(404).send({ error: { message: what, type: 'NotFoundException', code: 404 } });
  });
}

const OAUTH_ERROR = {
  error: 'unsupported_grant_type',
  error_description: 'this catalog gives no tokens: set the property `token` to an API key, not `credential`',
};
