import { ConfigError } from '@lakewright/core';
import { describe, expect, it, test } from 'vitest';
import type { Config } from '../config.ts';
import { databaseUrls } from './database-url.ts';
import { serviceSettings } from './settings.ts';

const LRDB = { LRDB_HOST: 'db', LRDB_USER: 'lake', LRDB_DBNAME: 'lrdb' };

describe('databaseUrls', () => {
  test.each([
    [
      'DATABASE_URL wins',
      { DATABASE_URL: 'postgres://a/b', ...LRDB, CONFIGDB_HOST: 'c' },
      'postgres://a/b',
      undefined,
    ],
    [
      'LAKEWRIGHT_DATABASE_URL before it',
      { LAKEWRIGHT_DATABASE_URL: 'postgres://x/y', DATABASE_URL: 'postgres://a/b' },
      'postgres://x/y',
      undefined,
    ],
    ['LRDB_URL', { LRDB_URL: 'postgres://l/r', ...LRDB }, 'postgres://l/r', undefined],
    ['parts', LRDB, 'postgres://lake@db:5432/lrdb?sslmode=require&uselibpqcompat=true', undefined],
    [
      'parts of another database for tenants',
      {
        ...LRDB,
        LRDB_SSLMODE: 'disable',
        CONFIGDB_HOST: 'c',
        CONFIGDB_PORT: '6432',
        CONFIGDB_USER: 'u',
        CONFIGDB_DBNAME: 'd',
      },
      'postgres://lake@db:5432/lrdb?sslmode=disable&uselibpqcompat=true',
      'postgres://u@c:6432/d?sslmode=require&uselibpqcompat=true',
    ],
  ])('%s', (_what, env, lake, tenancy = lake) => {
    expect(databaseUrls(env)).toEqual({ lake, tenancy });
  });

  it('takes any password, and names none', () => {
    const env = { ...LRDB, LRDB_PASSWORD: 'p@ss:w/rd?#% é' };
    expect(decodeURIComponent(new URL(databaseUrls(env).lake).password)).toBe(env.LRDB_PASSWORD);
    const incomplete = { LRDB_HOST: 'db', LRDB_PASSWORD: 'hunter2' };
    expect(() => databaseUrls(incomplete)).toThrow(/LRDB_USER and LRDB_DBNAME is not/);
    expect(() => databaseUrls(incomplete)).not.toThrow(/hunter2/);
  });

  it('needs one', () => {
    expect(() => databaseUrls({})).toThrow(ConfigError);
  });
});

describe('serviceSettings', () => {
  const config = {} as Config;

  it('has the ports that operators know', () => {
    expect(serviceSettings(LRDB, config)).toMatchObject({
      ...{ host: '0.0.0.0', queryPort: 7101, otlpHttpPort: 4318, otlpGrpcPort: 4317 },
      ...{ queryWorkerPort: 8081, queryWorkers: undefined, queryWorkerService: undefined },
      ...{ setupWaitMs: 60_000, tenancyIntervalMs: 15_000, leaseMs: undefined },
    });
  });

  test.each([
    [{ LAKEWRIGHT_QUERY_PORT: '71o1' }, /LAKEWRIGHT_QUERY_PORT/],
    [{ LAKEWRIGHT_QUERY_PORT: '70000' }, /LAKEWRIGHT_QUERY_PORT/],
    [{ QUERY_WORKER_PORT: '-1' }, /QUERY_WORKER_PORT/],
    [{ LAKEWRIGHT_LEASE: 'soon' }, /LAKEWRIGHT_LEASE/],
    [{ LAKEWRIGHT_TENANCY_INTERVAL: '0s' }, /LAKEWRIGHT_TENANCY_INTERVAL/],
    [{ MIGRATION_CHECK_TIMEOUT: '5 parsecs' }, /MIGRATION_CHECK_TIMEOUT/],
  ])('%o is refused', (env, message) => {
    expect(() => serviceSettings({ ...LRDB, ...env }, config)).toThrow(message);
  });
});
