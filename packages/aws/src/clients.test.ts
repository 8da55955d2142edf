import { describe, expect, test } from 'vitest';
import { s3Client, sqsClient } from './clients.ts';

describe('the region', () => {
  test.each<[string | undefined, Record<string, string>, string]>([
    ['eu-north-1', { AWS_REGION: 'us-east-1' }, 'eu-north-1'],
    [undefined, { AWS_REGION: 'us-east-2', AWS_DEFAULT_REGION: 'us-west-1' }, 'us-east-2'],
    [undefined, { AWS_DEFAULT_REGION: 'us-west-1' }, 'us-west-1'],
    [undefined, { AWS_REGION: '', AWS_DEFAULT_REGION: 'us-west-2' }, 'us-west-2'],
  ])('%s in %j is %s', async (region, environment, expected) => {
    expect(await s3Client({ region }, environment).config.region()).toBe(expected);
    expect(await sqsClient({ region }, environment).config.region()).toBe(expected);
  });
});

describe('the endpoint', () => {
  const region = 'eu-west-1';
  test.each<[string | undefined, Record<string, string>, string | undefined]>([
    [undefined, {}, undefined],
    ['http://a:1', { AWS_ENDPOINT_URL: 'http://b:2' }, 'a'],
    [undefined, { AWS_ENDPOINT_URL: 'http://b:2' }, 'b'],
    [undefined, { AWS_ENDPOINT_URL: 'http://b:2', AWS_ENDPOINT_URL_S3: 'http://c:3' }, 'c'],
    [undefined, { AWS_ENDPOINT_URL_SQS: 'http://d:4' }, undefined],
    [undefined, { AWS_ENDPOINT_URL: '' }, undefined],
    [undefined, { AWS_ENDPOINT_URL: 'http://b:2', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }, undefined],
  ])('of S3: %s in %j is %s', async (endpoint, environment, host) => {
    const { config } = s3Client({ region, endpoint }, environment);
    expect((await config.endpoint?.())?.hostname).toBe(host);
    // Buckets of another service are paths: their names are no host names there.
    expect(config.forcePathStyle).toBe(host !== undefined);
  });

  test('of SQS', async () => {
    const { config } = sqsClient({ region }, { AWS_ENDPOINT_URL_SQS: 'http://d:4' });
    expect((await config.endpoint?.())?.hostname).toBe('d');
    expect(config.useQueueUrlAsEndpoint).toBe(false);
  });
});

test('requests are tried five times, or as often as the environment says', async () => {
  expect(await s3Client({ region: 'eu-west-1' }, {}).config.maxAttempts()).toBe(5);
  process.env.AWS_MAX_ATTEMPTS = '2';
  try {
    expect(await sqsClient({ region: 'eu-west-1' }).config.maxAttempts()).toBe(2);
  } finally {
    delete process.env.AWS_MAX_ATTEMPTS;
  }
});
