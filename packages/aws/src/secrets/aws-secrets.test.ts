import { ConfigError, UnavailableError } from '@lakewright/core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { told } from '../../../core/test/secrets-suite.ts';
import { FAKE_ENVIRONMENT, type FakeAnswer, type FakeAws, fakeAws } from '../../test/fake-aws.ts';
import { awsSecrets } from '../index.ts';

let fake: FakeAws | undefined;
beforeAll(() => void Object.assign(process.env, FAKE_ENVIRONMENT, { AWS_MAX_ATTEMPTS: '1' }));
afterEach(() => fake?.close());

const json = (status: number, body: unknown): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify(body),
});

const refusal = async (reference: string, answer: FakeAnswer): Promise<Error & { hint?: string }> => {
  fake = await fakeAws(() => answer);
  return awsSecrets({ endpoint: fake.url })
    .get(reference)
    .then(
      (text) => new Error(`read ${text}`),
      (error: Error) => error,
    );
};

describe('who may not read a secret is told what to allow', () => {
  test.each([
    ['ssm:/lake/a', 'ssm:GetParameter', 'arn:aws:ssm:eu-west-1:*:parameter/lake/a'],
    ['secretsmanager:a#b', 'secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:eu-west-1:*:secret:a-*'],
    [
      'secretsmanager:arn:aws:secretsmanager:us-west-2:1:secret:a-Ab1',
      'secretsmanager:GetSecretValue',
      'arn:aws:secretsmanager:us-west-2:1:secret:a-Ab1',
    ],
  ])('%s', async (reference, action, resource) => {
    const error = await refusal(reference, json(400, { __type: 'AccessDeniedException', message: 'no' }));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toContain(`not allowed to read the secret ${reference}`);
    expect(error.hint).toContain(action);
    expect(error.hint).toContain(resource);
  });
});

test.each<[string, FakeAnswer]>([
  ['a service that is away', json(503, { __type: 'InternalServerError' })],
  ['a service that throttles', json(400, { __type: 'ThrottlingException' })],
  ['a connection that ends', 'hang up'],
])('%s is unavailable', async (_, answer) => {
  expect(await refusal('ssm:a', answer)).toBeInstanceOf(UnavailableError);
});

test('what the answer holds is in no error', async () => {
  const error = await refusal('secretsmanager:a#b', json(200, { SecretString: '{"c": hunter2' }));
  expect(error).toBeInstanceOf(ConfigError);
  expect(told(error)).not.toContain('hunter2');
});
