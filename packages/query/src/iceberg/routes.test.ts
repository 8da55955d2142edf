import { NotFoundError, silentLogger, UnavailableError } from '@lakewright/core';
import type { IcebergTables, TableName } from '@lakewright/lake';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ORG, type TestLake, testLake } from '../../test/lake.ts';
import { addIcebergRoutes, addPublishRoute, type QueryServer, startQueryServer } from '../index.ts';

const TABLES: readonly TableName[] = ['logs', 'traces', 'gauge'];
const METADATA = {
  'format-version': 2,
  'current-snapshot-id': 2,
  snapshots: [{ 'snapshot-id': 1 }, { 'snapshot-id': 2 }],
};

let lake: TestLake;
let server: QueryServer;
let fault: Error | undefined;
const published: unknown[] = [];

const tables: IcebergTables = {
  async list(organization) {
    return organization === ORG ? [...TABLES] : [];
  },
  async has(organization, table) {
    if (fault instanceof UnavailableError) throw fault;
    return (await tables.list(organization)).some((name) => name === table);
  },
  async load(_organization, table) {
    if (fault !== undefined) throw fault;
    return { metadataLocation: `file:///lake/${table}/00001-a.metadata.json`, metadata: METADATA };
  },
};

beforeAll(async () => {
  lake = await testLake();
  server = await startQueryServer({
    host: '127.0.0.1',
    port: 0,
    engine: lake.engine(),
    admin: {} as never,
    auth: {
      organizationOf: ({ authorization }) =>
        authorization === 'Bearer one' ? ORG : authorization === 'Bearer two' ? 'other' : undefined,
    },
    ready: async () => ({ ready: true, parts: {} }),
    routes: (app, organizationOf) => {
      const storeProperties = { 's3.endpoint': 'http://s3.test' };
      addIcebergRoutes(app, { tables, organizationOf, storeProperties, logger: silentLogger });
      const publisher = {
        async publish(scope: unknown) {
          published.push(scope);
          return [];
        },
      };
      addPublishRoute(app, publisher, organizationOf);
    },
    metrics: new Registry(),
    logger: silentLogger,
  });
});
afterAll(async () => {
  await server.close();
  await lake.close();
});

const call = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
  fetch(`${server.url}/iceberg/v1/${path}`, {
    ...init,
    headers: { authorization: 'Bearer one', ...init.headers },
  });
// biome-ignore lint/suspicious/noExplicitAny: whatever the server says
const get = async (path: string, init = {}): Promise<[number, any]> => {
  const response = await call(path, init);
  return [response.status, await response.json()];
};
const error = (code: number, type: string, message: string) => [code, { error: { message, type, code } }];
const NO_KEY =
  'the request has no valid API key: send it as `Authorization: Bearer <key>` or `x-cardinalhq-api-key: <key>`';

