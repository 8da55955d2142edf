/** Runs commands in a tree that `layOutImage` made, as a container runtime would in the image. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { capture, type Finished } from '../runtime.ts';
import type { ImageTree } from './tree.ts';

const RUNNING = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of RUNNING) child.kill('SIGKILL');
});

/** A process in the image: its environment is the image's and what it is given, and nothing of this machine's. */
export class Container {
  readonly #tree: ImageTree;
  readonly #env: Readonly<Record<string, string>>;
  readonly #child: ChildProcess;
  readonly #output: { stdout: string; stderr: string };

  /** `command` is that of a task definition; without one, the image's own. */
  constructor(tree: ImageTree, command: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#tree = tree;
    this.#env = env;
    this.#child = start(tree, command, env);
    this.#output = capture(this.#child);
  }

  get log(): string {
    return this.#output.stderr;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Runs another command beside it, as a health check is run: with the same environment. */
  exec(command: readonly string[]): Promise<Finished> {
    return runInImage(this.#tree, command, this.#env);
  }

  /** Resolves when it has ended, with its exit code, or null when a signal ended it. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (this.running) {
      const exit = once(this.#child, 'exit');
      this.#child.kill(signal);
      await exit;
    }
    return this.#child.exitCode;
  }
}

/** Runs a command to its end. */
export async function runInImage(
  tree: ImageTree,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const child = start(tree, command, env);
  const output = capture(child);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

function start(
  tree: ImageTree,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess {
  const { root, workdir, user, entrypoint } = tree;
  const [program, ...args] = [...entrypoint, ...(command.length > 0 ? command : tree.command)];
  const child = spawn(program, args, {
    cwd: join(root, workdir),
    env: { ...environmentIn(tree), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Anybody but root is himself; directories are not writable for him either.
    ...(process.getuid?.() === 0 ? user : {}),
  });
  RUNNING.add(child);
  child.on('close', () => RUNNING.delete(child));
  return child;
}

/** The image's environment, its absolute paths where they are on this machine. */
export function environmentIn({ root, env }: ImageTree): Record<string, string> {
  const { PATH = '', ...others } = env;
  // What the image does not bring comes from the base image, and here from this machine.
  const path = [...PATH.split(':').map((folder) => join(root, folder)), '/usr/bin', '/bin'];
  const inTree = Object.entries(others).map(([name, value]): [string, string] => [
    name,
    value.startsWith('/') ? join(root, value) : value,
  ]);
  return { ...Object.fromEntries(inTree), PATH: path.join(':') };
}
