import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import manifest from '../package.json' with { type: 'json' };

/** Where a service is. Credentials are the SDK's business: its chain of environment, profile and role. */
export interface ClientOptions {
  /** Default: AWS_REGION, AWS_DEFAULT_REGION, then the profile's. */
  readonly region?: string;
  /** Another service than AWS', for all requests. Default: AWS_ENDPOINT_URL_S3, _SQS and so on, AWS_ENDPOINT_URL. */
  readonly endpoint?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Times that a request is tried altogether, with the SDK's backoff. AWS_MAX_ATTEMPTS overrides it. */
const MAX_ATTEMPTS = 5;
const CONNECT_TIMEOUT_MS = 5_000;
/** A connection on which nothing moves for so long is given up: longer than any long poll. */
const IDLE_TIMEOUT_MS = 60_000;
/** Connections to one service: more requests than that wait for one another. */
const MAX_CONNECTIONS = 128;

/** A client for S3, as everything of this package makes it. */
export function s3Client(options: ClientOptions, environment: Environment = process.env): S3Client {
  const endpoint = endpointOf('S3', options, environment);
  // Buckets are host names at AWS; an emulator or another store is seldom reachable by all those names.
  return new S3Client({ ...common(options, endpoint, environment), forcePathStyle: endpoint !== undefined });
}

/** A client for SQS, as everything of this package makes it. */
export function sqsClient(options: ClientOptions, environment: Environment = process.env): SQSClient {
  const endpoint = endpointOf('SQS', options, environment);
  return new SQSClient({
    ...common(options, endpoint, environment),
    // The endpoint decides where requests go, as for every other service, and never a queue's URL.
    useQueueUrlAsEndpoint: false,
  });
}

/** A client for SSM Parameter Store, as everything of this package makes it. */
export function ssmClient(options: ClientOptions, environment: Environment = process.env): SSMClient {
  return new SSMClient(common(options, endpointOf('SSM', options, environment), environment));
}

/** A client for Secrets Manager, as everything of this package makes it. */
export function secretsManagerClient(
  options: ClientOptions,
  environment: Environment = process.env,
): SecretsManagerClient {
  return new SecretsManagerClient(
    common(options, endpointOf('SECRETS_MANAGER', options, environment), environment),
  );
}

/** The region as the environment says it. The SDK itself does not read AWS_DEFAULT_REGION, the aws command does. */
export function regionOf(options: ClientOptions, environment: Environment = process.env): string | undefined {
  return options.region || environment.AWS_REGION || environment.AWS_DEFAULT_REGION || undefined;
}

function common(options: ClientOptions, endpoint: string | undefined, environment: Environment) {
  const region = regionOf(options, environment);
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(environment.AWS_MAX_ATTEMPTS ? {} : { maxAttempts: MAX_ATTEMPTS }),
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: IDLE_TIMEOUT_MS,
      httpAgent: { maxSockets: MAX_CONNECTIONS, keepAlive: true },
      httpsAgent: { maxSockets: MAX_CONNECTIONS, keepAlive: true },
    },
    // Checksums stay as the SDK has them: every upload carries a CRC-32 that S3 verifies. A store that takes
    // none of them is spoken to with AWS_REQUEST_CHECKSUM_CALCULATION=when_required.
    customUserAgent: [['lakewright', manifest.version]] as [string, string][],
  };
}

function endpointOf(
  service: 'S3' | 'SQS' | 'SSM' | 'SECRETS_MANAGER',
  options: ClientOptions,
  environment: Environment,
): string | undefined {
  if (options.endpoint) return options.endpoint;
  if (environment.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true') return undefined;
  return environment[`AWS_ENDPOINT_URL_${service}`] || environment.AWS_ENDPOINT_URL || undefined;
}
