import { systemClock } from '@lakewright/core';
import { assertNothingLost, Catalog, parseStorageProfiles, type SeedReport, Tenancy } from '@lakewright/lake';
import { postgresSql } from '@lakewright/local';
import { loadApiKeys } from '@lakewright/otlp';
import { Closers } from '../closers.ts';
import type { DatabaseUrls } from './database-url.ts';
import { S3_STORE } from './open.ts';

/**
 * Makes the tables, or brings them up to date, and seeds what is given as YAML. Doing it again changes nothing.
 * Throws ConfigError for YAML that says something else, before anything is changed; for profiles that take a bucket from
 * an organization that has data there, unless `abandonData`; and UnavailableError when a database does not answer.
 */
export async function setUp(options: {
  readonly databases: DatabaseUrls;
  readonly apiKeys: string | undefined;
  readonly storageProfiles: string | undefined;
  readonly abandonData?: boolean;
}): Promise<SeedReport> {
  const { databases, apiKeys, storageProfiles, abandonData = false } = options;
  const seed = {
    keys: apiKeys === undefined ? undefined : loadApiKeys(apiKeys),
    profiles: storageProfiles === undefined ? undefined : parseStorageProfiles(storageProfiles),
  };
  const closers = new Closers();
  try {
    const lake = await postgresSql(databases.lake);
    closers.add(() => lake.close());
    const catalog = await Catalog.open(lake, systemClock);
    await catalog.bindStore(S3_STORE);
    let tenancySql = lake;
    if (databases.tenancy !== databases.lake) {
      tenancySql = await postgresSql(databases.tenancy);
      closers.add(() => tenancySql.close());
    }
    const tenancy = await Tenancy.open(tenancySql, systemClock);
    if (!abandonData) await assertNothingLost(catalog, await tenancy.lostBy(seed.profiles ?? []));
    return await tenancy.seed(seed);
  } finally {
    await closers.close();
  }
}
