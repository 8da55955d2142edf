/**
 * Sends real OTLP captures to a lake, drops them as files as well, and counts what is queryable:
 * `node test/captures.ts`. The captures are no part of the repository: they are looked for in
 * LAKEWRIGHT_CAPTURES, else in ../shared/data/otlp beside the repository; without them nothing is done.
 * Exit code 1 when a count is wrong.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dropFile } from './support/drop.ts';
import { type LakeProcess, withLake } from './support/lake-process.ts';
import { REPOSITORY } from './support/runtime.ts';
import { waitFor } from './support/wait.ts';

const DIRECTORY = process.env.LAKEWRIGHT_CAPTURES ?? join(REPOSITORY, '../shared/data/otlp');

/** What the captures hold, counted from the wire. */
const HELD = {
  'count(*) from logs': 3495,
  'count(*) from traces': 2621,
  'coalesce(sum(json_array_length(events)), 0) from traces': 812,
  'count(*) from gauge': 4096 + 1024,
  'count(*) from sum': 4096 + 1024,
  'count(*) from histogram': 2048 + 1024,
  'count(*) from exp_histogram': 2048 + 1024,
  'count(*) from summary': 256,
} as const;

type Signal = 'logs' | 'traces' | 'metrics';

async function main(): Promise<void> {
  if (!existsSync(DIRECTORY)) {
    console.log(
      `captures: skipped, there are none at ${DIRECTORY} (set LAKEWRIGHT_CAPTURES to their directory)`,
    );
    return;
  }
  const files = (await readdir(DIRECTORY)).filter((name) => name.endsWith('.pb')).sort();
  await withLake(async (lake) => {
    for (const file of files) await send(lake, signalOf(file), await readFile(join(DIRECTORY, file)));
    await expectCounts(lake, 1);
    for (const file of files) {
      await dropFile(lake.data, `${signalOf(file)}-raw/${file}`, await readFile(join(DIRECTORY, file)));
    }
    await expectCounts(lake, 2);
  });
  console.log(`captures: ${files.length} files sent over HTTP and dropped as files, all counts right`);
}

function signalOf(file: string): Signal {
  return file.slice(0, file.indexOf('_')) as Signal;
}

async function send(lake: LakeProcess, signal: Signal, body: Uint8Array): Promise<void> {
  const response = await lake.post(signal, body);
  const answer = Buffer.from(await response.arrayBuffer());
  // An empty response is full success; anything else is partial success or an error.
  if (response.status !== 200 || answer.length > 0) {
    throw new Error(`${signal}: ${response.status} ${answer.toString('latin1')}`);
  }
}

async function expectCounts(lake: LakeProcess, times: number): Promise<void> {
  for (const [question, held] of Object.entries(HELD)) {
    const expected = held * times;
    let found = 0;
    await waitFor(
      `select ${question} to be ${expected}`,
      async () => {
        found = await lake.count(`select ${question}`);
        return found >= expected;
      },
      60_000,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; it is ${found}`);
    });
    if (found !== expected) throw new Error(`select ${question}: ${found} instead of ${expected}`);
    console.log(`captures: select ${question}: ${found}`);
  }
}

await main();
