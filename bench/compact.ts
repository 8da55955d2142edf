import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { DEFAULT_ORGANIZATION } from '@lakewright/core';
import { cook, createThreadMerger, type MergeJob, type TableName } from '@lakewright/lake';
import { createDemo, type Demo } from '@lakewright/otlp';
import { START_NS } from './payloads.ts';
import { median, option, thousands } from './support.ts';

/**
 * Merging segments of the demo, by the house's own merge in one thread and in two at once, and by DuckDB's
 * COPY with two threads: `npm run bench -- compact [--runs N]`.
 */
const RUNS = option('runs', 3);
const THREADS = 2;

interface Shape {
  readonly name: string;
  readonly table: TableName;
  readonly segments: number;
  readonly records: number;
  /** Cooked segments that each of `segments` was merged from; undefined where they are the cooked ones. */
  readonly mergedFrom?: number;
  /** What DuckDB sorts by. */
  readonly order: string;
}

const ORDERS = {
  logs: 'service_name, stream_id < 0, stream_id, time_unix_nano',
  traces: 'service_name, time_unix_nano',
  sum: 'metric_name, series_id < 0, series_id, time_unix_nano',
};

/** As 1,000 records/s make them, twice a second; as a full load does; and as the merges of those make them. */
const SHAPES: readonly Shape[] = [
  { name: 'small logs', table: 'logs', segments: 256, records: 300, order: ORDERS.logs },
  { name: 'small spans', table: 'traces', segments: 256, records: 125, order: ORDERS.traces },
  { name: 'small sums', table: 'sum', segments: 256, records: 75, order: ORDERS.sum },
  { name: 'big logs', table: 'logs', segments: 16, records: 100_000, order: ORDERS.logs },
  { name: 'big spans', table: 'traces', segments: 16, records: 100_000, order: ORDERS.traces },
  { name: 'big sums', table: 'sum', segments: 16, records: 100_000, order: ORDERS.sum },
  { name: 'merged logs', table: 'logs', segments: 3, records: 100_000, mergedFrom: 16, order: ORDERS.logs },
  {
    name: 'merged spans',
    table: 'traces',
    segments: 2,
    records: 100_000,
    mergedFrom: 16,
    order: ORDERS.traces,
  },
  { name: 'merged sums', table: 'sum', segments: 3, records: 100_000, mergedFrom: 16, order: ORDERS.sum },
];

interface Inputs {
  readonly job: MergeJob;
  readonly bytes: number;
  readonly rows: number;
}

type Input = MergeJob['inputs'][number];

/** Segments of one shape, in files. */
async function makeInputs(directory: string, shape: Shape): Promise<Inputs> {
  const rate = shape.records < 1000 ? 1000 : 100_000;
  const demo = createDemo({ seed: 1, startNs: START_NS, rate });
  const merger = createThreadMerger();
  const inputs: Input[] = [];
  for (let i = 0; i < shape.segments; i++) {
    const cooked: Input[] = [];
    for (let j = 0; j < (shape.mergedFrom ?? 1); j++) {
      cooked.push(...(await cookOne(demo, shape, join(directory, `${shape.name}-${i}-${j}.parquet`))));
    }
    if (shape.mergedFrom === undefined) {
      inputs.push(...cooked);
      continue;
    }
    const path = join(directory, `${shape.name}-${i}.parquet`);
    await writeFile(path, await merger.merge({ table: shape.table, inputs: cooked }));
    await Promise.all(cooked.map((input) => rm(input.path)));
    inputs.push({ key: path, path, rows: cooked.reduce((sum, { rows }) => sum + rows, 0) });
  }
  await merger.close();
  const sizes = await Promise.all(inputs.map(async ({ path }) => (await stat(path)).size));
  return {
    job: { table: shape.table, inputs },
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    rows: inputs.reduce((sum, { rows }) => sum + rows, 0),
  };
}

/** The segment of `shape.table` that the next records of the demo are cooked to. */
async function cookOne(demo: Demo, { table, records }: Shape, path: string): Promise<Input[]> {
  const { signal, body } =
    table === 'logs'
      ? demo.logsRequest(records)
      : table === 'traces'
        ? demo.tracesRequest(records)
        : demo.numberPointsRequest(records);
  const object = {
    id: 1n,
    organization: DEFAULT_ORGANIZATION,
    collector: 'bench',
    signal,
    key: `otel-raw/${DEFAULT_ORGANIZATION}/bench/${signal}.binpb`,
    etag: 'bench',
    size: body.length,
    arrivedNs: 1n,
  };
  const { segments } = cook({
    organization: DEFAULT_ORGANIZATION,
    signal,
    inputs: [{ object, bytes: body }],
  });
  const found = segments.filter((segment) => segment.table === table);
  for (const { parquet } of found) await writeFile(path, parquet);
  return found.map(({ key, rows }) => ({ key, rows, path }));
}

