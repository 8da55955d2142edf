import { createLogger } from '@lakewright/core';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../../../test/support/wait.ts';
import { type Followed, TenancyWatch } from './watch.ts';

const SELDOM_MS = 3_600_000;

function watching(intervalMs: number) {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', format: 'text', write: (line) => void lines.push(line) });
  const metrics = new Registry();
  const watch = new TenancyWatch({ intervalMs, logger, metrics });
  const looks = async (what: Followed, outcome: string) => {
    const text = await metrics.getSingleMetricAsString('lakewright_tenancy_looks_total');
    const [, count] = new RegExp(`what="${what}",outcome="${outcome}"} (\\d+)`).exec(text) ?? [];
    return Number(count ?? 0);
  };
  return { watch, lines, looks };
}

describe('the watch over the tenancy', () => {
  it('looks again and again, profiles before keys, until it is stopped', async () => {
    const { watch } = watching(1);
    const order: string[] = [];
    await watch.follow('storage_profiles', async () => void order.push('profiles'));
    await watch.follow('api_keys', async () => void order.push('keys'));
    const stop = new AbortController();
    const running = watch.run(stop.signal);
    await waitFor('a third look', () => order.length >= 6);
    stop.abort();
    await running;
    const looks = order.length;
    expect(order.slice(0, 6)).toEqual(['profiles', 'keys', 'profiles', 'keys', 'profiles', 'keys']);
    await new Promise(setImmediate);
    expect(order).toHaveLength(looks);
  });

  it('goes on after a look that failed, logs and counts it, and looks at the rest', async () => {
    const { watch, lines, looks } = watching(1);
    let away = false;
    await watch.follow('storage_profiles', async () => {
      if (away) throw new Error('the database is away');
    });
    await watch.follow('api_keys', async () => undefined);
    away = true;
    const stop = new AbortController();
    const running = watch.run(stop.signal);
    await waitFor('failed looks', async () => (await looks('storage_profiles', 'failed')) >= 2);
    expect(lines[0]).toMatch(/stays as it was.*storage_profiles.*the database is away/);
    const before = await looks('storage_profiles', 'ok');
    away = false;
    await waitFor('a good look', async () => (await looks('storage_profiles', 'ok')) > before);
    expect(await looks('api_keys', 'failed')).toBe(0);
    expect(await looks('api_keys', 'ok')).toBeGreaterThan(2);
    stop.abort();
    await running;
  });

  it('fails at once where the first look fails', async () => {
    const { watch } = watching(SELDOM_MS);
    const failing = watch.follow('api_keys', () => Promise.reject(new Error('no such table')));
    await expect(failing).rejects.toThrow('no such table');
  });

  it('looks out of turn once for all who ask at a time', async () => {
    const { watch, looks } = watching(SELDOM_MS);
    await watch.follow('storage_profiles', async () => undefined);
    await Promise.all([watch.lookAgain(), watch.lookAgain()]);
    await watch.lookAgain();
    expect(await looks('storage_profiles', 'ok')).toBe(2);
  });
});
