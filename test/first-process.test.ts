import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { LAKEWRIGHT, NODE } from './support/runtime.ts';
import { waitFor } from './support/wait.ts';

/** Runs the command that follows as the first process of a container. */
const CONTAINER = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child'];
const possible = spawnSync(CONTAINER[0], [...CONTAINER.slice(1), 'true']).status === 0;

it.skipIf(!possible)('ends at SIGTERM as the first process, whatever it waits for', async () => {
  const sockets: Socket[] = [];
  // A database that takes connections and never says a word.
  const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const child = spawn(CONTAINER[0], [...CONTAINER.slice(1), NODE, LAKEWRIGHT, 'setup'], {
    env: { PATH: process.env.PATH, DATABASE_URL: `postgres://lake@127.0.0.1:${port}/lrdb` },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  try {
    await waitFor('it to ask the database', () => sockets.length > 0);
    const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
    process.kill(Number(children.trim()), 'SIGTERM');
    expect(await ended).toEqual([128 + 15, null]);
  } finally {
    child.kill('SIGKILL');
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});
