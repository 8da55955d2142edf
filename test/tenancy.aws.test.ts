import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { s3ObjectStore } from '@lakewright/aws';
import { createDemo, type Demo, type DemoBatch } from '@lakewright/otlp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACME, aws, BETA, LakeOnAws, type Tenant } from './support/lake-on-aws.ts';
import { waitFor } from './support/wait.ts';

const CONFIG = 'lake: { ingest: { interval: 100ms, listing: 1s, full_listing: 1h } }';
/** One request of logs. */
const LOGS = logsOf(createDemo({ seed: 1, rate: 100, startNs: BigInt(Date.now() - 60_000) * 1_000_000n }));

describe('services as processes whose organizations change', () => {
  let directory: string;
  let lake: LakeOnAws;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lakewright-tenancy-'));
    const config = join(directory, 'lakewright.yaml');
    await writeFile(config, CONFIG);
    lake = await LakeOnAws.start({
      ...{ directory, config, tenants: [ACME], lease: '10s' },
      visibilitySeconds: 10,
    });
    Object.assign(process.env, lake.moto.env);
  });
  afterAll(async () => {
    await lake?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** Runs setup with these organizations, each with the keys that are given. */
  async function setup(tenants: readonly (Tenant & { keys: readonly string[] })[], ...options: string[]) {
    return lake.lakewright(['setup', ...options], {
      STORAGE_PROFILES_ENV: JSON.stringify(
        tenants.map(({ organization, bucket }) => ({
          organization_id: organization,
          bucket,
          region: 'us-east-1',
        })),
      ),
      API_KEYS_ENV: JSON.stringify(
        tenants.map(({ organization, keys }) => ({ organization_id: organization, keys })),
      ),
    });
  }

  async function send({ key }: Tenant): Promise<number> {
    const { status } = await fetch(`${lake.otlpUrl}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', authorization: `Bearer ${key}` },
      body: LOGS.body,
    });
    return status;
  }

  const count = async (tenant: Tenant) =>
    Number((await lake.sql(tenant, 'select count(*) as n from logs'))[0].n);

  it('serve a new organization in a new bucket, and refuse a revoked key, without a restart', async () => {
    expect((await lake.lakewright(['setup'])).code).toBe(0);
    const often = { LAKEWRIGHT_TENANCY_INTERVAL: '500ms' };
    const [port] = lake.workerPorts;
    for (const name of ['otel-gateway', 'pubsub-sqs', 'ingest-logs']) lake.serve(name, often);
    lake.serve('query-api', { ...often, LAKEWRIGHT_QUERY_WORKERS: `http://127.0.0.1:${port}` });
    // It looks only when it is asked for segments in a bucket that it does not know.
    lake.serve('query-worker', { LAKEWRIGHT_TENANCY_INTERVAL: '1h', QUERY_WORKER_PORT: String(port) });
    await lake.ready();
    await waitFor('the gateway', async () => (await send(ACME)) === 200, 60_000);
    await waitFor('logs of the first organization', async () => (await count(ACME)) > 0, 60_000);
    expect(await send(BETA)).toBe(401);

    await aws(lake.moto, 's3api', 'create-bucket', '--bucket', BETA.bucket);
    const dropped = `otel-raw/${BETA.organization}/default/2026/01/02/03/04/logs_1.binpb`;
    // Before anybody knows the bucket, and never announced.
    await s3ObjectStore({ bucket: BETA.bucket }).put(dropped, LOGS.body);
    const both = [
      { ...ACME, keys: [ACME.key] },
      { ...BETA, keys: [BETA.key] },
    ];
    expect((await setup(both)).code).toBe(0);
    await waitFor('the new key', async () => {
      const status = await send(BETA);
      expect([200, 401]).toContain(status);
      return status === 200;
    });
    // What was sent, and what the listing found.
    await waitFor(
      'logs of the new organization',
      async () => (await count(BETA)) === 2 * LOGS.records,
      60_000,
    );

    expect(lake.services.get('query-worker')?.log).toContain('the storage profiles changed');

    const gone = await setup([{ ...BETA, bucket: ACME.bucket, keys: [BETA.key] }]);
    expect(gone.code).toBe(1);
    expect(gone.stderr).toMatch(
      new RegExp(`organization ${BETA.organization} still has .* in bucket ${BETA.bucket}`),
    );

    expect((await setup([{ ...BETA, keys: [] }])).code).toBe(0);
    await waitFor('the last key to be refused', async () => (await send(BETA)) === 401);
    await waitFor('questions to be refused', () =>
      count(BETA).then(
        () => false,
        (error: Error) => error.message.startsWith('401'),
      ),
    );
    expect(await count(ACME)).toBeGreaterThan(0);
    for (const [label, service] of lake.services) {
      expect([label, service.running]).toEqual([label, true]);
      expect([label, await service.end('SIGTERM')]).toEqual([label, 0]);
    }
  }, 600_000);
});

function logsOf(demo: Demo): DemoBatch {
  const found = demo.next(1000).find(({ signal }) => signal === 'logs');
  if (found === undefined) throw new Error('no logs in a second of the demo');
  return found;
}
