import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_ORGANIZATION, type ObjectStore, silentLogger } from '@lakewright/core';
import { cook, mergeSegments, type Segment, type SegmentIndex, type TableName } from '@lakewright/lake';
import { FileObjectStore } from '@lakewright/local';
import { createDemo } from '@lakewright/otlp';
import { createSqlEngine, remoteFiles, type SegmentFiles, type SqlEngine } from '@lakewright/query';
import { Registry } from 'prom-client';
import { START_NS } from './payloads.ts';
import { option, thousands } from './support.ts';

/**
 * What a query over 7 days reads of a remote store when it names one service out of 48, of segments as they
 * are cooked and as they are merged, one for each day: `npm run bench -- prune [--records N] [--batches N]`.
 */
const RECORDS = option('records', 2_100_000);
const BATCHES = option('batches', 20);
const DAYS = 7;
const DAY_NS = 86_400_000_000_000n;
/** Of the demo's eight services as many: 48 services in all. */
const VARIANTS = 6;
/** Cooked segments that compaction has yet to merge: one fewer than it takes. */
const WAITING = 15;

const QUESTIONS: Readonly<Record<TableName & ('logs' | 'traces'), Readonly<Record<string, string>>>> = {
  logs: {
    count: 'select count(*) from logs where service_name = $',
    'errors per hour':
      'select time_bucket(interval 1 hour, timestamp) h, count(*) from logs where service_name = $ and severity_number >= 17 group by 1 order by 1',
    'last rows':
      'select timestamp, severity_text, body from logs where service_name = $ order by timestamp desc limit 100',
    'all columns': 'select * from logs where service_name = $ order by timestamp desc limit 100',
  },
  traces: {
    'latency per hour':
      'select time_bucket(interval 1 hour, timestamp) h, quantile_cont(duration_nano, 0.95) from traces where service_name = $ group by 1 order by 1',
    'all columns': 'select * from traces where service_name = $ order by duration_nano desc limit 100',
  },
};

interface Objects {
  readonly segments: Segment[];
  readonly bytes: number;
}

/** Requests of the demo's eight services, as if they were others: `variant` takes the place of the names' ends. */
function renamed(body: Uint8Array, variant: number): Uint8Array {
  const bytes = Buffer.from(body);
  const key = Buffer.from('service.name\x12');
  for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at + key.length)) {
    // The value is an AnyValue with a string: length, tag, length.
    const length = bytes[at + key.length + 2];
    const end = at + key.length + 3 + length;
    bytes[end - 1] = 'a'.charCodeAt(0) + variant;
  }
  return bytes;
}

