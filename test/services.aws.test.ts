import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { s3ObjectStore } from '@lakewright/aws';
import { createDemo } from '@lakewright/otlp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVICES } from '../packages/cli/src/services/registry.ts';
import { faultsOf, IcebergReader, type Metadata } from '../packages/lake/test/iceberg-reader.ts';
import { count, telemetry } from './support/hour-of-telemetry.ts';
import { ACME, BETA, LakeOnAws, type Tenant } from './support/lake-on-aws.ts';
import { disagreements, rollupAgreement } from './support/rollup-agreement.ts';
import { waitFor } from './support/wait.ts';

const CONFIG = `
lake:
  ingest: {interval: 500ms, listing: 5s, full_listing: 10s}
  compaction: {interval: 1s, min_inputs: 4}
  rollups: {interval: 1s}
  iceberg: {interval: 2s, keep: 5m}
`;

const TABLES = ['logs', 'traces', 'gauge', 'sum', 'histogram', 'exp_histogram', 'summary'];

/** Numbers that repeat, so that a failure can be looked at again: Knuth's MMIX generator. */
function random(seed: bigint): () => number {
  let state = seed;
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    return Number(state >> 11n) / 2 ** 53;
  };
}

describe('every service as a process, killed at random', () => {
  let directory: string;
  let lake: LakeOnAws;
  const sent = new Map<Tenant, Map<string, number>>();

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lakewright-services-'));
    const config = join(directory, 'lakewright.yaml');
    await writeFile(config, CONFIG);
    lake = await LakeOnAws.start({
      ...{ directory, config, tenants: [ACME, BETA], lease: '10s' },
      visibilitySeconds: 10,
    });
    Object.assign(process.env, lake.moto.env);
  });
  afterAll(async () => {
    await lake?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('services wait for setup, and setup is done once and again', async () => {
    const impatient = lake.lakewright(['service', 'sweeper'], { MIGRATION_CHECK_TIMEOUT: '1s' });
    const { code, stderr } = await impatient;
    expect(code).toBe(1);
    expect(stderr).toContain('run lakewright setup first');
    const first = await lake.lakewright(['setup', '--json']);
    expect(JSON.parse(first.stdout)).toEqual({
      organizations: 2,
      keys: { added: 2, removed: 0 },
      profiles: { added: 2, changed: 0, removed: 0 },
    });
    const again = await lake.lakewright(['setup', '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ organizations: 0, keys: { added: 0, removed: 0 } });
  });

  it('ends with every record once, though each is killed again and again and messages come twice', async () => {
    for (const process of processesOf(lake)) serve(lake, process);
    await lake.ready();
    const dice = random(7n);
    const sending = new AbortController();
    const killing = killAtRandom(lake, dice, sending.signal);
    try {
      await send(lake, dice, sent);
    } finally {
      sending.abort();
      await killing;
    }
    await Promise.all([ACME, BETA].map((tenant) => expectRows(lake, tenant, sent.get(tenant))));
    // One of them may have been started again just now.
    await waitFor('each query worker to answer', async () => {
      await lake.sql(ACME, 'select count(*) from logs');
      return (await unitsOf(lake)).every((units) => units > 0);
    });
  }, 900_000);

  it('keeps every record once when segments are merged', async () => {
    const objects = sent.get(ACME)?.get('objects') ?? 0;
    await waitFor(
      'a tenth as many segments as objects',
      async () => (await status(lake, ACME)).logs < objects / 3 / 10,
      120_000,
    );
    await Promise.all([ACME, BETA].map((tenant) => expectRows(lake, tenant, sent.get(tenant))));
    const spans = 'select count(distinct trace_id || span_id) as spans from traces';
    expect(await lake.sql(ACME, spans)).toEqual([{ spans: sent.get(ACME)?.get('traces') }]);
    expect((await status(lake, ACME)).dead + (await status(lake, BETA)).dead).toBe(0);
  }, 900_000);

  it('rolls every point up, though rollup-metrics was killed as the others were', async () => {
    for (const tenant of [ACME, BETA]) {
      let wrong: unknown[] = [];
      await waitFor(
        `rollups of ${tenant.bucket}`,
        async () => {
          wrong = disagreements(await rollupAgreement((sql) => lake.sql(tenant, sql)));
          return wrong.length === 0;
        },
        180_000,
      ).catch(() => expect(wrong).toEqual([]));
    }
  }, 900_000);

  it('publishes Iceberg tables that another reader reads from the bucket', async () => {
    const rows = sent.get(ACME) ?? new Map<string, number>();
    for (const table of TABLES) {
      await waitFor(
        `a snapshot of all ${table}`,
        async () => (await icebergReader(lake, ACME, table)).totalRecords === rows.get(table),
        120_000,
      );
    }
    const { reader } = await icebergReader(lake, ACME, 'summary');
    expect(faultsOf(reader.metadata)).toEqual([]);
    const found = (await reader.scan()).map(
      ({ time_unix_nano, series_id }) => `${time_unix_nano} ${series_id}`,
    );
    const asked = await lake.sql(ACME, 'select time_unix_nano, series_id from summary');
    const wanted = asked.map(({ time_unix_nano, series_id }) => `${time_unix_nano} ${series_id}`);
    expect(found.sort()).toEqual(wanted.sort());
  }, 900_000);

  it('takes nothing for an organization that has no profile in the bucket, and says so', async () => {
    await expect(lake.sql({ ...ACME, key: 'nobodys-key-0123' }, 'select 1')).rejects.toThrow('401');
    const foreign = `otel-raw/${ACME.organization}/default/2026/01/02/03/04/logs_1.binpb`;
    await s3ObjectStore({ bucket: BETA.bucket }).put(foreign, new Uint8Array([10, 0]));
    await waitFor('the foreign object to be named', () =>
      lake.services.get('pubsub-sqs')?.log.includes('unknown prefix or organization'),
    );
    expect((await lake.sql(ACME, 'select count(*) as n from logs'))[0].n).toBe(sent.get(ACME)?.get('logs'));
  });

  it('drains on SIGTERM', async () => {
    for (const [label, service] of lake.services) {
      expect([label, await service.end('SIGTERM')]).toEqual([label, 0]);
    }
  });
});

/** Puts an hour of telemetry, a tenth of it announced twice, a few objects before anything is announced. */
async function send(
  lake: LakeOnAws,
  dice: () => number,
  sent: Map<Tenant, Map<string, number>>,
): Promise<void> {
  const acme = telemetry({ organization: ACME.organization, seed: 1, rate: 60, minutes: 60 });
  const beta = telemetry({ organization: BETA.organization, seed: 2, rate: 20, minutes: 15 });
  sent.set(ACME, acme.rows.set('objects', acme.puts.length));
  sent.set(BETA, beta.rows);
  const puts = [
    ...acme.puts.map((put) => ({ ...put, tenant: ACME })),
    ...beta.puts.map((put) => ({ ...put, tenant: BETA })),
  ].sort((a, b) => (a.key < b.key ? -1 : 1));
  const stores = new Map([ACME, BETA].map(({ bucket }) => [bucket, s3ObjectStore({ bucket })]));
  const twice: string[] = [];
  for (const [i, { key, body, tenant }] of puts.entries()) {
    // What came before the notifications were set up, nobody announces.
    if (i === 10) await lake.notify();
    const { etag } = (await stores.get(tenant.bucket)?.put(key, body)) ?? { etag: '' };
    if (dice() < 0.1) twice.push(notification(tenant.bucket, key, etag, body.length));
    if (twice.length >= 10) await lake.send(twice.splice(0));
  }
  await lake.send(twice);
  await sendThroughGateway(lake, sent);
}

/** Sends OTLP as a client does: again, until it is taken. */
async function sendThroughGateway(lake: LakeOnAws, sent: Map<Tenant, Map<string, number>>): Promise<void> {
  const demo = createDemo({ seed: 3, rate: 500, startNs: BigInt(Date.now() - 60_000) * 1_000_000n });
  for (let i = 0; i < 10; i++) {
    for (const batch of demo.next(1000)) {
      count(sent.get(ACME) ?? new Map(), ACME.organization, batch);
      await waitFor(
        'the gateway to take a request',
        async () => {
          const response = await fetch(`${lake.otlpUrl}/v1/${batch.signal}`, {
            method: 'POST',
            headers: { 'content-type': 'application/x-protobuf', authorization: `Bearer ${ACME.key}` },
            body: batch.body,
          });
          return response.ok;
        },
        60_000,
      );
    }
  }
}

/** As S3 says it: keys form-encoded. */
function notification(bucket: string, key: string, eTag: string, size: number): string {
  const record = {
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    s3: { bucket: { name: bucket }, object: { key: encodeURIComponent(key), eTag, size } },
  };
  return JSON.stringify({ Records: [record] });
}

/** A service as a process of this lake. */
interface Process {
  readonly name: string;
  readonly label: string;
  readonly env: Record<string, string>;
}

/** One of each service, and as many query workers as the query API looks for. */
function processesOf(lake: LakeOnAws): Process[] {
  return SERVICES.flatMap(({ name }) =>
    name === 'query-worker'
      ? lake.workerPorts.map((port, i) => ({
          ...{ name, label: `${name}-${i + 1}` },
          env: { QUERY_WORKER_PORT: String(port) },
        }))
      : [{ name, label: name, env: {} }],
  );
}

function serve(lake: LakeOnAws, { name, env, label }: Process): void {
  lake.serve(name, env, label);
}

/** Kills one service after the other, in any order, and starts each again, until it is told to end. */
async function killAtRandom(lake: LakeOnAws, dice: () => number, signal: AbortSignal): Promise<void> {
  const processes = processesOf(lake);
  const killed = new Set<string>();
  while (!signal.aborted || killed.size < processes.length) {
    const waiting = processes.filter(({ label }) => !killed.has(label));
    const candidates = waiting.length > 0 ? waiting : processes;
    const process = candidates[Math.floor(dice() * candidates.length)];
    const { name, label } = process;
    // A client of the gateway cannot know whether what it sent before the kill was taken: it is drained instead.
    await lake.services.get(label)?.end(name === 'otel-gateway' ? 'SIGTERM' : 'SIGKILL');
    serve(lake, process);
    killed.add(label);
    await delay(300 + dice() * 1200);
  }
  await lake.ready();
}

async function expectRows(
  lake: LakeOnAws,
  tenant: Tenant,
  wanted: ReadonlyMap<string, number> | undefined,
): Promise<void> {
  const counts = TABLES.map((table) => `(select count(*) from ${table}) as ${table}`).join(', ');
  const expected = Object.fromEntries(TABLES.map((table) => [table, wanted?.get(table) ?? 0]));
  let last: unknown;
  await waitFor(
    `every record of ${tenant.bucket}`,
    async () => {
      [last] = await lake.sql(tenant, `select ${counts}`);
      return JSON.stringify(last) === JSON.stringify(expected);
    },
    120_000,
  ).catch(async (error: unknown) => {
    // Says what is missing or doubled, and what the services said.
    console.error(JSON.stringify(await status(lake, tenant)));
    for (const [label, { log }] of lake.services) {
      const remarks = log.split('\n').filter((line) => /(warn|error) /.test(line));
      console.error(`${label}:\n${remarks.slice(-20).join('\n')}`);
    }
    expect(last).toEqual(expected);
    throw error;
  });
}

/** How many units each query worker has answered. */
function unitsOf(lake: LakeOnAws): Promise<number[]> {
  return Promise.all(
    lake.workerPorts.map(async (port) => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return Number(/^lakewright_worker_units_total\{outcome="ok"\} (\d+)$/m.exec(text)?.[1] ?? 0);
    }),
  );
}

/** Live segments of logs, and dead letters. */
async function status(
  lake: LakeOnAws,
  tenant: Tenant,
): Promise<{ logs: number; pending: number; claimed: number; dead: number }> {
  const response = await fetch(`${lake.queryUrl}/api/v1/status`, {
    headers: { authorization: `Bearer ${tenant.key}` },
  });
  const { tables, rawObjects } = (await response.json()) as {
    tables: { table: string; segments: number }[];
    rawObjects: { pending: number; claimed: number; dead: number };
  };
  return { logs: tables.find(({ table }) => table === 'logs')?.segments ?? 0, ...rawObjects };
}

/** A table as the REST catalog names it, to be read with nothing but the URIs in it. */
async function icebergReader(
  lake: LakeOnAws,
  tenant: Tenant,
  table: string,
): Promise<{ reader: IcebergReader; totalRecords: number }> {
  const response = await fetch(`${lake.queryUrl}/iceberg/v1/namespaces/lake/tables/${table}`, {
    headers: { authorization: `Bearer ${tenant.key}` },
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  const { metadata } = (await response.json()) as { metadata: Metadata };
  const reader = new IcebergReader(metadata, async (uri) => {
    const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
    return s3ObjectStore({ bucket }).get(key);
  });
  return { reader, totalRecords: Number(metadata.snapshots.at(-1)?.summary['total-records']) };
}
