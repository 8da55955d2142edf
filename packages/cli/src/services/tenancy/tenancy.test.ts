/** Services of one lake in this process: a real catalog, directories for buckets, real HTTP. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger, systemClock } from '@lakewright/core';
import { Catalog, parseStorageProfiles, Tenancy } from '@lakewright/lake';
import { createDemo, loadApiKeys } from '@lakewright/otlp';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePorts } from '../../../../../test/support/ports.ts';
import { waitFor } from '../../../../../test/support/wait.ts';
import { describeEmbedded, FileObjectStore, temporaryStore } from '../../../../local/test/adapters.ts';
import { Closers } from '../../closers.ts';
import { loadConfig } from '../../config.ts';
import { lakeOver } from '../open.ts';
import { readyReport } from '../ready.ts';
import { SERVICES } from '../registry.ts';
import { serviceSettings } from '../settings.ts';

const ACME = { organization: '11110000-0000-4000-8000-000000000000', bucket: 'acme', key: 'acme-key-1' };
const BETA = { organization: '22220000-0000-4000-8000-000000000000', bucket: 'beta', key: 'beta-key-1' };
type Tenant = typeof ACME;

describeEmbedded('services of a lake whose organizations change', (empty) => {
  let catalog: Catalog;
  let tenancy: Tenancy;
  let root: { root: string; remove: () => Promise<void> };
  let env: Record<string, string>;
  let lines: string[];
  let closers: Closers;

  beforeEach(async () => {
    const sql = await empty();
    catalog = await Catalog.open(sql, systemClock);
    tenancy = await Tenancy.open(sql, systemClock);
    root = await temporaryStore();
    await writeFile(join(root.root, 'lakewright.yaml'), 'lake: { ingest: { interval: 100ms } }');
    lines = [];
    closers = new Closers();
    const [http, grpc, query] = await freePorts(3);
    env = {
      DATABASE_URL: 'postgres://not-used',
      LAKEWRIGHT_HOST: '127.0.0.1',
      LAKEWRIGHT_OTLP_HTTP_PORT: String(http),
      LAKEWRIGHT_OTLP_GRPC_PORT: String(grpc),
      LAKEWRIGHT_QUERY_PORT: String(query),
      LAKEWRIGHT_SCRATCH: join(root.root, 'scratch'),
      LAKEWRIGHT_TENANCY_INTERVAL: '100ms',
    };
  });
  afterEach(async () => {
    await closers.close();
    await root.remove();
  });

  /** Makes the organizations with a key and a bucket what is given. */
  const seed = (...tenants: Tenant[]) =>
    tenancy.seed({
      keys: loadApiKeys(
        JSON.stringify(
          tenants.map(({ organization, key }) => ({ organization_id: organization, keys: [key] })),
        ),
      ),
      profiles: parseStorageProfiles(
        JSON.stringify(
          tenants.map(({ organization, bucket }) => ({ organization_id: organization, bucket })),
        ),
      ),
    });

  async function start(name: string): Promise<void> {
    const service = SERVICES.find((candidate) => candidate.name === name);
    const logger = createLogger({ level: 'info', format: 'text', write: (line) => void lines.push(line) });
    const config = await loadConfig(join(root.root, 'lakewright.yaml'));
    const lake = await lakeOver(name, serviceSettings(env, config), {
      ...{ catalog, tenancy, logger, closers, metrics: new Registry() },
      open: ({ bucket }) => FileObjectStore.open(join(root.root, bucket)),
    });
    const stop = new AbortController();
    const running = service?.load().then((run) => run(lake, stop.signal));
    closers.add(async () => {
      stop.abort();
      await running;
    });
  }

  async function send(tenant: Tenant): Promise<number> {
    const [{ body }] = createDemo({ seed: 1, rate: 100, startNs: BigInt(Date.now()) * 1_000_000n })
      .next(1000)
      .filter(({ signal }) => signal === 'logs');
    const response = await fetch(`http://127.0.0.1:${env.LAKEWRIGHT_OTLP_HTTP_PORT}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', authorization: `Bearer ${tenant.key}` },
      body,
    });
    await response.arrayBuffer();
    return response.status;
  }

  /** The answer's status, and how many logs there are. */
  async function ask(tenant: Tenant): Promise<[status: number, logs: number | undefined]> {
    const response = await fetch(`http://127.0.0.1:${env.LAKEWRIGHT_QUERY_PORT}/api/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${tenant.key}` },
      body: JSON.stringify({ query: 'select count(*)::int from logs' }),
    });
    const { rows } = (await response.json()) as { rows?: number[][] };
    return [response.status, rows?.[0][0]];
  }

  it('takes, ingests and answers for an organization that is added while they run, and refuses a key that is revoked', async () => {
    await seed(ACME);
    for (const name of ['otel-gateway', 'ingest-logs', 'query-api']) await start(name);
    await waitFor('the gateway', async () => (await send(ACME)) === 200);
    await waitFor('logs of the first organization', async () => ((await ask(ACME))[1] ?? 0) > 0);
    expect(await send(BETA)).toBe(401);
    expect(await ask(BETA)).toEqual([401, undefined]);

    await seed(ACME, BETA);
    await waitFor('the new key', async () => {
      const status = await send(BETA);
      // Never let in before there is a place for what is sent.
      expect([200, 401]).toContain(status);
      return status === 200;
    });
    await waitFor('logs of the new organization', async () => ((await ask(BETA))[1] ?? 0) > 0);
    const beta = await FileObjectStore.open(join(root.root, BETA.bucket));
    const segments: string[] = [];
    for await (const { key } of beta.list(`db/${BETA.organization}/logs/`)) segments.push(key);
    expect(segments).not.toEqual([]);
    await beta.close();
    expect(await readyReport(catalog, false)).toMatchObject({ ready: true });

    await seed(ACME, { ...BETA, key: 'beta-key-2' });
    await waitFor('the old key to be refused by both', async () => {
      return (await send(BETA)) === 401 && (await ask(BETA))[0] === 401;
    });
    expect((await ask({ ...BETA, key: 'beta-key-2' }))[1]).toBeGreaterThan(0);
    expect(lines.filter((line) => /(warn|error) /.test(line))).toEqual([]);
  });
});
