import { ConfigError, systemClock } from '@lakewright/core';
import { loadApiKeys } from '@lakewright/otlp';
import { beforeEach, expect, it } from 'vitest';
import { describeDatabases } from '../../../local/test/adapters.ts';
import { NotSetUpError } from '../errors.ts';
import { parseStorageProfiles } from './profiles.ts';
import { Tenancy } from './tenancy.ts';

const A = '11110000-0000-4000-8000-000000000000';
const B = '22220000-0000-4000-8000-000000000000';
const keys = (...lists: [organization: string, keys: string[]][]) =>
  loadApiKeys(JSON.stringify(lists.map(([organization_id, of]) => ({ organization_id, keys: of }))));
const profiles = (yaml: string) => parseStorageProfiles(yaml);

describeDatabases('the tenancy', (empty) => {
  let tenancy: Tenancy;
  beforeEach(async () => {
    tenancy = await Tenancy.open(await empty(), systemClock);
  });

  it('cannot be attached to before it is made', async () => {
    const sql = await empty();
    await expect(Tenancy.attach(sql, systemClock)).rejects.toThrow(NotSetUpError);
    await Tenancy.open(sql, systemClock);
    expect(await (await Tenancy.attach(sql, systemClock)).storageProfiles()).toEqual([]);
  });

  it('seeds once and again', async () => {
    const seed = {
      keys: keys([A, ['acme-key-1', 'acme-key-2']], [B, ['beta-key-1']]),
      profiles: profiles(`[{organization_id: ${A}, bucket: acme, region: eu-west-1}]`),
    };
    expect(await tenancy.seed(seed)).toEqual({
      organizations: 2,
      keys: { added: 3, removed: 0 },
      profiles: { added: 1, changed: 0, removed: 0 },
    });
    expect(await tenancy.seed(seed)).toEqual({
      organizations: 0,
      keys: { added: 0, removed: 0 },
      profiles: { added: 0, changed: 0, removed: 0 },
    });
    expect((await tenancy.apiKeys()).entries).toHaveLength(3);
    expect(await tenancy.storageProfiles()).toEqual(seed.profiles);
  });

  it('makes the keys of an organization what is given, and leaves those of others', async () => {
    await tenancy.seed({ keys: keys([A, ['acme-key-1']], [B, ['beta-key-1']]), profiles: undefined });
    const report = await tenancy.seed({ keys: keys([A, ['acme-key-2']]), profiles: undefined });
    expect(report.keys).toEqual({ added: 1, removed: 1 });
    const wanted = keys([A, ['acme-key-2']], [B, ['beta-key-1']]).entries;
    const found = (await tenancy.apiKeys()).entries;
    expect(new Set(found.map(({ sha256 }) => sha256.toString('hex')))).toEqual(
      new Set(wanted.map(({ sha256 }) => sha256.toString('hex'))),
    );
  });

  it('takes all keys from an organization that is named without one', async () => {
    await tenancy.seed({
      keys: keys([A, ['acme-key-1', 'acme-key-2']], [B, ['beta-key-1']]),
      profiles: undefined,
    });
    const report = await tenancy.seed({ keys: keys([A, []]), profiles: undefined });
    expect(report).toMatchObject({ organizations: 0, keys: { added: 0, removed: 2 } });
    expect((await tenancy.apiKeys()).entries.map(({ organization }) => organization)).toEqual([B]);
    expect((await tenancy.seed({ keys: keys([A, []]), profiles: undefined })).keys.removed).toBe(0);
  });

  it('says which buckets organizations would lose, and changes nothing', async () => {
    const acme = `{organization_id: ${A}, bucket: acme}`;
    const old = `{organization_id: ${A}, bucket: old, instance_num: 2}`;
    const again = `{organization_id: ${A}, bucket: old, instance_num: 3}`;
    const beta = `{organization_id: ${B}, bucket: old}`;
    await tenancy.seed({ keys: undefined, profiles: profiles(`[${acme}, ${old}, ${again}, ${beta}]`) });
    const lostBy = (...entries: string[]) => tenancy.lostBy(profiles(`[${entries.join(',')}]`));
    expect(await lostBy(acme, again)).toEqual([]);
    expect(await lostBy(beta)).toEqual([]);
    expect(await lostBy(acme)).toEqual([{ organization: A, bucket: 'old' }]);
    expect(await lostBy(`{organization_id: ${A}, bucket: new}`)).toEqual([
      { organization: A, bucket: 'acme' },
      { organization: A, bucket: 'old' },
    ]);
    expect(await tenancy.storageProfiles()).toHaveLength(4);
  });

  it('changes and removes profiles of the organizations that are named', async () => {
    const both = `[{organization_id: ${A}, bucket: acme}, {organization_id: ${A}, bucket: old, instance_num: 2},
      {organization_id: ${B}, bucket: beta}]`;
    await tenancy.seed({ keys: undefined, profiles: profiles(both) });
    const next = `[{organization_id: ${A}, bucket: acme, region: eu-west-1}]`;
    const report = await tenancy.seed({ keys: undefined, profiles: profiles(next) });
    expect(report.profiles).toEqual({ added: 0, changed: 1, removed: 1 });
    expect((await tenancy.storageProfiles()).map(({ bucket, region }) => [bucket, region])).toEqual([
      ['acme', 'eu-west-1'],
      ['beta', undefined],
    ]);
  });

  it('refuses a bucket that another organization describes in another way, and changes nothing', async () => {
    const of = (organization: string, more: string) =>
      profiles(`[{organization_id: ${organization}, bucket: shared, region: eu-west-1${more}}]`);
    await tenancy.seed({ keys: undefined, profiles: of(A, '') });
    const other = of(B, ', endpoint: "http://minio:9000"');
    await expect(tenancy.seed({ keys: undefined, profiles: other })).rejects.toThrow(ConfigError);
    expect(await tenancy.storageProfiles()).toHaveLength(1);
    await tenancy.seed({ keys: undefined, profiles: of(B, '') });
    expect(await tenancy.storageProfiles()).toHaveLength(2);
  });

  it('refuses a key that another organization has, and changes nothing', async () => {
    await tenancy.seed({ keys: keys([A, ['shared-key']]), profiles: undefined });
    const seed = {
      keys: keys([B, ['shared-key']]),
      profiles: profiles(`[{organization_id: ${B}, bucket: beta}]`),
    };
    await expect(tenancy.seed(seed)).rejects.toThrow();
    expect(await tenancy.storageProfiles()).toEqual([]);
  });
});
