import { ConfigError, createLogger, NotFoundError, silentLogger } from '@lakewright/core';
import { parseStorageProfiles, type StorageProfile } from '@lakewright/lake';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryStore } from '../../../../local/test/adapters.ts';
import { Buckets, type BucketsOptions } from './buckets.ts';

const A = '11110000-0000-4000-8000-000000000000';
const B = '22220000-0000-4000-8000-000000000000';
const ACME = `{organization_id: ${A}, bucket: acme}`;
const BETA = `{organization_id: ${B}, bucket: beta}`;
const profiles = (...entries: string[]) => parseStorageProfiles(`[${entries.join(',')}]`);
const bytes = new Uint8Array([1]);

const removals: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of removals.splice(0)) await remove();
});

/** Buckets as directories. What was opened and closed is in `events`. */
function directories(options: Partial<BucketsOptions> = {}) {
  const events: string[] = [];
  const open = async (profile: StorageProfile) => {
    const name = `${profile.bucket} ${profile.region ?? ''}`.trim();
    if (name === 'broken') throw new ConfigError('cannot be opened');
    const { store, remove } = await temporaryStore();
    removals.push(remove);
    events.push(`open ${name}`);
    return Object.assign(store, { close: async () => void events.push(`close ${name}`) });
  };
  const lookFor = async () => undefined;
  return { events, buckets: new Buckets({ open, lookFor, logger: silentLogger, ...options }) };
}

describe('buckets', () => {
  it('are those of the profiles, each opened once', async () => {
    const { buckets, events } = directories();
    const places = buckets.places;
    await buckets.use(profiles(ACME));
    expect(() => places.baseOf(B)).toThrow(NotFoundError);
    await buckets.use(profiles(ACME, BETA));
    expect(events).toEqual(['open acme', 'open beta']);
    expect(places.baseOf(B)).toBe('s3://beta/');
    expect(places.reach).toEqual({ bases: ['s3://acme/', 's3://beta/'], organizations: [A, B] });
    expect((await buckets.store.put('s3://beta/x', bytes)).key).toBe('s3://beta/x');
    await buckets.close();
    expect(events.slice(2).sort()).toEqual(['close acme', 'close beta']);
  });

  it('serve what was begun when their profiles go, and new work no more', async () => {
    const { buckets, events } = directories();
    await buckets.use(profiles(ACME, BETA));
    const began = buckets.places.snapshot();
    await buckets.store.put('s3://beta/x', bytes);
    await buckets.use(profiles(ACME));
    await buckets.use(profiles(ACME));
    expect(buckets.places.of('s3://beta/x')).toBeUndefined();
    expect(buckets.places.reach?.organizations).toEqual([A]);
    expect(began.baseOf(B)).toBe('s3://beta/');
    expect(await buckets.store.get('s3://beta/x')).toHaveLength(1);
    await buckets.use(profiles(ACME, BETA));
    expect(events).toEqual(['open acme', 'open beta']);
    await buckets.close();
  });

  it('are closed when their time is over', async () => {
    const { buckets, events } = directories({ leaveMs: 0 });
    await buckets.use(profiles(ACME, BETA));
    await buckets.use(profiles(ACME));
    expect(events).toEqual(['open acme', 'open beta']);
    await buckets.use(profiles(ACME));
    expect(events.slice(2)).toEqual(['close beta']);
    await expect(buckets.store.get('s3://beta/x')).rejects.toThrow(NotFoundError);
    await buckets.close();
    expect(events.slice(3)).toEqual(['close acme']);
  });

  it('are opened anew when they are used in another way', async () => {
    const { buckets, events } = directories({ leaveMs: 0 });
    await buckets.use(profiles(ACME));
    const moved = profiles(`{organization_id: ${A}, bucket: acme, region: eu-west-1}`);
    await buckets.use(moved);
    await buckets.store.put('s3://acme/x', bytes);
    await buckets.use(moved);
    expect(events).toEqual(['open acme', 'open acme eu-west-1', 'close acme']);
    expect(await buckets.store.get('s3://acme/x')).toHaveLength(1);
    await buckets.close();
  });

  it('stay as they were when one cannot be opened', async () => {
    const { buckets, events } = directories({ leaveMs: 0 });
    await buckets.use(profiles(ACME));
    const broken = profiles(BETA, `{organization_id: ${B}, bucket: broken, instance_num: 2}`);
    await expect(buckets.use(broken)).rejects.toThrow(ConfigError);
    expect(events).toEqual(['open acme', 'open beta', 'close beta']);
    expect(buckets.places.all.map(({ base }) => base)).toEqual(['s3://acme/']);
    await buckets.store.put('s3://acme/x', bytes);
    await buckets.close();
  });

  it('are looked for when a key names one that is not open', async () => {
    const asked: string[] = [];
    const { buckets } = directories({
      lookFor: async (key) => {
        asked.push(key);
        if (key.startsWith('s3://beta/')) await buckets.use(profiles(ACME, BETA));
      },
    });
    await buckets.use(profiles(ACME));
    await buckets.store.put('s3://beta/x', bytes);
    await buckets.store.put('s3://beta/y', bytes);
    await expect(buckets.store.get('s3://gamma/x')).rejects.toThrow(NotFoundError);
    expect(asked).toEqual(['s3://beta/x', 's3://gamma/x']);
    await buckets.close();
  });

  it('are named in the log when they change', async () => {
    const lines: string[] = [];
    const logger = createLogger({ level: 'info', format: 'text', write: (line) => void lines.push(line) });
    const { buckets } = directories({ logger });
    await buckets.use(profiles(ACME));
    await buckets.use(profiles(ACME));
    expect(lines).toEqual([]);
    await buckets.use(profiles(BETA));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/profiles changed.*s3:\/\/beta\/.*s3:\/\/acme\//);
    await buckets.close();
  });
});
