import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_ORGANIZATION, type Logger, systemClock } from '@lakewright/core';
import { Catalog, cook, createThreadMerger, runCompaction } from '@lakewright/lake';
import { embeddedSql, FileObjectStore } from '@lakewright/local';
import { createDemo } from '@lakewright/otlp';
import { Registry } from 'prom-client';
import { waitFor } from '../test/support/wait.ts';
import { START_NS } from './payloads.ts';
import { option, peakMemoryMb, thousands } from './support.ts';

/**
 * 1,000 small segments of logs in a lake, merged by the service itself, catalog and store included, until at
 * most 10 are left: `npm run bench -- compact-lake [--segments N] [--records N] [--threads N]`.
 */
const SEGMENTS = option('segments', 1000);
const RECORDS = option('records', 300);
const THREADS = option('threads', 2);
const LEFT = 10;

async function openLake(root: string) {
  const sql = await embeddedSql(join(root, 'catalog'));
  const catalog = await Catalog.open(sql, systemClock);
  return { sql, catalog, store: await FileObjectStore.open(join(root, 'objects')) };
}

async function fill(root: string): Promise<void> {
  const { sql, catalog, store } = await openLake(root);
  const demo = createDemo({ seed: 1, startNs: START_NS, rate: 1000 });
  const object = {
    organization: DEFAULT_ORGANIZATION,
    collector: 'bench',
    signal: 'logs' as const,
    etag: 'bench',
    arrivedNs: 1n,
  };
  const made = [];
  for (let i = 0; i < SEGMENTS; i++) {
    const { body } = demo.logsRequest(RECORDS);
    const raw = { ...object, id: 1n, key: `otel-raw/bench/${i}.binpb`, size: body.length };
    const { segments } = cook({
      organization: DEFAULT_ORGANIZATION,
      signal: 'logs',
      inputs: [{ object: raw, bytes: body }],
    });
    for (const { parquet, ...segment } of segments) {
      await store.put(segment.key, parquet);
      made.push({ organization: DEFAULT_ORGANIZATION, ...segment, bytes: parquet.length });
    }
  }
  await catalog.announce([{ ...object, key: 'otel-raw/bench', size: 1 }]);
  const claim = {
    owner: 'bench',
    maxBytes: 1e9,
    maxObjects: 1,
    ripeBeforeMs: Date.now() + 1000,
    ripeBytes: 0,
  };
  const claimed = await catalog.claim(claim);
  await catalog.publish({
    owner: 'bench',
    inputs: claimed.map(({ id }) => ({ id, records: SEGMENTS * RECORDS, rejected: 0, reasons: [] })),
    segments: made,
  });
  await sql.close();
}

async function measure(root: string): Promise<void> {
  const { sql, catalog, store } = await openLake(root);
  const live = () => catalog.segments({ organization: DEFAULT_ORGANIZATION, table: 'logs' });
  const sum = (of: readonly { bytes: number }[]) => of.reduce((total, { bytes }) => total + bytes, 0);
  const before = await live();
  const atRest = process.memoryUsage.rss() / 2 ** 20;
  const logger: Logger = { log: () => undefined, with: () => logger };
  const stop = new AbortController();
  const merger = createThreadMerger({ threads: THREADS });
  const parts = { store, catalog, merger, logger, clock: systemClock, metrics: new Registry() };
  const start = performance.now();
  const cpu = process.cpuUsage();
  const running = runCompaction({ ...parts, settings: { owner: 'bench', intervalMs: 50 } }, stop.signal);
  await waitFor('few segments', async () => (await live()).length <= LEFT, 600_000);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  stop.abort();
  await running;
  await merger.close();
  const after = await live();
  process.stdout.write(
    `${before.length} segments of ${RECORDS} logs, ${(sum(before) / 1e6).toFixed(1)} MB, became ${after.length} of ` +
      `${(sum(after) / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s with ${THREADS} threads ` +
      `(${((user + system) / 1e6).toFixed(1)} s of CPU): ` +
      `${(sum(before) / 1e6 / seconds).toFixed(1)} MB/s in, ${thousands((SEGMENTS * RECORDS) / seconds)} rows/s; ` +
      `peak ${peakMemoryMb().toFixed(0)} MB resident, ${atRest.toFixed(0)} before it began\n`,
  );
  await sql.close();
}

const place = process.argv.indexOf('--measure');
if (place > 0) await measure(process.argv[place + 1]);
else {
  const root = await mkdtemp(join(tmpdir(), 'lakewright-bench-'));
  await fill(root);
  // A process of its own, so that its memory is its own.
  const args = [fileURLToPath(import.meta.url), '--measure', root, ...process.argv.slice(2)];
  spawnSync(process.execPath, args, { stdio: 'inherit' });
  await rm(root, { recursive: true });
}
