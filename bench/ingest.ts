import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { constants, zstdCompressSync } from 'node:zlib';
import { DEFAULT_ORGANIZATION, type Signal, silentLogger, systemClock } from '@lakewright/core';
import { Catalog, cook, cookMemory, createThreadCooker, runIngestWorker } from '@lakewright/lake';
import { embeddedSql, FileObjectStore } from '@lakewright/local';
import { Registry } from 'prom-client';
import { type Payload, requestOf, signalOf } from './payloads.ts';
import { median, option, thousands } from './support.ts';

/**
 * An ingest worker over objects in files, from the claim to the published segments, beside cooking the same
 * objects alone: `npm run bench -- ingest [--records N] [--objects N] [--runs N]`. Objects are compressed as
 * receivers do it, and one thread cooks in both. The two take turns, so that what else the machine does meets both.
 */
const RECORDS = option('records', 100_000);
const OBJECTS = option('objects', 24);
const RUNS = option('runs', 3);
/** Objects that each of the two cooks before anything is measured. */
const WARM_UP = 4;
/** Cooking alone keeps its memory as the thread does. */
const memory = cookMemory();
const PAYLOADS: readonly Payload[] = ['demo-logs', 'demo-spans', 'demo-number-points'];

for (const payload of PAYLOADS) {
  const signal = signalOf(payload);
  const body = requestOf(payload, RECORDS);
  const bytes = zstdCompressSync(body, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  const worker = await startWorker(signal, bytes);
  cookAlone(signal, bytes, WARM_UP);
  await worker.run(WARM_UP);
  const runs: { alone: number; worker: number }[] = [];
  for (let run = 0; run < RUNS; run++) {
    runs.push({ alone: cookAlone(signal, bytes, OBJECTS), worker: await worker.run(OBJECTS) });
  }
  await worker.stop();
  const rate = (seconds: number) =>
    `${thousands((RECORDS * OBJECTS) / seconds)} records/s, ${((body.length * OBJECTS) / 1e6 / seconds).toFixed(1)} MB/s in`;
  const share = (run: { alone: number; worker: number }) => Math.round((100 * run.alone) / run.worker);
  process.stdout.write(
    `${payload.padEnd(18)} cooking alone ${rate(median(runs.map((run) => run.alone)))}; ` +
      `ingest worker ${rate(median(runs.map((run) => run.worker)))} ` +
      `(${median(runs.map(share))} %; ${runs.map(share).join(', ')})\n`,
  );
}

/** Seconds of cooking, object by object. */
function cookAlone(signal: Signal, bytes: Uint8Array, objects: number): number {
  const object = {
    ...{ id: 1n, organization: DEFAULT_ORGANIZATION, collector: 'bench', signal, etag: 'bench' },
    ...{ size: bytes.length, arrivedNs: 1n },
  };
  const began = performance.now();
  for (let i = 0; i < objects; i++) {
    const inputs = [{ object: { ...object, key: `otel-raw/bench/${i}.binpb.zst` }, bytes }];
    cook({ organization: DEFAULT_ORGANIZATION, signal, inputs }, memory);
  }
  return (performance.now() - began) / 1000;
}

/** A worker over a lake of its own; `run` answers the seconds from the first claim to the last publication. */
async function startWorker(signal: Signal, bytes: Uint8Array) {
  const root = await mkdtemp(join(tmpdir(), 'lakewright-bench-'));
  const sql = await embeddedSql(join(root, 'catalog'));
  const catalog = await Catalog.open(sql, systemClock);
  const store = await FileObjectStore.open(join(root, 'objects'));
  const cooker = createThreadCooker({ workers: 1 });
  const stopping = new AbortController();
  const metrics = new Registry();
  const running = runIngestWorker(
    {
      ...{ store, catalog, cooker, logger: silentLogger, clock: systemClock, metrics },
      settings: { owner: 'bench', workers: 2, intervalMs: 1, idleMs: 20, claimObjects: 1 },
    },
    stopping.signal,
  );
  // The worker's own count: asking the catalog again and again would take the core that it shares.
  const published = async () => {
    const counted = await metrics.getSingleMetric('lakewright_ingest_objects_total')?.get();
    return counted?.values.find(({ labels }) => labels.outcome === 'done')?.value ?? 0;
  };
  let put = 0;
  const putOne = async () => {
    const key = `otel-raw/${DEFAULT_ORGANIZATION}/bench/2026/01/02/03/04/${signal}_${put++}.binpb.zst`;
    const { etag, size } = await store.put(key, bytes);
    return { organization: DEFAULT_ORGANIZATION, collector: 'bench', signal, key, etag, size, arrivedNs: 1n };
  };
  return {
    async run(count: number): Promise<number> {
      const objects = await Promise.all(Array.from({ length: count }, putOne));
      const began = performance.now();
      await catalog.announce(objects);
      while ((await published()) < put) await delay(5);
      return (performance.now() - began) / 1000;
    },
    async stop(): Promise<void> {
      stopping.abort();
      await running;
      await cooker.close();
      await sql.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
