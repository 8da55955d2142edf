import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { QueueCounts } from '@lakewright/core';
import { expect, it } from 'vitest';
import { withDirectory } from './support/lake-process.ts';
import { capture, NODE } from './support/runtime.ts';
import { waitFor } from './support/wait.ts';

const OBJECTS = 1000;
const KILLS = 8;
const WORKER = fileURLToPath(new URL('./support/refine-worker.ts', import.meta.url));

/** Runs a worker until `done` says so of the lines that it printed, then kills it. */
async function runWorker(
  directory: string,
  args: readonly string[],
  done: (lines: readonly string[]) => boolean,
): Promise<void> {
  const child = spawn(NODE, [WORKER, directory, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = capture(child);
  const exit = once(child, 'exit');
  try {
    await waitFor('the worker', () => {
      if (child.exitCode !== null) throw new Error(`the worker ended: ${output.stderr}`);
      return done(output.stdout.split('\n').slice(0, -1));
    });
  } finally {
    child.kill('SIGKILL');
    await exit;
  }
}

const isEmpty = (lines: readonly string[]): boolean => {
  const { waiting, inFlight } = JSON.parse(lines.at(-1) ?? '{}') as Partial<QueueCounts>;
  return waiting === 0 && inFlight === 0;
};

it('completes every object once, though each is announced three times and workers are killed', async () => {
  await withDirectory(async (directory) => {
    const root = join(directory, 'objects');
    const content = (i: number) => `object ${i}\n`;
    for (let i = 0; i < OBJECTS; i++) {
      const folder = join(root, 'RefinerInput', `folder-${i}`);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'report.txt'), content(i));
    }
    for (let kill = 0; kill < KILLS; kill++) {
      // Killed in the midst of things: some moments after its first words.
      const until = performance.now() + 100 + Math.random() * 900;
      const begun = (lines: readonly string[]) => lines.length > 0 && performance.now() > until;
      await runWorker(directory, kill === 0 ? ['--send'] : [], begun);
    }
    await runWorker(directory, [], isEmpty);

    const read = (key: string) => readFile(join(root, key), 'utf8');
    const named = new Set<string>();
    for (let i = 0; i < OBJECTS; i++) {
      const outputs = JSON.parse(await read(`RefinerComplete/folder-${i}/report.txt.json`)) as string[];
      expect(outputs).toHaveLength(2);
      for (const output of outputs) {
        expect(await read(output)).toBe(content(i));
        named.add(output);
      }
    }
    const files = await readdir(join(root, 'RefinerOutput'));
    expect(files.map((file) => `RefinerOutput/${file}`).sort()).toEqual([...named].sort());
    expect(named.size).toBe(2 * OBJECTS);
    const completions = await readdir(join(root, 'RefinerComplete'), {
      recursive: true,
      withFileTypes: true,
    });
    expect(completions.filter((entry) => entry.isFile())).toHaveLength(OBJECTS);
  });
}, 240_000);
