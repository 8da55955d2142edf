import { ConfigError, systemClock } from '@lakewright/core';
import { Catalog } from '@lakewright/lake';
import { postgresSql } from '@lakewright/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawObject } from '../../../lake/test/raw-objects.ts';
import { postgresPrograms, startPostgres, type TestServer } from '../../../local/test/postgres-server.ts';
import { lakewright } from '../../test/harness.ts';
import { setUp } from './setup.ts';

const programs = postgresPrograms();
const why = programs === undefined ? ' (skipped: no initdb on this machine)' : '';

describe.skipIf(programs === undefined)(`setting up${why}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startPostgres(programs ?? '');
  });
  afterAll(() => server.stop());

  it('refuses to take a bucket with data from its organization, unless it is told to', async () => {
    const raw = rawObject('raw', Date.now());
    const { organization } = raw;
    const databases = { lake: server.url, tenancy: server.url };
    const profile = (bucket: string) => JSON.stringify([{ organization_id: organization, bucket }]);
    const keys = (...of: string[]) => JSON.stringify([{ organization_id: organization, keys: of }]);
    await setUp({ databases, apiKeys: keys('acme-key-1'), storageProfiles: profile('acme') });
    const sql = await postgresSql(server.url);
    const catalog = await Catalog.open(sql, systemClock);
    await catalog.announce([{ ...raw, key: `s3://acme/${raw.key}` }]);
    await sql.close();

    const next = { databases, apiKeys: keys(), storageProfiles: profile('other') };
    const refused = setUp(next);
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(
      `${organization} still has 1 raw object that is not ingested in bucket acme`,
    );
    const env = {
      DATABASE_URL: server.url,
      ...{ API_KEYS_FILE: 'env:KEYS', KEYS: next.apiKeys },
      ...{ STORAGE_PROFILE_FILE: 'env:PROFILES', PROFILES: next.storageProfiles },
    };
    const { code, stderr } = await lakewright(['setup'], env);
    expect([code, stderr]).toEqual([1, expect.stringContaining('--abandon-data')]);

    const done = await lakewright(['setup', '--abandon-data', '--json'], env);
    expect(JSON.parse(done.stdout)).toEqual({
      organizations: 0,
      keys: { added: 0, removed: 1 },
      profiles: { added: 0, changed: 1, removed: 0 },
    });
  });
});
