import { ConfigError } from '@lakewright/core';
import { describe, expect, it } from 'vitest';
import { lambdaSettings } from './settings.ts';

describe('lambdaSettings', () => {
  it('takes the seed names, with their leading slashes', () => {
    const env = {
      REFINER_BUCKET: 'data-repository',
      REFINER_OUTPUT_PREFIX: '/RefinerOutput/',
      REFINER_COMPLETE_PREFIX: '/RefinerComplete/',
    };
    expect(lambdaSettings(env)).toMatchObject({
      bucket: 'data-repository',
      queueUrl: undefined,
      rule: {
        name: 'Refiner',
        inputPrefix: 'RefinerInput/',
        outputPrefix: 'RefinerOutput/',
        completePrefix: 'RefinerComplete/',
        timeoutSeconds: 900,
      },
    });
  });

  it('takes a rule of its own', () => {
    const env = {
      REFINER_BUCKET: 'b',
      REFINER_NAME: 'Triage',
      REFINER_INPUT_PREFIX: 'in/triage/',
      REFINER_OUTPUT_PREFIX: 'out/triage/',
      REFINER_COMPLETE_PREFIX: 'done/triage/',
      REFINER_TIMEOUT: '60',
      REFINER_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/q',
    };
    expect(lambdaSettings(env)).toMatchObject({
      queueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/q',
      rule: { name: 'Triage', inputPrefix: 'in/triage/', timeoutSeconds: 60 },
    });
  });

  it.each<[Record<string, string>, RegExp]>([
    [{}, /REFINER_BUCKET is not set/],
    [{ REFINER_BUCKET: '' }, /REFINER_BUCKET is not set/],
    [{ REFINER_BUCKET: 'b', REFINER_OUTPUT_PREFIX: 'RefinerInput/out/' }, /writes to RefinerInput\/out\//],
    [{ REFINER_BUCKET: 'b', REFINER_TIMEOUT: 'soon' }, /timeout is not an integer/],
  ])('refuses %j', (env, message) => {
    expect(() => lambdaSettings(env)).toThrow(ConfigError);
    expect(() => lambdaSettings(env)).toThrow(message);
  });
});
