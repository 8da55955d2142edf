import {
  ConfigError,
  LakewrightError,
  NotFoundError,
  PreconditionError,
  UnavailableError,
} from '@lakewright/core';

/** An answer of AWS that nothing else here has a name for: the request was wrong, and stays wrong. */
export class AwsError extends LakewrightError {
  /** AWS' own name for what was wrong, like `InvalidArgument`. */
  readonly awsCode: string;
  constructor(awsCode: string, message: string, options?: { hint?: string }) {
    super('AWS', message, options);
    this.awsCode = awsCode;
  }
}

/** What was being done when AWS refused it. */
export interface Deed {
  /** As a message says it: `read s3://bucket/key`. */
  readonly what: string;
  /** What the caller must be allowed to do: `s3:GetObject`. */
  readonly action: string;
  /** To what, as an ARN. */
  readonly resource: string;
  /** What is missing when AWS finds nothing: `no object s3://bucket/key`. Default: what the answer says. */
  readonly missing?: string;
  readonly missingHint?: string;
}

/** What is told of a failed request: names, numbers and codes, never content and no part of a credential. */
interface Answer {
  readonly name: string;
  readonly status: number | undefined;
  /** A code of the network: ECONNREFUSED and its like. */
  readonly network: string | undefined;
  readonly requestId: string | undefined;
}

const NO_CREDENTIALS = new Set([
  'CredentialsProviderError',
  'TokenProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidToken',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
  'MissingAuthenticationToken',
]);
const CLOCK = new Set(['RequestTimeTooSkewed', 'RequestExpired']);
const WRONG_REGION = new Set(['PermanentRedirect', 'AuthorizationHeaderMalformed']);
const MISSING = new Set([
  'NoSuchKey',
  'NoSuchVersion',
  'NotFound',
  'QueueDoesNotExist',
  'AWS.SimpleQueueService.NonExistentQueue',
  'QueueDeletedRecently',
  'ParameterNotFound',
  'ParameterVersionNotFound',
  'ResourceNotFoundException',
]);
const BUSY = new Set([
  'SlowDown',
  'ServiceUnavailable',
  'InternalError',
  'OperationAborted',
  'RequestTimeout',
  'ConditionalRequestConflict',
  'NoSuchUpload',
  'OverLimit',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'KmsThrottled',
  'TimeoutError',
]);
const NETWORK =
  /^(E(CONN|HOST|NET|PIPE|AI_|TIMEDOUT|PROTO)|ENOTFOUND|ERR_STREAM_PREMATURE_CLOSE|UND_ERR|DEPTH_ZERO|CERT_|UNABLE_|SELF_SIGNED|ERR_TLS)/;

/**
 * The error of the house for one that the SDK threw. What did not come from AWS or the way to it (an error of
 * a body that is uploaded, for instance) comes back as it is. The SDK's error is not kept as the cause: it
 * holds the answer's fields, among them names of keys and signed strings.
 */
export function awsError(error: unknown, deed: Deed): Error {
  if (error instanceof LakewrightError) return error;
  const answer = answerOf(error);
  if (answer === undefined) return error instanceof Error ? error : new Error(String(error));
  const { name, status } = answer;
  const failed = `could not ${deed.what}: ${wordsOf(answer)}`;
  if (name === 'RegionMissing') {
    return new ConfigError(`could not ${deed.what}: no AWS region is set`, {
      hint: 'set AWS_REGION, or a region in the AWS profile',
    });
  }
  if (NO_CREDENTIALS.has(name)) {
    return new ConfigError(`could not ${deed.what}: no AWS credentials that are valid (${name})`, {
      hint: 'log in (aws sso login), set AWS_PROFILE, or give the task a role',
    });
  }
  if (CLOCK.has(name)) {
    return new ConfigError(failed, { hint: "set this machine's clock: AWS allows 15 minutes" });
  }
  if (name === 'NoSuchBucket' || name === 'InvalidBucketName') {
    return new ConfigError(failed, { hint: 'check the name of the bucket, the account and AWS_REGION' });
  }
  if (WRONG_REGION.has(name) || status === 301 || status === 307) {
    return new ConfigError(failed, {
      hint: 'the bucket is in another region: set AWS_REGION to the one it is in',
    });
  }
  if (status === 412 || name === 'PreconditionFailed') {
    return new PreconditionError(`could not ${deed.what}: it is not, or no longer, as expected`);
  }
  if (MISSING.has(name) || (status === 404 && name !== 'NoSuchUpload') || isDeleteMarker(answer)) {
    return new NotFoundError(deed.missing ?? failed, { hint: deed.missingHint });
  }
  // Before the statuses: SQS says with a 403 that too many messages are in flight.
  if (isUnavailable(answer)) return new UnavailableError(failed, { hint: hintOf(answer) });
  if (isForbidden(answer)) return forbidden(deed, answer);
  return new AwsError(name, failed);
}

