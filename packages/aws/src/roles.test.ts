import type { Agent } from 'node:https';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { ConfigError, UnavailableError } from '@lakewright/core';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  FAKE_ENVIRONMENT,
  type FakeAnswer,
  type FakeAws,
  type FakeRequest,
  fakeAws,
} from '../test/fake-aws.ts';
import { s3Client } from './clients.ts';
import { type S3ObjectStoreOptions, s3ObjectStore } from './index.ts';

const ROLE = 'arn:aws:iam::123456789012:role/lake/reader';
let fake: FakeAws | undefined;
beforeAll(() => void Object.assign(process.env, FAKE_ENVIRONMENT, { AWS_MAX_ATTEMPTS: '1' }));
afterEach(async () => {
  delete process.env.AWS_ENDPOINT_URL_STS;
  await fake?.close();
  fake = undefined;
});

const xml = (status: number, body: string): FakeAnswer => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body,
});
/** What STS answers: credentials that are known by their number. */
const assumed = (number: number, lastsMs: number) =>
  xml(
    200,
    `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE${number}</AccessKeyId>
     <SecretAccessKey>a-secret-of-the-role</SecretAccessKey><SessionToken>token</SessionToken>
     <Expiration>${new Date(Date.now() + lastsMs).toISOString()}</Expiration></Credentials></AssumeRoleResult>
     </AssumeRoleResponse>`,
  );
const stsError = (status: number, code: string) =>
  xml(status, `<ErrorResponse><Error><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`);

/** A store behind `role`, at a fake that is S3 and STS. */
async function storeIn(answer: (number: number) => FakeAnswer, options: Partial<S3ObjectStoreOptions> = {}) {
  const asked: FakeRequest[] = [];
  fake = await fakeAws((request) => {
    if (request.path !== '/') return { status: 204 };
    asked.push(request);
    return answer(asked.length);
  });
  process.env.AWS_ENDPOINT_URL_STS = fake.url;
  const store = s3ObjectStore({ bucket: 'lake', endpoint: fake.url, roleArn: ROLE, ...options });
  const keysUsed = () =>
    (fake?.requests ?? [])
      .filter(({ path }) => path !== '/')
      .map(({ headers }) => /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1]);
  return { store, asked, keysUsed };
}

describe('a role', () => {
  test('is assumed once for many requests', async () => {
    const { store, asked, keysUsed } = await storeIn((n) => assumed(n, 3_600_000), {
      externalId: 'an-id',
      sessionName: 'ingest@lake',
    });
    await Promise.all([store.delete('a'), store.delete('b')]);
    await store.delete('c');
    expect(keysUsed()).toEqual(['ASIAROLE1', 'ASIAROLE1', 'ASIAROLE1']);
    expect(asked.map(({ body }) => Object.fromEntries(new URLSearchParams(body.toString())))).toEqual([
      expect.objectContaining({
        Action: 'AssumeRole',
        RoleArn: ROLE,
        ExternalId: 'an-id',
        RoleSessionName: 'ingest@lake',
      }),
    ]);
    expect(asked[0].headers.authorization).toContain('AKIAFAKE');
  });

  test('is assumed anew before its credentials expire', async () => {
    const { store, keysUsed } = await storeIn((n) => assumed(n, 3_600_000));
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      await store.delete('a');
      vi.setSystemTime(Date.now() + 56 * 60_000);
      await store.delete('b');
      await store.delete('c');
    } finally {
      vi.useRealTimers();
    }
    expect(keysUsed()).toEqual(['ASIAROLE1', 'ASIAROLE2', 'ASIAROLE2']);
  });

  test.each<[string, FakeAnswer, unknown, RegExp]>([
    [
      'that trusts somebody else',
      stsError(403, 'AccessDenied'),
      ConfigError,
      /not allowed to assume the role/,
    ],
    ['at a service that is away', stsError(503, 'ServiceUnavailable'), UnavailableError, /could not assume/],
    ['that comes without credentials', xml(200, '<AssumeRoleResponse/>'), UnavailableError, /no credentials/],
  ])('%s is named in the error', async (_, answer, kind, words) => {
    const { store, keysUsed } = await storeIn(() => answer, { externalId: 'an-id' });
    const error = await store.get('a').catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toMatch(words);
    expect((error as Error).message).toContain(ROLE);
    expect(keysUsed()).toEqual([]);
  });

  test('that may not be assumed says what to allow, and not the external id', async () => {
    const { store } = await storeIn(() => stsError(403, 'AccessDenied'), { externalId: 'an-id' });
    await expect(store.get('a')).rejects.toMatchObject({
      hint: expect.stringMatching(
        /allow sts:AssumeRole on arn:aws:iam::123456789012:role\/lake\/reader .*external id/,
      ),
    });
    await expect(store.get('a')).rejects.not.toMatchObject({ hint: expect.stringContaining('an-id') });
  });

  test.each<Partial<S3ObjectStoreOptions>>([
    { roleArn: 'lake' },
    { roleArn: 'arn:aws:iam::123456789012:user/lake' },
    { sessionName: 'x' },
    { sessionName: 'a b' },
  ])('%j is refused at once', (options) => {
    expect(() => s3ObjectStore({ bucket: 'lake', roleArn: ROLE, ...options })).toThrow(ConfigError);
  });
});

describe('a store of its own', () => {
  test.each([
    [{ endpoint: 'http://a:1' }, true],
    [{ endpoint: 'http://a:1', forcePathStyle: false }, false],
    [{}, false],
    [{ forcePathStyle: true }, true],
  ])('%j has paths for buckets: %s', async (options, expected) => {
    expect(s3Client({ region: 'eu-west-1', ...options }, {}).config.forcePathStyle).toBe(expected);
  });

  test.each([
    [true, false],
    [false, undefined],
  ])('insecureTls %s lets agents check certificates: %s', async (insecureTls, expected) => {
    const client = s3Client({ region: 'eu-west-1', endpoint: 'https://127.0.0.1:1', insecureTls }, {});
    // The agents are made with the first request, and nobody listens there.
    await expect(client.send(new ListBucketsCommand())).rejects.toThrow();
    const handler = client.config.requestHandler as { httpHandlerConfigs?(): { httpsAgent?: unknown } };
    const agent = handler.httpHandlerConfigs?.().httpsAgent as Agent;
    expect(agent.options.rejectUnauthorized).toBe(expected);
  });

  test('insecureTls needs an endpoint', () => {
    expect(() => s3ObjectStore({ bucket: 'lake', insecureTls: true })).toThrow(/^insecureTls: /);
  });
});
