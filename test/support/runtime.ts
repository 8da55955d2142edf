import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
export const LAKEWRIGHT = join(REPOSITORY, 'packages/cli/bin/lakewright.js');

/** The pinned Node.js: started directly, so that a signal reaches the product and no launcher before it. */
export const NODE = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin/node');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Collects what a process writes. */
export function capture(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  return output;
}

/** Runs `lakewright` with arguments to its end. */
export async function lakewright(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const child = spawn(NODE, [LAKEWRIGHT, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = capture(child);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}
