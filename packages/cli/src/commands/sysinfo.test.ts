import { afterEach, describe, expect, it } from 'vitest';
import { answerJson, deadAddress, type FakeServer, fakeServer, lakewright } from '../../test/harness.ts';

let server: FakeServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serving(status: number): Promise<FakeServer> {
  server = await fakeServer((_request, response) => answerJson(response, { status: 'ok' }, status));
  return server;
}

describe('sysinfo', () => {
  it('says what there is to work with, for people and for machines', async () => {
    const env = { LRDB_PASSWORD: 'hunter2' };
    const text = await lakewright(['sysinfo'], env);
    expect(text.code).toBe(0);
    for (const name of ['node', 'cpus', 'memory', 'open files', 'LRDB_PASSWORD']) {
      expect(text.stdout).toContain(name);
    }
    const json = await lakewright(['sysinfo', '--json'], env);
    expect(json.code).toBe(0);
    expect(JSON.parse(json.stdout)).toMatchObject({
      node: process.version,
      environment: expect.arrayContaining(['LRDB_PASSWORD']),
    });
    expect(text.stdout + json.stdout).not.toContain('hunter2');
  });

  it.each([
    [200, 0],
    [204, 0],
    [503, 1],
    [302, 1],
  ])('--check of a service that answers %i ends with %i', async (status, code) => {
    const { url, seen } = await serving(status);
    const finished = await lakewright(['sysinfo', '--check', `${url}/ready`]);
    expect(finished.code).toBe(code);
    expect(seen.map(({ path }) => path)).toEqual(['/ready']);
    expect(`${finished.stdout}${finished.stderr}`).toContain(String(status));
  });

  it('--check asks the port of HEALTH_CHECK_PORT whether the service lives', async () => {
    const { url, seen } = await serving(200);
    const env = { HEALTH_CHECK_PORT: new URL(url).port };
    const { code, stdout } = await lakewright(['sysinfo', '--check', '--json'], env);
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      expect.objectContaining({ healthy: true, url: `${url}/livez`, status: 200 }),
    ]);
    expect(seen[0].path).toBe('/livez');
  });

  it('--check of nobody ends with 1 and says so', async () => {
    const { code, stderr } = await lakewright(['sysinfo', '--check', await deadAddress()]);
    expect(code).toBe(1);
    expect(stderr).toContain('ECONNREFUSED');
  });

  it.each([[['--check', 'nonsense']]])('%j makes no sense', async (args) => {
    expect((await lakewright(['sysinfo', ...args])).code).toBe(2);
  });
});
