import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, cpus, freemem, hostname, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import pkg from '../../package.json' with { type: 'json' };

/** What a process of ours has to work with. Sizes are bytes; what nobody limits or says is null. */
export interface Machine {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly hostname: string;
  readonly cpus: {
    readonly model: string;
    /** Of the machine. */
    readonly count: number;
    /** That this process may run on. */
    readonly usable: number;
    /** That the container's quota comes to. */
    readonly quota: number | null;
  };
  readonly memory: {
    readonly total: number;
    readonly free: number;
    /** Of the container. */
    readonly limit: number | null;
    /** Of JavaScript objects, before Node.js ends itself. */
    readonly heapLimit: number;
  };
  readonly temp: { readonly path: string; readonly free: number | null };
  readonly openFiles: number | null;
  /** Names of variables that are set and that something here reads; never a value. */
  readonly environment: readonly string[];
}

/** How the names of variables begin that Lakewright, the AWS SDK and OpenTelemetry read. */
const OURS =
  /^(LAKEWRIGHT_|LAKERUNNER_|LRDB_|CONFIGDB_|DATABASE_URL$|SQS_|S3_|AWS_|ECS_|OTEL_|ENABLE_OTLP_TELEMETRY$|HEALTH_CHECK_PORT$|STORAGE_PROFILE_FILE$|API_KEYS_FILE$|KAFKA_|TOKEN_HMAC256_KEY$|QUERY_WORKER_|EXECUTION_ENVIRONMENT$|NODE_OPTIONS$|TMPDIR$|HTTPS?_PROXY$|NO_PROXY$)/i;

/** Files of Linux' control groups, version 2 and then 1. */
const CPU_MAX = 'cpu.max';
const CPU_QUOTA = 'cpu/cpu.cfs_quota_us';
const CPU_PERIOD = 'cpu/cpu.cfs_period_us';

/** Looks at the machine. `root` is where Linux shows it, `/` but in tests. */
export async function describeMachine(
  environment: Readonly<Record<string, string | undefined>>,
  root = '/',
): Promise<Machine> {
  return {
    version: pkg.version,
    node: process.version,
    platform: `${process.platform} ${release()} ${process.arch}`,
    hostname: hostname(),
    cpus: {
      model: cpus()[0]?.model.trim() ?? 'unknown',
      count: cpus().length,
      usable: availableParallelism(),
      quota: await cpuQuota(join(root, 'sys/fs/cgroup')),
    },
    memory: {
      total: totalmem(),
      free: freemem(),
      limit: memoryLimit(),
      heapLimit: getHeapStatistics().heap_size_limit,
    },
    temp: { path: tmpdir(), free: await freeDisk(tmpdir()) },
    openFiles: await openFiles(join(root, 'proc/self/limits')),
    environment: Object.keys(environment)
      .filter((name) => OURS.test(name) && environment[name] !== undefined)
      .sort(),
  };
}

/** A container without a limit says a number that no machine has. */
function memoryLimit(): number | null {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : null;
}

async function cpuQuota(groups: string): Promise<number | null> {
  const [quota, period] = (await textOf(join(groups, CPU_MAX)))?.split(/\s+/) ?? [
    await textOf(join(groups, CPU_QUOTA)),
    await textOf(join(groups, CPU_PERIOD)),
  ];
  const share = Number(quota) / Number(period);
  return share > 0 && Number.isFinite(share) ? Math.round(share * 100) / 100 : null;
}

async function openFiles(file: string): Promise<number | null> {
  const soft = /^Max open files\s+(\d+)/m.exec((await textOf(file)) ?? '')?.[1];
  return soft === undefined ? null : Number(soft);
}

async function freeDisk(path: string): Promise<number | null> {
  const disk = await statfs(path).catch(() => undefined);
  return disk === undefined ? null : disk.bavail * disk.bsize;
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}