/** Whether `error` is the SDK's and has one of these names or statuses. */
export function isAwsError(error: unknown, ...namesOrStatuses: readonly (string | number)[]): boolean {
  const answer = answerOf(error);
  return (
    answer !== undefined &&
    (namesOrStatuses.includes(answer.name) ||
      (answer.status !== undefined && namesOrStatuses.includes(answer.status)))
  );
}

/** Whether AWS knew who asked, and did not allow it. */
export function isRefusal(error: unknown): boolean {
  const answer = answerOf(error);
  return answer !== undefined && !NO_CREDENTIALS.has(answer.name) && isForbidden(answer);
}

/** Times that the request was sent before `error`: after more than one, an earlier one may have had effect. */
export function attemptsOf(error: unknown): number {
  return fieldsOf(error)?.$metadata?.attempts ?? 1;
}

function forbidden(deed: Deed, answer: Answer): ConfigError {
  return new ConfigError(`not allowed to ${deed.what}: ${wordsOf(answer)}`, {
    hint: `allow ${deed.action} on ${deed.resource} to this user or role${
      deed.action.startsWith('s3:Get')
        ? ' (without s3:ListBucket, S3 says this of what is not there, too)'
        : ''
    }`,
  });
}

function isForbidden({ name, status }: Answer): boolean {
  return (
    status === 403 || /^(Access|.*AccessDenied|Forbidden|AllAccessDisabled|UnauthorizedOperation)/.test(name)
  );
}

/** S3 answers a look at a version that is a delete marker with 405. */
function isDeleteMarker({ name, status }: Answer): boolean {
  return status === 405 || name === 'MethodNotAllowed';
}

function isUnavailable({ name, status, network }: Answer): boolean {
  return BUSY.has(name) || network !== undefined || status === 429 || (status !== undefined && status >= 500);
}

function hintOf({ network }: Answer): string | undefined {
  if (network === undefined) return undefined;
  return 'look whether AWS can be reached from here: the network, a proxy, the region, AWS_ENDPOINT_URL';
}

function wordsOf({ name, status, network, requestId }: Answer): string {
  if (status === undefined) return network ?? name;
  return `AWS answered ${status} ${name}${requestId === undefined ? '' : ` (request ${requestId})`}`;
}

interface SdkFields {
  readonly name?: string;
  readonly message?: string;
  readonly code?: unknown;
  readonly $metadata?: {
    readonly httpStatusCode?: number;
    readonly requestId?: string;
    readonly attempts?: number;
  };
  readonly $fault?: unknown;
}

function fieldsOf(error: unknown): SdkFields | undefined {
  return typeof error === 'object' && error !== null ? (error as SdkFields) : undefined;
}

function answerOf(error: unknown): Answer | undefined {
  const fields = fieldsOf(error);
  if (fields === undefined || error instanceof LakewrightError) return undefined;
  const { name = '', message = '', code, $metadata } = fields;
  const network = typeof code === 'string' && NETWORK.test(code) ? code : undefined;
  const status = $metadata?.httpStatusCode;
  const requestId = $metadata?.requestId;
  if (/^Region is missing/.test(message)) {
    return { name: 'RegionMissing', status: undefined, network: undefined, requestId: undefined };
  }
  // A connection that ended in the middle of an answer has no code in every version of the SDK.
  const cutOff = /^(Connection lost|aborted$|socket hang up)/.test(message) ? 'ECONNRESET' : undefined;
  // A checksum that does not hold: what arrived is not what was sent.
  const damaged = /^Checksum mismatch/.test(message) ? 'ChecksumMismatch' : undefined;
  const known = NO_CREDENTIALS.has(name) || BUSY.has(name);
  const isSdk = fields.$fault !== undefined || status !== undefined || known;
  if (!isSdk && network === undefined && cutOff === undefined && damaged === undefined) return undefined;
  return { name: damaged ?? name, status, network: network ?? cutOff ?? damaged, requestId };
}
