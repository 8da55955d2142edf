import { AthenaClient } from '@aws-sdk/client-athena';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ECSClient } from '@aws-sdk/client-ecs';
import { IAMClient } from '@aws-sdk/client-iam';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { ConfigError } from '@lakewright/core';
import manifest from '../package.json' with { type: 'json' };
import { type RoleOptions, roleCredentials } from './roles.ts';

/** Where a service is, and as whom it is asked. Without a role that is the SDK's chain: environment, profile, task. */
export interface ClientOptions extends RoleOptions {
  /** Default: AWS_REGION, AWS_DEFAULT_REGION, then the profile's. */
  readonly region?: string;
  /** Another service than AWS', for all requests. Default: AWS_ENDPOINT_URL_S3, _SQS and so on, AWS_ENDPOINT_URL. */
  readonly endpoint?: string;
  /**
   * Certificates of the endpoint are not checked: whoever is in between can read and change everything. For a store of
   * one's own that has no certificate that others trust; AWS' own are always checked.
   */
  readonly insecureTls?: boolean;
}

export interface S3ClientOptions extends ClientOptions {
  /**
   * Buckets are paths of the endpoint, and not host names. Default: with any endpoint of one's own, whose names of
   * buckets are seldom known to the network.
   */
  readonly forcePathStyle?: boolean;
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
export function s3Client(options: S3ClientOptions, environment: Environment = process.env): S3Client {
  const endpoint = endpointOf('S3', options, environment);
  const { forcePathStyle = endpoint !== undefined } = options;
  return new S3Client({ ...common(options, endpoint, environment), forcePathStyle });
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

/** A client for Athena, as everything of this package makes it. */
export function athenaClient(options: ClientOptions, environment: Environment = process.env): AthenaClient {
  return new AthenaClient(common(options, endpointOf('ATHENA', options, environment), environment));
}

/** A client for CloudFormation, as everything of this package makes it. */
export function cloudFormationClient(
  options: ClientOptions,
  environment: Environment = process.env,
): CloudFormationClient {
  return new CloudFormationClient(
    common(options, endpointOf('CLOUDFORMATION', options, environment), environment),
  );
}

/** A client for EC2, as everything of this package makes it. */
export function ec2Client(options: ClientOptions, environment: Environment = process.env): EC2Client {
  return new EC2Client(common(options, endpointOf('EC2', options, environment), environment));
}

/** A client for ECS, as everything of this package makes it. */
export function ecsClient(options: ClientOptions, environment: Environment = process.env): ECSClient {
  return new ECSClient(common(options, endpointOf('ECS', options, environment), environment));
}

/** A client for IAM, as everything of this package makes it. */
export function iamClient(options: ClientOptions, environment: Environment = process.env): IAMClient {
  return new IAMClient(common(options, endpointOf('IAM', options, environment), environment));
}

/** A client for RDS, as everything of this package makes it. */
export function rdsClient(options: ClientOptions, environment: Environment = process.env): RDSClient {
  return new RDSClient(common(options, endpointOf('RDS', options, environment), environment));
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

/** A client for STS. It is where AWS has it, however far away the service is that the role is for. */
export function stsClient({ region }: ClientOptions, environment: Environment = process.env): STSClient {
  return new STSClient(common({ region }, endpointOf('STS', {}, environment), environment));
}

function common(options: ClientOptions, endpoint: string | undefined, environment: Environment) {
  const region = regionOf(options, environment);
  const { roleArn, insecureTls = false } = options;
  if (insecureTls && endpoint === undefined) {
    throw new ConfigError('insecureTls: certificates of AWS itself are always checked', {
      hint: 'leave it out, or name the endpoint of a store of your own',
    });
  }
  return {
    ...(region === undefined ? {} : { region }),
    ...(roleArn
      ? { credentials: roleCredentials({ ...options, roleArn }, () => stsClient(options, environment)) }
      : {}),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(environment.AWS_MAX_ATTEMPTS ? {} : { maxAttempts: MAX_ATTEMPTS }),
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: IDLE_TIMEOUT_MS,
      httpAgent: { maxSockets: MAX_CONNECTIONS, keepAlive: true },
      httpsAgent: {
        maxSockets: MAX_CONNECTIONS,
        keepAlive: true,
        ...(insecureTls ? { rejectUnauthorized: false } : {}),
      },
    },
    // Checksums stay as the SDK has them: every upload carries a CRC-32 that S3 verifies. A store that takes
    // none of them is spoken to with AWS_REQUEST_CHECKSUM_CALCULATION=when_required.
    customUserAgent: [['lakewright', manifest.version]] as [string, string][],
  };
}

function endpointOf(
  service:
    | 'ATHENA'
    | 'CLOUDFORMATION'
    | 'EC2'
    | 'ECS'
    | 'IAM'
    | 'RDS'
    | 'S3'
    | 'SQS'
    | 'SSM'
    | 'SECRETS_MANAGER'
    | 'STS',
  options: ClientOptions,
  environment: Environment,
): string | undefined {
  if (options.endpoint) return options.endpoint;
  if (environment.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true') return undefined;
  return environment[`AWS_ENDPOINT_URL_${service}`] || environment.AWS_ENDPOINT_URL || undefined;
}
