import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeServer, lakewright } from '../test/harness.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const ANY_PORTS = ['--otlp-http-port', '0', '--otlp-grpc-port', '0', '--query-port', '0'];

let directory: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lakewright-up-'));
});
afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  await rm(directory, { recursive: true, force: true });
});

/** The first line that `up` prints, and how it ends. */
async function up(args: readonly string[], env: Record<string, string> = {}) {
  const started = spawn(
    process.execPath,
    [MAIN, 'up', '--data', join(directory, 'data'), ...ANY_PORTS, ...args],
    {
      env: { PATH: process.env.PATH, ...env },
    },
  );
  child = started;
  let stderr = '';
  started.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const exit = new Promise<number | null>((resolve) => started.on('exit', (code) => resolve(code)));
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    started.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text);
    });
    started.on('exit', () => reject(new Error(`up ended: ${stderr}`)));
  });
  return { line, exit, child: started };
}

describe('up', () => {
  it('serves what the demo sends, ends at SIGTERM with 0 and needs a key when it has keys', async () => {
    const keys = join(directory, 'keys.yaml');
    await writeFile(keys, '- organization_id: 0b5b1b5e-8d3c-4d6c-9c3e-2f5a4a3c1d2e\n  keys: [first-key-1]\n');
    const lake = await up(['--json'], { LAKEWRIGHT_API_KEYS: keys });
    const { ready, otlpHttp, query } = JSON.parse(lake.line);
    expect(ready).toBe(true);
    const demo = ['demo', '--duration', '200ms', '--rate', '1000', '--endpoint', otlpHttp, '--json'];
    expect((await lakewright(demo)).code).toBe(1);
    const withKey = { LAKEWRIGHT_API_KEY: 'first-key-1', LAKEWRIGHT_URL: query };
    expect(JSON.parse((await lakewright(demo, withKey)).stdout)).toMatchObject({ acknowledged: 200 });
    await expect
      .poll(
        async () =>
          (await lakewright(['query', 'sql', 'select count(*) n from logs', '--format', 'csv'], withKey))
            .stdout,
        {
          timeout: 30_000,
        },
      )
      .toBe('n\r\n120\r\n');
    const services = JSON.parse((await lakewright(['services', '--json'], withKey)).stdout);
    expect(services.services.map(({ service }: { service: string }) => service)).toContain('frontend');
    expect((await lakewright(['status'], { LAKEWRIGHT_URL: query })).code).toBe(1);
    lake.child.kill('SIGTERM');
    expect(await lake.exit).toBe(0);
  });

  it('tells a person what runs where and what to type next', async () => {
    const lake = await up([]);
    expect(lake.line).toContain('OTLP/HTTP   http://127.0.0.1:');
    expect(lake.line).toContain('npx lakewright demo --duration 10s --endpoint http://127.0.0.1:');
    lake.child.kill('SIGINT');
    expect(await lake.exit).toBe(0);
  });

  it.each([
    ['otlp-http', '--otlp-http-port'],
    ['query', '--query-port'],
  ])('names the flag when the %s port is in use, and lets go of the data', async (_name, flag) => {
    const taken = await fakeServer(() => undefined);
    const port = new URL(taken.url).port;
    const data = join(directory, 'data');
    const { code, stderr } = await lakewright(['up', '--data', data, ...ANY_PORTS, flag, port]);
    await taken.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`127.0.0.1:${port}: the port is in use`);
    expect(stderr).toContain(flag);
    expect(existsSync(join(data, 'lock'))).toBe(false);
  });

  it.each([
    ['other machines without keys', ['--host', '0.0.0.0'], {}, '--api-keys'],
    ['keys that are not there', ['--api-keys', '/nowhere/keys.yaml'], {}, '/nowhere/keys.yaml'],
    ['keys of a wrong shape', [], { LAKEWRIGHT_API_KEYS: MAIN }, 'line 1'],
  ])('refuses %s before it touches the data directory', async (_name, args, env, expected) => {
    const data = join(directory, 'data');
    const { code, stdout, stderr } = await lakewright(['up', '--data', data, ...ANY_PORTS, ...args], env);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(expected);
    expect(existsSync(data)).toBe(false);
  });

  it('names a data directory that is none, without a stack trace', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    const { code, stderr } = await lakewright(['up', '--data', file, ...ANY_PORTS]);
    expect(code).toBe(1);
    expect(stderr).toContain(`the data directory ${file} cannot be used: `);
    expect(stderr).toContain('--data');
    expect(stderr).not.toContain(' at ');
  });

  it('says that other machines can reach it where they can', async () => {
    const keys = join(directory, 'keys.yaml');
    await writeFile(keys, '- organization_id: 0b5b1b5e-8d3c-4d6c-9c3e-2f5a4a3c1d2e\n  keys: [first-key-1]\n');
    const lake = await up(['--host', '0.0.0.0', '--api-keys', keys]);
    expect(lake.line).toContain('listens on  0.0.0.0');
    lake.child.kill('SIGINT');
    expect(await lake.exit).toBe(0);
  });

  it('takes an interrupt that also arrives from its launcher for one', async () => {
    const lake = await up([]);
    lake.child.kill('SIGINT');
    lake.child.kill('SIGTERM');
    expect(await lake.exit).toBe(0);
    expect(existsSync(join(directory, 'data', 'lock'))).toBe(false);
  });

  it('answers an interrupt during the start at once', async () => {
    const started = spawn(process.execPath, [MAIN, 'up', '--data', join(directory, 'data'), ...ANY_PORTS], {
      env: { PATH: process.env.PATH },
    });
    child = started;
    let output = '';
    for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk) => (output += chunk));
    const exit = new Promise<number | null>((resolve) => started.on('exit', resolve));
    await expect
      .poll(() => existsSync(join(directory, 'data', 'lock')), { interval: 1, timeout: 30_000 })
      .toBe(true);
    started.kill('SIGINT');
    expect(await exit).toBe(0);
    expect(output).toContain('stopping');
    expect(output).not.toContain('is ready');
    expect(existsSync(join(directory, 'data', 'lock'))).toBe(false);
  });

  it.each([['LAKEWRIGHT_DATABASE_URL'], ['DATABASE_URL']])(
    'keeps the password of %s to itself',
    async (name) => {
      const data = join(directory, 'data');
      const url = 'postgres://user:hidden-password@127.0.0.1:1/lake';
      const { code, stdout, stderr } = await lakewright(['up', '--data', data, ...ANY_PORTS], {
        [name]: url,
      });
      expect(code).toBe(1);
      expect(stdout + stderr).not.toContain('hidden-password');
      expect(stderr).toMatch(/database|PostgreSQL/i);
    },
  );
});
