import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_ORGANIZATION } from '@lakewright/core';
import { cook, createThreadRoller, ROLLUP_TABLES, type RollJob } from '@lakewright/lake';
import { ProtoWriter } from '@lakewright/otlp';
import { option, peakMemoryMb, thousands } from './support.ts';

/**
 * Rolling points up into windows of all five lengths, two hours at once:
 * `npm run bench -- rollup [--points N] [--series N]`.
 */
const POINTS = option('points', 10_000_000);
const SERIES = option('series', 10_000);
const CADENCE_SECONDS = 10;
const THREADS = 2;
/** 2025-10-09T08:00Z. */
const HOUR = 488_936;
const METRICS = 20;
const ATTRIBUTE_SETS = 10;
/** Of a segment: ten minutes, as compaction leaves them. */
const STEPS = 60;

type Kind = 'gauge' | 'sum';
const FIELD: Readonly<Record<Kind, number>> = { gauge: 5, sum: 7 };

interface Inputs {
  readonly jobs: readonly RollJob[];
  readonly points: number;
  readonly bytes: number;
}

function attribute(writer: ProtoWriter, field: number, key: string, value: string): void {
  writer.message(field, () => {
    writer.string(1, key);
    writer.message(2, () => writer.string(1, value));
  });
}

function resource(writer: ProtoWriter, instance: number): void {
  writer.message(1, () => {
    attribute(writer, 1, 'service.name', `service-${instance % 10}`);
    attribute(writer, 1, 'service.instance.id', `instance-${instance}`);
    attribute(writer, 1, 'host.name', `host-${instance % 7}`);
    for (const key of ['cloud.region', 'k8s.cluster.name', 'k8s.namespace.name', 'deployment.environment']) {
      attribute(writer, 1, key, `${key}-value`);
    }
  });
}

/** One request with `steps` points of every series. A tenth of the counters begin anew now and then. */
function request(kind: Kind, firstStep: number, steps: number): Uint8Array {
  const writer = new ProtoWriter(1 << 24);
  const instances = SERIES / METRICS / ATTRIBUTE_SETS;
  const startNs = BigInt(HOUR) * 3_600_000_000_000n;
  for (let instance = 0; instance < instances; instance++) {
    writer.message(1, () => {
      resource(writer, instance);
      writer.message(2, () => {
        for (let metric = 0; metric < METRICS; metric++) {
          writer.message(2, () => {
            writer.string(1, `metric.${metric}`);
            writer.string(3, 's');
            writer.message(FIELD[kind], () => {
              for (let set = 0; set < ATTRIBUTE_SETS; set++) {
                for (let step = firstStep; step < firstStep + steps; step++) {
                  writer.message(1, () => {
                    const offset = BigInt((step * CADENCE_SECONDS * 1000 + instance * 20 + metric) * 1e6);
                    writer.fixed64(2, startNs - 1_000_000_000_000n);
                    writer.fixed64(3, startNs + offset);
                    const phase = instance * 31 + metric * 7 + set;
                    writer.double(
                      4,
                      kind === 'gauge'
                        ? 100 + ((step * 7919 + phase * 104_729) % 100_003) / 100
                        : ((step + phase) % (set === 0 ? 500 : 1e9)) * 1.5 + ((step * 31) % 16) / 16,
                    );
                    attribute(writer, 7, 'http.route', `/route/${set}`);
                  });
                }
              }
              if (kind === 'sum') {
                writer.varint(2, 2);
                writer.bool(3, true);
              }
            });
          });
        }
      });
    });
  }
  return writer.finish();
}

async function makeInputs(directory: string, kind: Kind): Promise<Inputs> {
  const segments: { key: string; rows: number; path: string; min: bigint; max: bigint }[] = [];
  let bytes = 0;
  const steps = POINTS / SERIES;
  for (let step = 0; step < steps; step += STEPS) {
    const body = request(kind, step, Math.min(STEPS, steps - step));
    const object = {
      id: 1n,
      organization: DEFAULT_ORGANIZATION,
      collector: 'bench',
      signal: 'metrics' as const,
      key: `otel-raw/${DEFAULT_ORGANIZATION}/bench/metrics_${step}.binpb`,
      etag: 'bench',
      size: body.length,
      arrivedNs: 1n,
    };
    const cooked = cook({
      organization: DEFAULT_ORGANIZATION,
      signal: 'metrics',
      inputs: [{ object, bytes: body }],
    });
    for (const { key, rows, parquet, minTimeNs, maxTimeNs } of cooked.segments) {
      const path = join(directory, `${kind}-${segments.length}.parquet`);
      await writeFile(path, parquet);
      bytes += parquet.length;
      segments.push({ key, rows, path, min: minTimeNs, max: maxTimeNs });
    }
  }
  const hours = Math.ceil((steps * CADENCE_SECONDS) / 3600);
  const jobs = Array.from({ length: hours }, (_, i) => {
    const fromNs = BigInt(HOUR + i) * 3_600_000_000_000n;
    const inputs = segments
      .filter(({ min, max }) => max >= fromNs - 600_000_000_000n && min < fromNs + 3_600_000_000_000n)
      .map(({ key, rows, path }) => ({ key, rows, path }));
    return { table: kind, hour: HOUR + i, inputs };
  });
  return { jobs, points: segments.reduce((sum, { rows }) => sum + rows, 0), bytes };
}

async function measure(directory: string, kind: Kind): Promise<void> {
  const { jobs, points, bytes } = JSON.parse(
    await readFile(join(directory, `${kind}.json`), 'utf8'),
  ) as Inputs;
  const roller = createThreadRoller({ threads: THREADS });
  const rows = new Map<string, number>();
  const written = new Map<string, number>();
  const before = process.cpuUsage();
  const start = performance.now();
  await Promise.all(
    jobs.map(async (job) => {
      for (const { table, rows: count, parquet } of await roller.roll(job)) {
        const path = join(directory, `out-${job.hour}-${table}.parquet`);
        await writeFile(path, parquet);
        rows.set(table, (rows.get(table) ?? 0) + count);
        written.set(table, (written.get(table) ?? 0) + (await stat(path)).size);
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const coreSeconds = (user + system) / 1e6;
  await roller.close();
  const cells = [
    `  ${kind.padEnd(6)}`,
    `${thousands(points)} points in ${seconds.toFixed(1)} s (${coreSeconds.toFixed(1)} core seconds)`,
    `${thousands(points / seconds)} points/s`,
    `${(bytes / seconds / 1e6).toFixed(1)} MB/s in`,
    `${(bytes / points).toFixed(1)} bytes a point`,
    `${peakMemoryMb().toFixed(0)} MB peak`,
  ];
  process.stdout.write(`${cells.join('  ')}\n`);
  for (const table of ROLLUP_TABLES) {
    const count = rows.get(table) ?? 0;
    const size = ((written.get(table) ?? 0) / count).toFixed(1);
    process.stdout.write(
      `    ${table.padEnd(13)} ${thousands(count).padStart(11)} rows  ${size} bytes a row\n`,
    );
  }
}

async function measureAll(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'lakewright-bench-'));
  for (const kind of ['sum', 'gauge'] as const) {
    await writeFile(join(directory, `${kind}.json`), JSON.stringify(await makeInputs(directory, kind)));
    // A process of its own, so that its memory is its own.
    const args = ['--measure', kind, directory, ...process.argv.slice(2)];
    spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...args], { stdio: 'inherit' });
  }
  await rm(directory, { recursive: true });
}

const [, , flag, kind, directory] = process.argv;
if (flag === '--measure') await measure(directory, kind as Kind);
else await measureAll();
