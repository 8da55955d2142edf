import {
  BadInputError,
  ConfigError,
  LakewrightError,
  NotFoundError,
  PreconditionError,
  UnavailableError,
} from '@lakewright/core';
import { describe, expect, test } from 'vitest';
import { AwsError, awsError, type Deed } from './errors.ts';

const DEED: Deed = {
  what: 'read s3://bucket/key',
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::bucket/key',
  missing: 'no object s3://bucket/key',
};

/** An error as the SDK makes one. */
function sdkError(name: string, status?: number, more: object = {}): Error {
  const metadata = { httpStatusCode: status, requestId: 'REQ1', attempts: 1 };
  const fields = status === undefined ? {} : { $metadata: metadata, $fault: 'client' };
  return Object.assign(new Error(`${name} happened`), { name, ...fields, ...more });
}

describe('awsError', () => {
  test.each<[string, number | undefined, abstract new (...args: never[]) => Error, RegExp]>([
    ['NoSuchKey', 404, NotFoundError, /^no object s3:\/\/bucket\/key$/],
    ['NotFound', 404, NotFoundError, /^no object/],
    ['NoSuchVersion', 404, NotFoundError, /^no object/],
    ['MethodNotAllowed', 405, NotFoundError, /^no object/],
    ['QueueDoesNotExist', 400, NotFoundError, /^no object/],
    ['PreconditionFailed', 412, PreconditionError, /read s3:\/\/bucket\/key/],
    ['412', 412, PreconditionError, /read s3:\/\/bucket\/key/],
    ['SlowDown', 503, UnavailableError, /AWS answered 503 SlowDown \(request REQ1\)/],
    ['InternalError', 500, UnavailableError, /500 InternalError/],
    ['ThrottlingException', 400, UnavailableError, /ThrottlingException/],
    ['TooManyRequestsException', 429, UnavailableError, /429/],
    ['ConditionalRequestConflict', 409, UnavailableError, /409/],
    ['OverLimit', 403, UnavailableError, /OverLimit/],
    ['NoSuchUpload', 404, UnavailableError, /NoSuchUpload/],
    ['TimeoutError', undefined, UnavailableError, /TimeoutError/],
    ['AccessDenied', 403, ConfigError, /^not allowed to read s3:\/\/bucket\/key/],
    ['AccessDeniedException', 400, ConfigError, /^not allowed/],
    ['KMS.AccessDeniedException', 400, ConfigError, /^not allowed/],
    ['Forbidden', 403, ConfigError, /^not allowed/],
    ['403', 403, ConfigError, /^not allowed/],
    ['NoSuchBucket', 404, ConfigError, /NoSuchBucket/],
    ['PermanentRedirect', 301, ConfigError, /301/],
    ['AuthorizationHeaderMalformed', 400, ConfigError, /AuthorizationHeaderMalformed/],
    ['CredentialsProviderError', undefined, ConfigError, /no AWS credentials/],
    ['ExpiredToken', 400, ConfigError, /no AWS credentials/],
    ['InvalidAccessKeyId', 403, ConfigError, /no AWS credentials/],
    ['RequestTimeTooSkewed', 403, ConfigError, /RequestTimeTooSkewed/],
    ['InvalidRequest', 400, AwsError, /400 InvalidRequest/],
  ])('%s %s', (name, status, kind, message) => {
    const error = awsError(sdkError(name, status), DEED);
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(message);
    expect(error.cause).toBeUndefined();
  });

  test.each(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EPIPE', 'EHOSTUNREACH'])(
    'the network fails with %s',
    (code) => {
      const error = awsError(Object.assign(new Error('it broke'), { code }), DEED);
      expect(error).toBeInstanceOf(UnavailableError);
      expect(error.message).toBe(`could not read s3://bucket/key: ${code}`);
    },
  );

  test('who is not allowed is told which action on which resource to allow', () => {
    expect(awsError(sdkError('AccessDenied', 403), DEED)).toMatchObject({
      hint: expect.stringMatching(/^allow s3:GetObject on arn:aws:s3:::bucket\/key .*s3:ListBucket/),
    });
    const deed = { ...DEED, action: 'sqs:SendMessage', resource: 'arn:aws:sqs:eu-west-1:1:q' };
    expect(awsError(sdkError('AccessDenied', 403), deed)).toMatchObject({
      hint: 'allow sqs:SendMessage on arn:aws:sqs:eu-west-1:1:q to this user or role',
    });
  });

  test('no region', () => {
    expect(awsError(new Error('Region is missing'), DEED)).toMatchObject({
      code: 'CONFIG',
      hint: expect.stringContaining('AWS_REGION'),
    });
  });

  test('what AWS has a name for is kept where the house has none', () => {
    expect(awsError(sdkError('InvalidRequest', 400), DEED)).toMatchObject({
      code: 'AWS',
      awsCode: 'InvalidRequest',
    });
  });

  test('what is not of AWS comes back as it is', () => {
    const own = new BadInputError('a house error');
    const body = new TypeError('a body failed');
    expect(awsError(own, DEED)).toBe(own);
    expect(awsError(body, DEED)).toBe(body);
    expect(awsError('text', DEED).message).toBe('text');
    expect(awsError(own, DEED)).toBeInstanceOf(LakewrightError);
  });
});
