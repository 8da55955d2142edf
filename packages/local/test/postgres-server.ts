import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface TestServer {
  readonly url: string;
  stop(): void;
}

/** The directory that holds initdb and pg_ctl, or undefined: then tests over a server are skipped by name. */
export function postgresPrograms(): string | undefined {
  const places = [
    ...(process.env.PATH ?? '').split(path.delimiter),
    ...globSync('/usr/lib/postgresql/*/bin').sort().reverse(),
  ];
  return places.find(
    (place) => existsSync(path.join(place, 'initdb')) && existsSync(path.join(place, 'pg_ctl')),
  );
}

/** Starts a throw-away PostgreSQL on a free port of loopback. It refuses root, so root runs it as another. */
export async function startPostgres(programs: string): Promise<TestServer> {
  const home = mkdtempSync(path.join(tmpdir(), 'lakewright-postgres-'));
  const user = process.getuid?.() === 0 ? unprivileged() : undefined;
  if (user !== undefined) chownSync(home, user.uid, user.gid);
  const data = path.join(home, 'data');
  const run = (program: string, args: string[]) => {
    const result = spawnSync(path.join(programs, program), args, {
      ...user,
      cwd: home,
      env: { PATH: process.env.PATH, LC_ALL: 'C', HOME: home },
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    if (result.status !== 0) throw new Error(`${program}: ${result.stderr || result.error}`);
  };
  run('initdb', ['-D', data, '-U', 'lakewright', '-A', 'trust', '-E', 'UTF8', '--no-sync']);
  const port = await freePort();
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off`;
  run('pg_ctl', ['-D', data, '-w', '-l', path.join(home, 'log'), '-o', options, 'start']);
  return {
    url: `postgres://lakewright@127.0.0.1:${port}/postgres`,
    stop() {
      run('pg_ctl', ['-D', data, '-m', 'immediate', '-w', 'stop']);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function unprivileged(): { uid: number; gid: number } {
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }));
    if (uid.status === 0 && gid.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Error('PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
