import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLogger, type ObjectStore } from '@lakewright/core';
import { Registry } from 'prom-client';
import { localFiles, startQueryWorker } from '../src/index.ts';
import { storeOver } from './lake.ts';
import { KEY } from './workers.ts';

/** A query worker in a process of its own. */
export interface WorkerProcess {
  readonly url: string;
  /** kill -9. */
  kill(): Promise<void>;
  /** SIGTERM; its exit code. */
  stop(): Promise<number | null>;
}

/** Starts one over the objects below `root`. With `hangs` it never finds the file of any segment. */
export async function startWorkerProcess(
  root: string,
  { name, hangs = false }: { name: string; hangs?: boolean },
): Promise<WorkerProcess> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      TOKEN_HMAC256_KEY: KEY,
      WORKER_ROOT: root,
      WORKER_TEMP: join(root, name),
      ...(hangs ? { WORKER_HANGS: '1' } : {}),
    },
  });
  const url = await urlOf(child);
  const end = async (signal: NodeJS.Signals) => {
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
    return child.exitCode;
  };
  return { url, kill: async () => void (await end('SIGKILL')), stop: () => end('SIGTERM') };
}

async function urlOf(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += chunk;
    const port = /port=(\d+)/.exec(text)?.[1];
    if (port !== undefined) return `http://127.0.0.1:${port}`;
  }
  throw new Error(`the worker ended: ${text}`);
}

async function main(): Promise<void> {
  const {
    WORKER_ROOT: root = '',
    WORKER_TEMP: tempDirectory = '',
    TOKEN_HMAC256_KEY: key = '',
  } = process.env;
  const stopped = once(process, 'SIGTERM');
  const plain = storeOver(root);
  const store: ObjectStore = process.env.WORKER_HANGS
    ? { ...plain, localPath: () => new Promise(() => {}) }
    : plain;
  const logger = createLogger({ level: 'info', format: 'text', write: (line) => process.stdout.write(line) });
  const deps = { files: localFiles(store), logger, metrics: new Registry() };
  const worker = await startQueryWorker(deps, { host: '127.0.0.1', port: 0, key, tempDirectory });
  logger.log('info', 'query worker ready', { port: worker.port });
  await stopped;
  await worker.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
