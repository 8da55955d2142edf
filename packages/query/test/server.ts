import { silentLogger } from '@lakewright/core';
import type { LakeAdmin } from '@lakewright/lake';
import { Registry } from 'prom-client';
import { type ReadyReport, type SqlEngine, startQueryServer } from '../src/index.ts';
import { HOUR, ORG, OTHER_ORG, T0, testLake } from './lake.ts';

/** An integer past 2^53. */
export const BIG = 2n ** 60n;
const KEYS: Readonly<Record<string, string>> = { 'Bearer one': ORG, 'Bearer two': OTHER_ORG };

export interface Answer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  readonly error: { readonly code: string; readonly message: string };
}

export const bodyOf = async (response: Response) => (await response.json()) as Answer;

type Init = RequestInit & { headers?: Record<string, string> };

/** A query server over a small lake: ORG asks with `Bearer one`, OTHER_ORG with `Bearer two`. */
export interface TestServer {
  readonly url: string;
  readonly metrics: Registry;
  /** What the readiness check says, or throws. */
  readiness: ReadyReport | Error;
  /** A request of ORG's. */
  call(path: string, init?: Init): Promise<Response>;
  /** A SQL request of ORG's; a string is the body as it is. */
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
  json(body: unknown): Promise<{ status: number; body: Answer }>;
  close(): Promise<void>;
}

const letter = {
  id: BIG,
  organization: ORG,
  signal: 'logs',
  key: 'otel-raw/x',
  etag: 'e',
  size: 5,
  arrivedNs: T0,
  failedNs: T0 + 1n,
  attempts: 3,
  reason: 'truncated',
} as const;

const none = { count: 0, bytes: 0 };

/** What the fake lake's sweeper says. */
export const SWEPT = {
  dryRun: true,
  retired: { count: 3, bytes: 1000 },
  waiting: none,
  orphans: none,
  unconfirmed: none,
  foreign: none,
  expired: none,
  rawObjects: none,
  history: 1,
  claims: { rawObjects: 0, segments: 2 },
  failed: 0,
};

const admin: LakeAdmin = {
  async services(organization) {
    return organization === ORG ? [{ service: 'cart', tables: ['logs'], lastSeenNs: T0 + 5n }] : [];
  },
  async status() {
    return {
      rawObjects: { pending: 1, claimed: 0, done: 2, dead: 1 },
      oldestPendingSeconds: 1.5,
      tables: [
        { table: 'logs', segments: 1, rows: 3n, bytes: BIG, minTimeNs: T0, maxTimeNs: T0 + HOUR },
        { table: 'sum', segments: 0, rows: 0n, bytes: 0n, minTimeNs: null, maxTimeNs: null },
      ],
    };
  },
  async deadLetters(organization) {
    return organization === ORG ? [letter] : [];
  },
  async deadLetter(organization, id) {
    return organization === ORG && id === BIG - 1n ? { ...letter, id } : undefined;
  },
  async replay() {
    return 'queued';
  },
  async sweep(organization, { dryRun }) {
    return { ...SWEPT, dryRun, history: organization === ORG ? 1 : 0 };
  },
};

/** `within` puts something around the engine. */
export async function testServer(
  within: (engine: SqlEngine, metrics: Registry) => SqlEngine = (engine) => engine,
): Promise<TestServer> {
  const lake = await testLake();
  await lake.add({
    rows: [
      {
        time: T0 + 123_456_789n,
        service: 'cart',
        columns: {
          body: '\'say "hi", é\'',
          log_attributes: "MAP {'a': '1', '__proto__': 'x'}",
          stream_id: String(BIG),
        },
      },
      { time: T0 + HOUR, service: 'cart' },
    ],
  });
  const metrics = new Registry();
  const server = await startQueryServer({
    host: '127.0.0.1',
    port: 0,
    engine: within(lake.engine({ metrics, limits: { maxSqlBytes: 2000, maxQuerySeconds: 20 } }), metrics),
    admin,
    auth: { organizationOf: (headers) => KEYS[String(headers.authorization)] },
    ready: async () => {
      if (api.readiness instanceof Error) throw api.readiness;
      return api.readiness;
    },
    metrics,
    logger: silentLogger,
    limits: { maxBodyBytes: 10_000 },
  });
  const api: TestServer = {
    url: server.url,
    metrics,
    readiness: { ready: true, parts: { catalog: { ready: true } } },
    call: (path, init = {}) =>
      fetch(server.url + path, { ...init, headers: { authorization: 'Bearer one', ...init.headers } }),
    post: (body, headers = {}) =>
      api.call('/api/v1/sql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    async json(body) {
      const response = await api.post(body);
      return { status: response.status, body: await bodyOf(response) };
    },
    async close() {
      await server.close();
      await lake.close();
    },
  };
  return api;
}
