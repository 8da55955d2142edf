import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, DEFAULT_ORGANIZATION, NotFoundError } from '@lakewright/core';
import { TABLE_NAMES } from '@lakewright/lake';
import { localSecrets } from '@lakewright/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';
import { loadHandler } from './refine/handlers.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lakewright-config-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function load(text: string) {
  const file = join(directory, 'lakewright.yaml');
  await writeFile(file, text);
  return loadConfig(file);
}

describe('loadConfig', () => {
  it.each(['', '{}', 'refine: {}', '# nothing\n'])(
    'has one rule where the file says nothing: %j',
    async (text) => {
      const { refine } = await load(text);
      expect(refine).toMatchObject({
        bucket: 'data-repository',
        namespace: 'dibbs-ecr',
        organization: DEFAULT_ORGANIZATION,
        rules: [{ name: 'Refiner', inputPrefix: 'RefinerInput/', handler: 'hello-world' }],
      });
    },
  );

  it('can have no rule at all', async () => {
    expect((await load('refine:\n  rules: []')).refine.rules).toEqual([]);
  });

  it.each<[string, RegExp]>([
    ['refine: [', /lakewright.yaml is not YAML/],
    ['- a', /lakewright.yaml is not a mapping/],
    ['refiner: {}', /unknown field "refiner"/],
    ['refine: {queue: x}', /lakewright.yaml: refine has an unknown field "queue"/],
    ['refine: {bucket: Not_A_Bucket}', /refine.bucket is not/],
    ['refine: {namespace: 9}', /refine.namespace is not/],
    ['refine: {organization: me}', /refine.organization is not/],
    ['refine: {rules: {name: A}}', /refine.rules is not a list/],
    ['refine: {rules: [{name: A, max_receive: 3}]}', /refine.rules\[0\] has an unknown field "max_receive"/],
  ])('refuses %j', async (text, message) => {
    await expect(load(text)).rejects.toThrow(ConfigError);
    await expect(load(text)).rejects.toThrow(message);
  });

  it('leaves the lake as it is where the file says nothing of it', async () => {
    expect((await load('')).lake).toEqual({
      ingest: {},
      compact: {},
      rollups: { enabled: true, settings: {} },
      sweep: { retention: [] },
      iceberg: { enabled: true, settings: {} },
    });
  });

  it('reads how the lake is filled, merged and swept', async () => {
    const organization = DEFAULT_ORGANIZATION;
    const { lake } = await load(
      `lake:
  ingest: { interval: 1s, listing: 30s, full_listing: 10m }
  compaction: { interval: 2s, min_inputs: 8 }
  rollups: { enabled: false, interval: 5m }
  sweep: { interval: 5m, grace: 1h }
  raw_retention: 30d
  iceberg: { enabled: false, interval: 5m, keep: 2h }
  retention:
    - { keep: 90d }
    - { keep: 12h, table: logs, organization: ${organization} }`,
    );
    const HOUR = 3_600_000;
    expect(lake).toEqual({
      ingest: { intervalMs: 1000, dropListingMs: 30_000, recentListingMs: 30_000, fullListingMs: 600_000 },
      compact: { intervalMs: 2000, minInputs: 8 },
      rollups: { enabled: false, settings: { intervalMs: 300_000 } },
      sweep: {
        intervalMs: 300_000,
        graceMs: HOUR,
        rawRetentionMs: 720 * HOUR,
        retention: [{ keepMs: 2160 * HOUR }, { keepMs: 12 * HOUR, table: 'logs', organization }],
      },
      iceberg: { enabled: false, settings: { intervalMs: 300_000, keepMs: 2 * HOUR } },
    });
  });

  it('knows the tables that there are', async () => {
    const rules = TABLE_NAMES.map((table) => `{ keep: 1d, table: ${table} }`).join(', ');
    expect((await load(`lake: { retention: [${rules}] }`)).lake.sweep.retention).toHaveLength(
      TABLE_NAMES.length,
    );
  });

  it.each<[string, RegExp]>([
    ['lake: {sweeps: {}}', /lakewright.yaml: lake has an unknown field "sweeps"/],
    ['lake: {sweep: {grace: soon}}', /lake.sweep.grace: "soon" is not a duration/],
    ['lake: {sweep: {interval: 0s}}', /lake.sweep.interval is not above zero/],
    ['lake: {rollups: {enabled: sometimes}}', /lake.rollups.enabled is neither true nor false/],
    ['lake: {rollups: {interval: 0s}}', /lake.rollups.interval is not above zero/],
    ['lake: {compaction: {min_inputs: 1}}', /lake.compaction.min_inputs is not an integer from 2 to 256/],
    ['lake: {raw_retention: for ever}', /lake.raw_retention: "for ever" is not a duration/],
    ['lake: {iceberg: {enabled: 1}}', /lake.iceberg.enabled is neither true nor false/],
    ['lake: {iceberg: {keep: ever}}', /lake.iceberg.keep: "ever" is not a duration/],
    ['lake: {retention: {keep: 1d}}', /lake.retention is not a list/],
    ['lake: {retention: [{table: logs}]}', /lake.retention\[0\] does not say how long/],
    ['lake: {retention: [{keep: 1d, table: spans}]}', /lake.retention\[0\].table is not a table/],
    ['lake: {retention: [{keep: 1d, organization: me}]}', /lake.retention\[0\].organization is not/],
    ['lake: {retention: [{keep: 1d}, {keep: 2d}]}', /lake.retention\[1\] says again/],
  ])('refuses %j', async (text, message) => {
    await expect(load(text)).rejects.toThrow(ConfigError);
    await expect(load(text)).rejects.toThrow(message);
  });

  it('takes a text by reference, which no file has to be there for', async () => {
    const secrets = localSecrets({ LAKE: 'lake: {raw_retention: 3d}', WRONG: 'lake: {raw: 1}' });
    const { file, lake } = await loadConfig('env:LAKE', secrets);
    expect([file, lake.sweep.rawRetentionMs]).toEqual([undefined, 3 * 86_400_000]);
    await expect(loadConfig('env:WRONG', secrets)).rejects.toThrow(/env:WRONG: lake/);
    await expect(loadConfig('env:NONE', secrets)).rejects.toThrow(NotFoundError);
  });

  it('says which file it could not read', async () => {
    await expect(loadConfig(join(directory, 'none.yaml'))).rejects.toThrow(/none.yaml cannot be read/);
  });
});

describe('loadHandler', () => {
  const rule = async (handler: string) =>
    (await load(`refine: {rules: [{name: A, handler: ${JSON.stringify(handler)}}]}`)).refine.rules[0];

  it('finds those of the product, and modules beside the configuration', async () => {
    await writeFile(join(directory, 'mine.ts'), 'export default (): string[] => [];');
    expect(await loadHandler(await rule('hello-world'), directory)).toBeTypeOf('function');
    const mine = await loadHandler(await rule('./mine.ts'), directory);
    expect(mine.toString()).toMatch(/=> \[\]/);
  });

  it.each<[string, RegExp]>([
    ['goodbye', /rule A: there is no handler "goodbye"/],
    ['toString', /there is no handler/],
    ['./none.ts', /rule A: the handler .*none.ts cannot be loaded/],
    ['./empty.ts', /empty.ts has no function as its default export/],
  ])('refuses %s', async (handler, message) => {
    await writeFile(join(directory, 'empty.ts'), 'export const handle = 1;');
    await expect(loadHandler(await rule(handler), directory)).rejects.toThrow(message);
  });
});
