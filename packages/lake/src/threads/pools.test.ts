import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnavailableError } from '@lakewright/core';
import { createDemo } from '@lakewright/otlp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { input, ORGANIZATION } from '../../test/cooking.ts';
import { createThreadMerger, type MergeJob, mergeSegments } from '../compact/index.ts';
import { openFile } from '../compact/merge/source.ts';
import { cook, createThreadCooker } from '../cook/index.ts';
import { BadObjectError, UnmergeableError, UnreadableSegmentError } from '../errors.ts';
import { createThreadRoller, type RollJob, rollHour } from '../rollup/index.ts';
import type { CookJob } from '../types.ts';

/** One kind of threads: how the tests run its jobs. */
interface Kind<Job> {
  readonly name: string;
  open(): { run(job: Job): Promise<unknown>; close(): Promise<void> };
  /** Job `number`; the one of number 0 is bad. */
  job(number: number): Job;
  /** Does a job on the spot. */
  here(job: Job): unknown;
  /** What the bad job fails with. */
  readonly failure: new (
    ...args: never[]
  ) => Error;
}

const HOUR = 488_936;
const demo = createDemo({ seed: 1, startNs: BigInt(HOUR) * 3_600_000_000_000n, rate: 1000 });
const BROKEN = Uint8Array.of(10, 99);

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lakewright-threads-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const cookJob = (signal: 'logs' | 'metrics', body: Uint8Array, name: string): CookJob => ({
  organization: ORGANIZATION,
  signal,
  inputs: [input(signal, body, name)],
});

/** Segments of `table`, cooked and put into files. */
function segmentFiles(table: 'logs' | 'gauge', number: number): MergeJob['inputs'] {
  return ['a', 'b'].map((name) => {
    const job =
      table === 'logs'
        ? cookJob('logs', demo.logsRequest(number * 20).body, name)
        : cookJob('metrics', demo.numberPointsRequest(number * 500).body, name);
    const { segments } = cook(job);
    const [{ key, rows, parquet }] = segments.filter((segment) => segment.table === table);
    const path = join(directory, `${table}-${number}${name}.parquet`);
    writeFileSync(path, parquet);
    return { key, rows, path };
  });
}

function brokenFile(): MergeJob['inputs'] {
  const path = join(directory, 'broken.parquet');
  writeFileSync(path, BROKEN);
  return [{ key: 'db/broken.parquet', rows: 1, path }];
}

const opened = ({ key, rows, path }: MergeJob['inputs'][number]) => ({
  key,
  rows,
  source: openFile(path, Number.POSITIVE_INFINITY),
});

const COOKER: Kind<CookJob> = {
  name: 'cooker',
  open() {
    const { cook: run, close } = createThreadCooker({ workers: 2 });
    return { run, close };
  },
  job: (number) => cookJob('logs', number === 0 ? BROKEN : demo.logsRequest(number).body, `${number}`),
  here: (job) => cook(job),
  failure: BadObjectError,
};

const MERGER: Kind<MergeJob> = {
  name: 'merger',
  open() {
    const { merge: run, close } = createThreadMerger({ threads: 2 });
    return { run, close };
  },
  job: (number) => ({ table: 'logs', inputs: number === 0 ? brokenFile() : segmentFiles('logs', number) }),
  here: ({ table, inputs }) => mergeSegments(table, inputs.map(opened)),
  failure: UnmergeableError,
};

const ROLLER: Kind<RollJob> = {
  name: 'roller',
  open() {
    const { roll: run, close } = createThreadRoller({ threads: 2 });
    return { run, close };
  },
  job: (number) => ({
    table: 'gauge',
    hour: HOUR,
    inputs: number === 0 ? brokenFile() : segmentFiles('gauge', number),
  }),
  here: ({ table, hour, inputs }) => rollHour({ table, hour, inputs: inputs.map(opened) }),
  failure: UnreadableSegmentError,
};

function conforms<Job>({ name, open, job, here, failure }: Kind<Job>): void {
  describe(`the threads of the ${name}`, () => {
    it('give what the work gives on the spot, for many jobs at once', async () => {
      const { run, close } = open();
      try {
        const jobs = Array.from({ length: 6 }, (_, i) => job(i + 1));
        const results = await Promise.all(jobs.map(run));
        expect(results).toEqual(jobs.map(here));
      } finally {
        await close();
      }
    });

    it('name what cannot be read, and go on', async () => {
      const { run, close } = open();
      try {
        const bad = job(0);
        const error = await run(bad).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(failure);
        expect(error).toMatchObject({ key: expect.stringMatching(/^(otel-raw|db)\//) });
        expect(() => here(bad)).toThrow(expect.objectContaining({ message: (error as Error).message }));
        const good = job(1);
        expect(await run(good)).toEqual(here(good));
      } finally {
        await close();
      }
    });

    it('reject what they do and what waits when they are closed, and what comes later', async () => {
      const { run, close } = open();
      const jobs = [1, 2, 3, 4].map((number) => run(job(number)).catch((error: unknown) => error));
      const closed = close();
      const errors = [...(await Promise.all(jobs)), await run(job(1)).catch((error: unknown) => error)];
      await closed;
      for (const error of errors) {
        expect(error).toBeInstanceOf(UnavailableError);
        expect(error).toMatchObject({ message: `the ${name} is closed` });
      }
    });
  });
}

conforms(COOKER);
conforms(MERGER);
conforms(ROLLER);
