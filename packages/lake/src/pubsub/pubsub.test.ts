import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  joinedStore,
  type Logger,
  objectCreatedEvent,
  type Queue,
  systemClock,
  UnavailableError,
} from '@lakewright/core';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { embeddedSql, sqlQueue, temporaryStore } from '../../../local/test/adapters.ts';
import { FailingStore } from '../../test/fakes.ts';
import { Catalog } from '../catalog/index.ts';
import { parseStorageProfiles, placesOf } from '../tenancy/index.ts';
import { runPubSub } from './pubsub.ts';

const ORGANIZATION = '11110000-0000-4000-8000-000000000000';
const STRANGER = '33330000-0000-4000-8000-000000000000';
const ULID = '01KKQ1B4ZT0000000000000000';
const BUCKET = 'acme-telemetry';
const key = (name: string, organization = ORGANIZATION) =>
  `otel-raw/${organization}/default/2026/03/14/00/00/logs_${name}.binpb`;

const created = (of: string, more: object = {}) => ({
  ...{ bucket: BUCKET, key: of, versionId: undefined, etag: 'e1', size: 3, sequencer: undefined },
  ...more,
});
const eventBridge = (of: string, more: object = {}) => objectCreatedEvent(created(of, more), 'id', 0);
const s3Records = (...keys: string[]) =>
  JSON.stringify({
    Records: keys.map((of) => ({
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      s3: {
        bucket: { name: BUCKET },
        object: { key: encodeURIComponent(of).replaceAll('%20', '+'), eTag: 'e1', size: 3 },
      },
    })),
  });

let queue: Queue & { maintain(): Promise<unknown> };
let catalog: Catalog;
let store: FailingStore;
let inner: Awaited<ReturnType<typeof temporaryStore>>;
let stop: AbortController;
let running: Promise<void>;
let lines: { message: string; fields: Record<string, unknown> }[];
let closeSql: () => Promise<void>;
const metrics = new Registry();

beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'lakewright-pubsub-'));
  const sql = await embeddedSql(join(directory, 'catalog'));
  closeSql = async () => {
    await sql.close();
    await rm(directory, { recursive: true, force: true });
  };
  queue = (await sqlQueue(sql, { name: 'ingest', visibilityMs: 5000, maxReceives: 30 })) as typeof queue;
  catalog = await Catalog.open(sql, systemClock);
  inner = await temporaryStore();
  store = new FailingStore(joinedStore(new Map([[`s3://${BUCKET}/`, inner.store]])));
  stop = new AbortController();
  lines = [];
  const logger: Logger = {
    log: (_level, message, fields = {}) => void lines.push({ message, fields }),
    with: () => logger,
  };
  metrics.clear();
  running = runPubSub(
    {
      ...{ queue, store, catalog, logger, metrics },
      places: placesOf(parseStorageProfiles(`[{organization_id: ${ORGANIZATION}, bucket: ${BUCKET}}]`)),
      settings: { pollers: 2, waitMs: 100, retryMs: 10, backoffMs: 10, maxBackoffMs: 50 },
    },
    stop.signal,
  );
});

afterEach(async () => {
  stop.abort();
  await running;
  await closeSql();
  await inner.remove();
});

const send = (...bodies: string[]) => queue.send(bodies.map((body) => ({ body })));
const settled = () =>
  waitFor('the queue to be empty', async () => {
    const { waiting, inFlight } = await queue.counts();
    return waiting + inFlight === 0;
  });
const pending = async () => (await catalog.status(ORGANIZATION)).rawObjects.pending;
const outcome = async (name: string) => {
  const metric = await metrics.getSingleMetric('lakewright_pubsub_objects_total')?.get();
  return metric?.values.find(({ labels }) => labels.outcome === name)?.value ?? 0;
};

describe('runPubSub', () => {
  it('makes rows of what both kinds of notification tell, each object once', async () => {
    await send(
      eventBridge(key(ULID)),
      s3Records(key(ULID), key(`${ULID}b`)),
      s3Records(key(ULID)),
      JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: BUCKET }),
    );
    await settled();
    await expect.poll(pending).toBe(1);
    expect(await outcome('announced')).toBe(1);
    // Of a message that is handed out twice on a busy machine, twice.
    for (const what of ['known', 'gone', 'nothing']) expect(await outcome(what)).toBeGreaterThan(0);
  });

  it('asks the store about a dropped file, whose name may hold anything', async () => {
    const name = 'logs-raw/a b+c%20é.csv';
    await inner.store.put(name, new TextEncoder().encode('a,b\n'));
    await send(s3Records(name));
    await settled();
    expect(await pending()).toBe(1);
    const [claimed] = await catalog.claim({
      ...{ owner: 'me', maxBytes: 1e9, maxObjects: 9, ripeBeforeMs: Date.now(), ripeBytes: 0 },
    });
    expect(claimed).toMatchObject({ key: `s3://${BUCKET}/${name}`, size: 4, organization: ORGANIZATION });
  });

  it("counts and names what is nobody's, and leaves its own segments", async () => {
    await send(
      eventBridge('elsewhere/a.csv'),
      eventBridge(key(ULID, STRANGER)),
      eventBridge(key(ULID), { bucket: 'another' }),
      eventBridge(`db/${ORGANIZATION}/logs/20260102/03/x.parquet`),
      eventBridge('logs-raw/'),
    );
    await settled();
    expect(await pending()).toBe(0);
    expect(await outcome('unknown')).toBeGreaterThanOrEqual(3);
    expect(await outcome('own')).toBeGreaterThanOrEqual(2);
    const named = lines.filter(({ message }) => message.includes('unknown prefix'));
    expect(named.map(({ fields }) => fields.prefix).sort()).toEqual([
      `s3://${BUCKET}/elsewhere/`,
      `s3://${BUCKET}/otel-raw/${STRANGER}/`,
      `s3://another/otel-raw/${ORGANIZATION}/`,
    ]);
  });

  it('puts back alone what nobody understands, until it is a dead letter', async () => {
    await send('{"patient":"John Doe"}', eventBridge(key(ULID)));
    await waitFor('a dead letter', async () => (await queue.counts()).dead === 1);
    expect(await pending()).toBe(1);
    expect((await queue.deadLetters(1))[0].reason).toMatch(/neither an EventBridge event/);
    expect(JSON.stringify(lines)).not.toContain('John Doe');
  });

  it('deletes no message while the store is away', async () => {
    const name = 'logs-raw/a.csv';
    await inner.store.put(name, new TextEncoder().encode('a,b\n'));
    store.fault = () => new UnavailableError('the store is away');
    await send(s3Records(name));
    await waitFor('a failure', () => lines.some(({ message }) => message === 'notifications are held up'));
    expect(await pending()).toBe(0);
    store.fault = () => undefined;
    await settled();
    expect(await pending()).toBe(1);
  });
});
