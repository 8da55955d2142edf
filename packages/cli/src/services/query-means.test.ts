import { ConfigError, silentLogger } from '@lakewright/core';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { Closers } from '../closers.ts';
import type { Config } from '../config.ts';
import { connectWorkers } from './query-means.ts';
import { serviceSettings } from './settings.ts';

const KEY = 'k'.repeat(32);
const LIST = 'http://127.0.0.1:1,http://127.0.0.1:2';
const NAME = 'localhost:8081';

async function connected(env: Record<string, string>): Promise<boolean> {
  const settings = serviceSettings({ DATABASE_URL: 'postgres://a/b', ...env }, {} as Config);
  const closers = new Closers();
  try {
    const means = { settings, logger: silentLogger, metrics: new Registry() };
    return connectWorkers(means, closers) !== undefined;
  } finally {
    await closers.close();
  }
}

test.each([
  [{}, false],
  [{ TOKEN_HMAC256_KEY: KEY }, false],
  [{ LAKEWRIGHT_QUERY_WORKERS: '', QUERY_WORKER_SERVICE_NAME: '' }, false],
  [{ LAKEWRIGHT_QUERY_WORKERS: LIST, TOKEN_HMAC256_KEY: KEY }, true],
  [{ QUERY_WORKER_SERVICE_NAME: NAME, TOKEN_HMAC256_KEY: KEY }, true],
])('with %o, workers are asked: %s', async (env, expected) => {
  expect(await connected(env)).toBe(expected);
});

test.each([
  [{ LAKEWRIGHT_QUERY_WORKERS: LIST }, 'TOKEN_HMAC256_KEY is not set'],
  [{ LAKEWRIGHT_QUERY_WORKERS: LIST, TOKEN_HMAC256_KEY: 'hunter2' }, 'fewer than 32 characters'],
  [{ LAKEWRIGHT_QUERY_WORKERS: 'here', TOKEN_HMAC256_KEY: KEY }, 'not http://host:port'],
  [{ QUERY_WORKER_SERVICE_NAME: 'workers', TOKEN_HMAC256_KEY: KEY }, 'not host:port'],
])('%o is refused, and no key is told', async (env, message) => {
  const error = await connected(env).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigError);
  expect(String(error)).toContain(message);
  expect(String(error)).not.toContain('hunter2');
});
