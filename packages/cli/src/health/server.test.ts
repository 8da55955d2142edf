import { ConfigError } from '@lakewright/core';
import type { ReadyReport } from '@lakewright/query';
import { Counter, Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { healthPort } from './port.ts';
import { type HealthServer, type HealthServerOptions, startHealthServer } from './server.ts';

let server: HealthServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function asking(options: Partial<HealthServerOptions> = {}) {
  const metrics = new Registry();
  new Counter({ name: 'things_total', help: 'things', registers: [metrics] }).inc(3);
  const ready = async (): Promise<ReadyReport> => ({ ready: true, parts: {} });
  server = await startHealthServer({ host: '127.0.0.1', port: 0, ready, metrics, ...options });
  const { port } = server;
  return { port, ask: (path: string) => fetch(`http://127.0.0.1:${port}${path}`) };
}

describe('the health server', () => {
  it.each(['/healthz', '/livez'])('answers %s as long as the process turns', async (path) => {
    const { ask } = await asking({ ready: () => Promise.reject(new Error('not ready')) });
    const response = await ask(path);
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  });

  it.each<[string, () => Promise<ReadyReport>, number, unknown]>([
    ['ready', async () => ({ ready: true, parts: { a: { ready: true } } }), 200, { a: { ready: true } }],
    [
      'not ready',
      async () => ({ ready: false, parts: { a: { ready: false } } }),
      503,
      { a: { ready: false } },
    ],
    [
      'failing',
      () => Promise.reject(new Error('the database is away')),
      503,
      { check: { ready: false, detail: 'the database is away' } },
    ],
    [
      'hanging',
      () => new Promise(() => {}),
      503,
      { check: { ready: false, detail: 'no answer within 50 ms' } },
    ],
  ])('says what a service is that is %s', async (_, ready, status, parts) => {
    const { ask } = await asking({ ready, maxCheckMs: 50 });
    for (const path of ['/ready', '/readyz']) {
      const response = await ask(path);
      expect([response.status, await response.json()]).toEqual([status, { ready: status === 200, parts }]);
    }
  });

  it('serves metrics, and nothing else', async () => {
    const { ask } = await asking();
    expect(await (await ask('/metrics')).text()).toContain('things_total 3');
    expect((await ask('/api/v1/sql')).status).toBe(404);
  });

  it('says which port is taken and how to choose another', async () => {
    const { port } = await asking();
    const second = startHealthServer({
      host: '127.0.0.1',
      port,
      ready: async () => ({ ready: true, parts: {} }),
      metrics: new Registry(),
    });
    await expect(second).rejects.toThrow(ConfigError);
    await expect(second).rejects.toMatchObject({ hint: expect.stringContaining('HEALTH_CHECK_PORT') });
    await expect(second).rejects.toThrow(String(port));
  });
});

describe('HEALTH_CHECK_PORT', () => {
  it.each([
    [undefined, 8090],
    ['', 8090],
    ['9000', 9000],
    ['65535', 65535],
  ])('%s is %s', (text, port) => {
    expect(healthPort({ HEALTH_CHECK_PORT: text })).toBe(port);
  });
  it.each(['65536', '-1', 'eighty', '80.5', '1e3'])('%s is refused by name', (text) => {
    expect(() => healthPort({ HEALTH_CHECK_PORT: text })).toThrow(/HEALTH_CHECK_PORT/);
  });
});