async function cooked(store: ObjectStore, table: 'logs' | 'traces'): Promise<Objects> {
  const perBatch = RECORDS / DAYS / BATCHES;
  const demos = Array.from({ length: VARIANTS }, (_, i) =>
    createDemo({
      seed: i + 1,
      startNs: START_NS - (START_NS % DAY_NS),
      rate: RECORDS / VARIANTS / DAYS / 86_400 / (table === 'logs' ? 0.6 : 0.25),
    }),
  );
  const segments: Segment[] = [];
  for (let batch = 0; batch < DAYS * BATCHES; batch++) {
    const bodies = demos.map((demo, i) => {
      const records = Math.floor(perBatch / VARIANTS);
      const request = table === 'logs' ? demo.logsRequest(records) : demo.tracesRequest(records);
      return renamed(request.body, i);
    });
    const bytes = Buffer.concat(bodies);
    const object = {
      id: BigInt(batch),
      organization: DEFAULT_ORGANIZATION,
      collector: 'bench',
      signal: table,
      key: `otel-raw/${DEFAULT_ORGANIZATION}/bench/${table}_${batch}.binpb`,
      etag: 'bench',
      size: bytes.length,
      arrivedNs: 1n,
    };
    const made = cook({ organization: DEFAULT_ORGANIZATION, signal: table, inputs: [{ object, bytes }] });
    for (const { parquet, lastSeenNs: _, ...segment } of made.segments) {
      await store.put(segment.key, parquet);
      segments.push({ organization: DEFAULT_ORGANIZATION, ...segment, bytes: parquet.length });
    }
  }
  return { segments, bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** The segments of each day as one, as compaction leaves a day that is over. */
async function merged(store: ObjectStore, { segments }: Objects): Promise<Objects> {
  const days = Map.groupBy(segments, ({ minTimeNs }) => minTimeNs / DAY_NS);
  const output: Segment[] = [];
  for (const [day, inputs] of days) {
    const read = await Promise.all(
      inputs.map(async ({ key, rows }) => {
        const bytes = await store.get(key);
        const source = {
          size: bytes.length,
          read: (offset: number, length: number) => bytes.slice(offset, offset + length),
        };
        return { key, rows, source };
      }),
    );
    const [{ table }] = inputs;
    const body = Buffer.concat(mergeSegments(table, read));
    const key = `db/${DEFAULT_ORGANIZATION}/${table}/merged/${day}.parquet`;
    await store.put(key, body);
    output.push({
      ...inputs[0],
      key,
      bytes: body.length,
      rows: inputs.reduce((sum, { rows }) => sum + rows, 0),
      minTimeNs: inputs.map(({ minTimeNs }) => minTimeNs).reduce((a, b) => (a < b ? a : b)),
      maxTimeNs: inputs.map(({ maxTimeNs }) => maxTimeNs).reduce((a, b) => (a > b ? a : b)),
      services: [...new Set(inputs.flatMap(({ services }) => services))].sort(),
    });
  }
  return { segments: output, bytes: output.reduce((sum, { bytes }) => sum + bytes, 0) };
}

function indexOf(segments: readonly Segment[]): SegmentIndex {
  return {
    async segments({ services }) {
      return segments.filter(
        (one) => services === undefined || services.some((name) => one.services.includes(name)),
      );
    },
  };
}

function engineOver(
  root: string,
  segments: readonly Segment[],
  files: SegmentFiles,
  metrics: Registry,
): SqlEngine {
  const index = indexOf(segments);
  return createSqlEngine({ index, files, tempDirectory: join(root, 'spill'), logger: silentLogger, metrics });
}

async function measure(
  root: string,
  store: ObjectStore,
  name: string,
  service: string,
  { segments, bytes }: Objects,
): Promise<void> {
  const [{ table }] = segments;
  const rows = segments.reduce((sum, segment) => sum + segment.rows, 0);
  process.stdout.write(
    `${table} ${name}: ${segments.length} segments, ${thousands(rows)} rows, ${(bytes / 1e6).toFixed(1)} MB\n`,
  );
  for (const [question, sql] of Object.entries(QUESTIONS[table as 'logs'])) {
    let fetched = 0;
    let requests = 0;
    const counted = {
      read: async (...args: Parameters<ObjectStore['read']>) => {
        const read = await store.read(...args);
        fetched += read.bytes.length;
        requests++;
        return read;
      },
    } as ObjectStore;
    const metrics = new Registry();
    const files = await remoteFiles({ store: counted, directory: join(root, 'cache'), metrics });
    const engine = engineOver(root, segments, files, metrics);
    const times: number[] = [];
    let needed = 0;
    for (let run = 0; run < 2; run++) {
      const result = await engine.query({
        organization: DEFAULT_ORGANIZATION,
        sql: sql.replace('$', `'${service}'`),
      });
      await result.close();
      times.push(result.stats.elapsedMs);
      needed = result.stats.bytesRead;
    }
    await engine.close();
    await files.close();
    const percent = (part: number) => `${((part / bytes) * 100).toFixed(2).padStart(6)} %`;
    process.stdout.write(
      `  ${question.padEnd(18)} needs ${thousands(needed).padStart(11)} bytes ${percent(needed)}, ` +
        `fetched ${thousands(fetched).padStart(11)} ${percent(fetched)} in ${String(requests).padStart(4)} reads, ` +
        `${times[0].toFixed(0).padStart(5)} ms, again ${times[1].toFixed(0).padStart(4)} ms\n`,
    );
  }
}

/** The service with the share of the rows that is nearest to an equal one. */
async function typicalService(root: string, store: ObjectStore, { segments }: Objects): Promise<string> {
  const [{ table }] = segments;
  const metrics = new Registry();
  const files = await remoteFiles({ store, directory: join(root, 'cache'), metrics });
  const engine = engineOver(root, segments, files, metrics);
  const result = await engine.query({
    organization: DEFAULT_ORGANIZATION,
    sql: `with s as (select service_name, count(*) n, count(*) over () of_all, sum(count(*)) over () total from ${table} group by 1)
      select service_name, (100 * n / total)::decimal(9,2)::varchar, of_all::varchar from s order by abs(n * of_all - total) limit 1`,
  });
  const answer: string[] = [];
  for await (const chunk of result.chunks())
    for (let i = 0; i < 3; i++) answer.push(String(chunk.column(i)[0]));
  await engine.close();
  await files.close();
  const [service, percent, services] = answer;
  process.stdout.write(
    `${table}: the service asked for is ${service}, one of ${services}, with ${percent} % of the rows\n`,
  );
  return service;
}

/** The last day but for its last hours is merged: fewer than 16 segments wait for that. */
function lately(small: Objects, big: Objects): Objects {
  const last = small.segments.slice(-WAITING);
  const segments = [...big.segments, ...last];
  return { segments, bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0) };
}

const root = await mkdtemp(join(tmpdir(), 'lakewright-bench-'));
const store = await FileObjectStore.open(join(root, 'objects'));
for (const table of ['logs', 'traces'] as const) {
  const small = await cooked(store, table);
  const big = await merged(store, small);
  const service = await typicalService(root, store, big);
  await measure(root, store, 'as cooked', service, small);
  await measure(root, store, 'as merged', service, big);
  await measure(root, store, `as merged, with ${WAITING} more as cooked`, service, lately(small, big));
}
await store.close();
await rm(root, { recursive: true });