describe('the Iceberg REST catalog', () => {
  it('says what it offers', async () => {
    const [status, body] = await get('config?warehouse=any');
    expect(status).toBe(200);
    expect(body).toMatchObject({ defaults: { 's3.endpoint': 'http://s3.test' }, overrides: {} });
    expect(body.endpoints).toContain('HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}');
  });

  it('offers what it says, and nothing that writes', async () => {
    const [, { endpoints }] = await get('config');
    for (const endpoint of endpoints as string[]) {
      const [method, path] = endpoint.split(' ');
      const url = path.replace('/v1/{prefix}/', '').replace('{namespace}', 'lake').replace('{table}', 'logs');
      expect((await call(url, { method })).status, endpoint).toBeLessThan(300);
    }
  });

  it.each<[string, unknown]>([
    ['namespaces', { namespaces: [['lake']], 'next-page-token': null }],
    ['namespaces?parent=', { namespaces: [['lake']], 'next-page-token': null }],
    ['namespaces?parent=lake', { namespaces: [], 'next-page-token': null }],
    ['namespaces/lake', { namespace: ['lake'], properties: {} }],
    [
      'namespaces/lake/tables',
      {
        identifiers: TABLES.map((name) => ({ namespace: ['lake'], name })),
        'next-page-token': null,
      },
    ],
    [
      'namespaces/lake/tables/logs',
      {
        'metadata-location': 'file:///lake/logs/00001-a.metadata.json',
        metadata: METADATA,
        config: { 's3.endpoint': 'http://s3.test' },
      },
    ],
  ])('GET %s', async (path, body) => {
    expect(await get(path)).toEqual([200, body]);
  });

  it('pages through the tables', async () => {
    const seen: string[] = [];
    const sizes: number[] = [];
    let token: string | null = '';
    while (token !== null) {
      const [, body]: [number, { identifiers: { name: string }[]; 'next-page-token': string | null }] =
        (await get(`namespaces/lake/tables?pageSize=2&pageToken=${token}`)) as never;
      seen.push(...body.identifiers.map(({ name }) => name));
      sizes.push(body.identifiers.length);
      token = body['next-page-token'];
    }
    expect(seen).toEqual(TABLES);
    expect(sizes).toEqual([2, 1]);
  });

  it('loads only what branches name when it is asked to, and nothing that is known', async () => {
    const response = await call('namespaces/lake/tables/logs?snapshots=refs');
    expect(await response.json()).toMatchObject({ metadata: { 'current-snapshot-id': 2 } });
    expect((await get('namespaces/lake/tables/logs?snapshots=refs'))[1].metadata.snapshots).toEqual([
      { 'snapshot-id': 2 },
    ]);
    const etag = response.headers.get('etag') ?? '';
    const headers = { 'if-none-match': etag };
    expect((await call('namespaces/lake/tables/logs?snapshots=refs', { headers })).status).toBe(304);
    expect((await call('namespaces/lake/tables/logs', { headers })).status).toBe(200);
  });

  it.each([
    ['HEAD', 'namespaces/lake', 204],
    ['HEAD', 'namespaces/other', 404],
    ['HEAD', 'namespaces/lake/tables/logs', 204],
    ['HEAD', 'namespaces/lake/tables/nothing', 404],
    ['POST', 'namespaces/lake/tables/logs/metrics', 204],
    ['POST', 'namespaces/lake/tables/nothing/metrics', 404],
  ])('%s %s is %i', async (method, path, status) => {
    const body = method === 'POST' ? { body: '{"report-type":"scan-report"}' } : {};
    const headers: Record<string, string> = method === 'POST' ? { 'content-type': 'application/json' } : {};
    const response = await call(path, { method, headers, ...body });
    expect(response.status).toBe(status);
    if (status === 204) expect(await response.text()).toBe('');
  });

  it("shows nobody another organization's tables", async () => {
    const headers = { authorization: 'Bearer two' };
    expect(await get('namespaces/lake/tables', { headers })).toMatchObject([200, { identifiers: [] }]);
    expect(await get('namespaces/lake/tables/logs', { headers })).toEqual(
      error(404, 'NoSuchTableException', 'there is no table "lake.logs"'),
    );
  });

  it.each<[string, unknown[]]>([
    ['namespaces?parent=other', error(404, 'NoSuchNamespaceException', 'there is no namespace "other"')],
    ['namespaces/a%1Fb', error(404, 'NoSuchNamespaceException', 'there is no namespace "a.b"')],
    ['namespaces/other/tables', error(404, 'NoSuchNamespaceException', 'there is no namespace "other"')],
    ['namespaces/lake/tables/x', error(404, 'NoSuchTableException', 'there is no table "lake.x"')],
    ['nothing', error(404, 'NotFoundException', 'there is no GET /iceberg/v1/nothing')],
    [
      'namespaces/lake/tables?pageToken=x',
      error(400, 'BadRequestException', 'pageToken is not one that was given for this list'),
    ],
    [
      'namespaces/lake/tables?pageToken=&pageSize=0',
      error(400, 'BadRequestException', 'pageSize is not a whole number above zero'),
    ],
    [
      'namespaces/lake/tables/logs?snapshots=some',
      error(400, 'BadRequestException', 'snapshots is neither all nor refs'),
    ],
  ])('GET %s is refused as clients expect it', async (path, answer) => {
    expect(await get(path)).toEqual(answer);
  });

  it.each([
    ['POST', 'namespaces'],
    ['DELETE', 'namespaces/lake'],
    ['POST', 'namespaces/lake/properties'],
    ['POST', 'namespaces/lake/tables'],
    ['POST', 'namespaces/lake/tables/logs'],
    ['DELETE', 'namespaces/lake/tables/logs'],
    ['POST', 'namespaces/lake/register'],
    ['POST', 'tables/rename'],
    ['POST', 'transactions/commit'],
  ])('%s %s changes nothing', async (method, path) => {
    const init = { method, headers: { 'content-type': 'application/json' }, body: '{}' };
    expect(await get(path, init)).toEqual(
      error(406, 'UnsupportedOperationException', `${method} /iceberg/v1/${path}: this catalog is read-only`),
    );
  });

  it.each(['config', 'namespaces', 'namespaces/lake/tables/logs', 'nothing'])(
    'wants a key for %s',
    async (path) => {
      for (const authorization of ['', 'Bearer wrong']) {
        const response = await call(path, { headers: { authorization } });
        expect(response.headers.get('www-authenticate')).toBe('Bearer');
        expect([response.status, await response.json()]).toEqual(
          error(401, 'NotAuthorizedException', NO_KEY),
        );
      }
    },
  );

  it('tells a client that wants a token what to do instead', async () => {
    const init = {
      method: 'POST',
      headers: { authorization: '', 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials&client_secret=s3cret',
    };
    const [status, body] = await get('oauth/tokens', init);
    expect([status, body.error]).toEqual([401, 'unsupported_grant_type']);
    expect(body.error_description).toMatch(/`token`/);
  });

  it('does not say that a table is not there when its metadata is lost, or the lake away', async () => {
    fault = new NotFoundError('no object iceberg/x');
    const [lost] = await get('namespaces/lake/tables/logs');
    fault = new UnavailableError('the catalog is away', { retryAfterSeconds: 7 });
    const away = await call('namespaces/lake/tables/logs');
    fault = undefined;
    expect(lost).toBe(500);
    expect(away.headers.get('retry-after')).toBe('7');
    expect([away.status, await away.json()]).toEqual(
      error(503, 'ServiceUnavailableException', 'the catalog is away'),
    );
  });
});

it("POST /api/v1/iceberg/publish publishes the asker's tables", async () => {
  const response = await fetch(`${server.url}/api/v1/iceberg/publish`, {
    method: 'POST',
    headers: { authorization: 'Bearer one' },
  });
  expect(await response.json()).toEqual({ tables: [] });
  expect(published).toEqual([{ organization: ORG }]);
});