/** Runs `work` and answers its seconds and the most resident memory meanwhile, MB. */
async function watched(work: () => Promise<unknown>): Promise<{ seconds: number; mb: number }> {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 20);
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  clearInterval(timer);
  return { seconds, mb: Math.max(most, process.memoryUsage.rss()) / 2 ** 20 };
}

function print(
  how: string,
  inputs: Inputs,
  merges: number,
  runs: readonly { seconds: number; mb: number }[],
  out: number,
): void {
  const seconds = median(runs.map((run) => run.seconds));
  const cells = [
    `  ${how.padEnd(16)}`,
    `${((inputs.bytes * merges) / seconds / 1e6).toFixed(1).padStart(6)} MB/s in`,
    `${thousands((inputs.rows * merges) / seconds).padStart(10)} rows/s`,
    `${(inputs.bytes / inputs.rows).toFixed(1).padStart(6)} to ${(out / inputs.rows).toFixed(1)} bytes/row`,
    `${Math.max(...runs.map(({ mb }) => mb))
      .toFixed(0)
      .padStart(5)} MB resident`,
  ];
  process.stdout.write(`${cells.join('  ')}\n`);
}

async function repeated(work: () => Promise<unknown>) {
  const runs: { seconds: number; mb: number }[] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await watched(work));
  return runs;
}

async function measureOurs(inputs: Inputs, threads: number): Promise<void> {
  const mergers = Array.from({ length: threads }, () => createThreadMerger());
  let out = 0;
  const work = async () => {
    const merged = await Promise.all(mergers.map((merger) => merger.merge(inputs.job)));
    out = merged[0].reduce((sum, part) => sum + part.length, 0);
  };
  await work();
  print(`ours, ${threads} at once`, inputs, threads, await repeated(work), out);
  await Promise.all(mergers.map((merger) => merger.close()));
}

async function measureDuckDb(shape: Shape, inputs: Inputs, directory: string): Promise<void> {
  const path = join(directory, 'out.parquet');
  const database = await DuckDBInstance.create(':memory:', {
    threads: String(THREADS),
    memory_limit: '512MB',
    temp_directory: join(directory, 'spill'),
  });
  const connection = await database.connect();
  const files = inputs.job.inputs.map((input) => `'${input.path}'`).join(', ');
  const work = () =>
    connection.run(`COPY (SELECT * FROM read_parquet([${files}]) ORDER BY ${shape.order}) TO '${path}'
      (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 65536, PARQUET_VERSION v2)`);
  const runs = [await watched(work)];
  print('DuckDB COPY', inputs, 1, runs, (await stat(path)).size);
  connection.closeSync();
  database.closeSync();
}

/** Each measurement is a process of its own, so that its memory is its own. */
async function measureAll(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'lakewright-bench-'));
  for (const [i, shape] of SHAPES.entries()) {
    const inputs = await makeInputs(directory, shape);
    await writeFile(join(directory, `${i}.json`), JSON.stringify(inputs));
    process.stdout.write(
      `${shape.name}: ${inputs.job.inputs.length} segments, ${(inputs.bytes / 1e6).toFixed(1)} MB\n`,
    );
    // DuckDB sorts what is sorted: rows that were merged before cost it what all rows do.
    const others = shape.mergedFrom === undefined ? ['duckdb'] : [];
    for (const how of ['1', String(THREADS), ...others]) {
      const args = ['--measure', how, String(i), directory, ...process.argv.slice(2)];
      spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...args], { stdio: 'inherit' });
    }
  }
  await rm(directory, { recursive: true });
}

const [, , flag, how, index, directory] = process.argv;
if (flag !== '--measure') await measureAll();
else {
  const inputs = JSON.parse(await readFile(join(directory, `${index}.json`), 'utf8')) as Inputs;
  if (how === 'duckdb') await measureDuckDb(SHAPES[Number(index)], inputs, directory);
  else await measureOurs(inputs, Number(how));
}
