import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import { DEFAULT_ORGANIZATION, type Logger, type Signal, systemClock } from '@lakewright/core';
import { Catalog, cook, createThreadCooker, runIngestWorker } from '@lakewright/lake';
import { embeddedSql, FileObjectStore } from '@lakewright/local';
import { Registry } from 'prom-client';
import { waitFor } from '../test/support/wait.ts';
import { type Payload, requestOf, signalOf } from './payloads.ts';
import { option, thousands } from './support.ts';

/**
 * An ingest worker over objects in files, from the claim to the published segments, beside cooking the same
 * objects alone: `npm run bench -- ingest [--records N] [--objects N]`. Objects are compressed as receivers do it, and one thread cooks in both.
 */
const RECORDS = option('records', 100_000);
const OBJECTS = option('objects', 12);
const PAYLOADS: readonly Payload[] = ['demo-logs', 'demo-spans', 'demo-number-points'];

for (const payload of PAYLOADS) {
  const signal = signalOf(payload);
  const body = requestOf(payload, RECORDS);
  const bytes = zstdCompressSync(body, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  const alone = cookAlone(signal, bytes);
  const worker = await throughWorker(signal, bytes);
  const records = RECORDS * OBJECTS;
  const rate = (seconds: number) =>
    `${thousands(records / seconds)} records/s, ${((body.length * OBJECTS) / 1e6 / seconds).toFixed(1)} MB/s in`;
  process.stdout.write(
    `${payload.padEnd(18)} cooking alone ${rate(alone)}; ingest worker ${rate(worker.seconds)} ` +
      `(${Math.round((100 * alone) / worker.seconds)} %), ${(worker.bytes / records).toFixed(1)} bytes a record\n`,
  );
}

/** Seconds of cooking, object by object, after one that warms up. */
function cookAlone(signal: Signal, bytes: Uint8Array): number {
  const object = {
    ...{ id: 1n, organization: DEFAULT_ORGANIZATION, collector: 'bench', signal, etag: 'bench' },
    ...{ size: bytes.length, arrivedNs: 1n },
  };
  const run = (i: number) =>
    cook({
      organization: DEFAULT_ORGANIZATION,
      signal,
      inputs: [{ object: { ...object, key: `otel-raw/bench/${i}.binpb.zst` }, bytes }],
    });
  run(0);
  const began = performance.now();
  for (let i = 1; i <= OBJECTS; i++) run(i);
  return (performance.now() - began) / 1000;
}

/** Seconds from the first claim until the last segment is published, and their bytes; the first object warms up. */
async function throughWorker(signal: Signal, bytes: Uint8Array): Promise<{ seconds: number; bytes: number }> {
  const root = await mkdtemp(join(tmpdir(), 'lakewright-bench-'));
  const sql = await embeddedSql(join(root, 'catalog'));
  const catalog = await Catalog.open(sql, systemClock);
  const store = await FileObjectStore.open(join(root, 'objects'));
  const logger: Logger = { log: () => undefined, with: () => logger };
  const cooker = createThreadCooker({ workers: 1 });
  const stop = new AbortController();
  const done = async (count: number) =>
    (await catalog.status(DEFAULT_ORGANIZATION)).rawObjects.done === count;
  const put = async (i: number) => {
    const key = `otel-raw/${DEFAULT_ORGANIZATION}/bench/2026/01/02/03/04/${signal}_${i}.binpb.zst`;
    const { etag, size } = await store.put(key, bytes);
    const organization = DEFAULT_ORGANIZATION;
    return { organization, collector: 'bench', signal, key, etag, size, arrivedNs: 1n };
  };
  const running = runIngestWorker(
    {
      ...{ store, catalog, cooker, logger, clock: systemClock, metrics: new Registry() },
      settings: { owner: 'bench', workers: 2, intervalMs: 1, idleMs: 20, claimObjects: 1 },
    },
    stop.signal,
  );
  await catalog.announce([await put(0)]);
  await waitFor('the first object', () => done(1), 120_000);
  const objects = await Promise.all(Array.from({ length: OBJECTS }, (_, i) => put(i + 1)));
  const began = performance.now();
  await catalog.announce(objects);
  await waitFor('every object', () => done(OBJECTS + 1), 600_000);
  const seconds = (performance.now() - began) / 1000;
  stop.abort();
  await running;
  const { tables } = await catalog.status(DEFAULT_ORGANIZATION);
  const stored = tables.reduce((sum, table) => sum + Number(table.bytes), 0);
  await cooker.close();
  await sql.close();
  await rm(root, { recursive: true, force: true });
  return { seconds, bytes: (stored * OBJECTS) / (OBJECTS + 1) };
}
