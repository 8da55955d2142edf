import { createLogger } from '@lakewright/core';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../../../test/support/wait.ts';
import { type Followed, TenancyWatch } from './watch.ts';

const SELDOM_MS = 3_600_000;
const nothing = () => undefined;

function watching(intervalMs: number) {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', format: 'text', write: (line) => void lines.push(line) });
  const metrics = new Registry();
  const watch = new TenancyWatch({ intervalMs, pauseMs: 1, logger, metrics });
  const looks = async (what: Followed, outcome: string) => {
    const text = await metrics.getSingleMetricAsString('lakewright_tenancy_looks_total');
    const [, count] = new RegExp(`what="${what}",outcome="${outcome}"} (\\d+)`).exec(text) ?? [];
    return Number(count ?? 0);
  };
  return { watch, lines, looks };
}

describe('the watch over the tenancy', () => {
  it('looks again and again until it is stopped', async () => {
    const { watch } = watching(1);
    let looks = 0;
    await watch.follow('api_keys', async () => () => void looks++);
    expect(looks).toBe(1);
    const stop = new AbortController();
    const running = watch.run(stop.signal);
    await waitFor('a third look', () => looks >= 3);
    stop.abort();
    await running;
    const stopped = looks;
    await new Promise(setImmediate);
    expect(looks).toBe(stopped);
  });

  it('never has keys that are newer than the profiles, though both change between any two reads', async () => {
    const { watch } = watching(SELDOM_MS);
    let version = 0;
    const taken = { profiles: 0, keys: 0 };
    const seen: boolean[] = [];
    const follow = (what: Followed, into: 'profiles' | 'keys') =>
      watch.follow(what, async () => {
        const read = ++version;
        return () => {
          taken[into] = read;
          seen.push(taken.keys <= taken.profiles);
        };
      });
    await follow('storage_profiles', 'profiles');
    await follow('api_keys', 'keys');
    expect(seen).toEqual([true, true, true]);
    expect(taken).toEqual({ profiles: 3, keys: 2 });
  });

  it('goes on after a look that failed, logs and counts it, and looks at the rest', async () => {
    const { watch, lines, looks } = watching(1);
    let away = false;
    await watch.follow('storage_profiles', async () => {
      if (away) throw new Error('the database is away');
      return nothing;
    });
    await watch.follow('api_keys', async () => nothing);
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

  it('has read what is followed from now on, though a look begins at that moment', async () => {
    const { watch } = watching(SELDOM_MS);
    let isAsked = false;
    let isRead = false;
    let following: Promise<void> | undefined;
    await watch.follow('storage_profiles', async () => {
      // Both wait for the end of this look.
      if (!isAsked) {
        isAsked = true;
        const other = watch.follow('storage_profiles', async () => nothing);
        following = watch
          .follow('api_keys', async () => () => {
            isRead = true;
          })
          .finally(() => other);
      }
      return nothing;
    });
    await following;
    expect(isRead).toBe(true);
  });

  it('looks out of turn once for all who ask at a time, and anew for who asks during a look', async () => {
    const { watch, looks } = watching(SELDOM_MS);
    const asking: Promise<void>[] = [];
    await watch.follow('storage_profiles', async () => nothing);
    await Promise.all([watch.lookAgain(), watch.lookAgain()]);
    expect(await looks('storage_profiles', 'ok')).toBe(2);
    await watch.follow('api_keys', async () => {
      if (asking.length === 0) asking.push(watch.lookAgain());
      return nothing;
    });
    await Promise.all(asking);
    expect(await looks('api_keys', 'ok')).toBe(2);
  });
});
