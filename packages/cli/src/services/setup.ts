import { systemClock } from '@lakewright/core';
import { Catalog, parseStorageProfiles, type SeedReport, Tenancy } from '@lakewright/lake';
import { postgresSql } from '@lakewright/local';
import { loadApiKeys } from '@lakewright/otlp';
import { Closers } from '../closers.ts';
import type { DatabaseUrls } from './database-url.ts';
import { S3_STORE } from './open.ts';

/**
 * Makes the tables, or brings them up to date, and seeds what is given as YAML. Doing it again changes nothing.
 * Throws ConfigError for YAML that says something else, before anything is changed, and UnavailableError when a
 * database does not answer.
 */
export async function setUp(options: {
  readonly databases: DatabaseUrls;
  readonly apiKeys: string | undefined;
  readonly storageProfiles: string | undefined;
}): Promise<SeedReport> {
  const { databases, apiKeys, storageProfiles } = options;
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
    return await tenancy.seed(seed);
  } finally {
    await closers.close();
  }
}
