import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeMachine } from './machine.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lakewright-machine-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
}

const GROUPS = 'sys/fs/cgroup';

describe('describeMachine', () => {
  it.each<[string, Record<string, string>, number | null]>([
    ['no control groups', {}, null],
    ['version 2, half a CPU', { [`${GROUPS}/cpu.max`]: '50000 100000\n' }, 0.5],
    ['version 2, no limit', { [`${GROUPS}/cpu.max`]: 'max 100000\n' }, null],
    [
      'version 1, two CPUs',
      { [`${GROUPS}/cpu/cpu.cfs_quota_us`]: '200000\n', [`${GROUPS}/cpu/cpu.cfs_period_us`]: '100000\n' },
      2,
    ],
    [
      'version 1, no limit',
      { [`${GROUPS}/cpu/cpu.cfs_quota_us`]: '-1\n', [`${GROUPS}/cpu/cpu.cfs_period_us`]: '100000\n' },
      null,
    ],
  ])('reads the CPU quota: %s', async (_, files, quota) => {
    await write(files);
    expect((await describeMachine({}, root)).cpus.quota).toBe(quota);
  });

  it('reads how many files may be open', async () => {
    await write({
      'proc/self/limits': 'Limit   Soft Limit  Hard Limit  Units\nMax open files   1024   4096   files\n',
    });
    expect((await describeMachine({}, root)).openFiles).toBe(1024);
    expect((await describeMachine({}, join(root, 'nothing'))).openFiles).toBeNull();
  });

  it('names variables of ours that are set, and tells no value', async () => {
    const secret = 'hunter2';
    const machine = await describeMachine({
      LRDB_PASSWORD: secret,
      AWS_SECRET_ACCESS_KEY: secret,
      OTEL_EXPORTER_OTLP_HEADERS: secret,
      LAKEWRIGHT_API_KEY: secret,
      DATABASE_URL: secret,
      SQS_REGION: undefined,
      HOME: secret,
      MY_AWS_THING: secret,
    });
    expect(machine.environment).toEqual([
      'AWS_SECRET_ACCESS_KEY',
      'DATABASE_URL',
      'LAKEWRIGHT_API_KEY',
      'LRDB_PASSWORD',
      'OTEL_EXPORTER_OTLP_HEADERS',
    ]);
    expect(JSON.stringify(machine)).not.toContain(secret);
  });

  it('tells of this machine', async () => {
    const machine = await describeMachine({});
    expect(machine).toMatchObject({
      node: process.version,
      cpus: { usable: availableParallelism() },
      memory: { total: totalmem() },
      temp: { path: tmpdir() },
    });
    expect(machine.memory.limit ?? 1).toBeGreaterThan(0);
    expect(machine.temp.free).toBeGreaterThan(0);
  });
});
