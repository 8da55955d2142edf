import type { Brought } from './brought.ts';

/** Prefixes of a bucket that raw objects arrive under, and that notifications and lifecycle rules are for. */
export const RAW_PREFIXES = ['otel-raw/', 'logs-raw/', 'metrics-raw/', 'traces-raw/'] as const;

/** Prefixes of what an install makes itself: nothing may expire there. */
export const COOKED_PREFIXES = ['db/', 'iceberg/'] as const;

/** Something that tasks do, and to what. */
export interface Need {
  /** The policy of ours that it is part of: `storage`, `database`, `settings`, `key`, `exec`. */
  readonly area: string;
  readonly actions: readonly string[];
  /** As a policy says it. */
  readonly resources: readonly string[];
  /** Resources that stand for those, with which IAM is asked. */
  readonly samples: readonly string[];
  readonly why: string;
  /** Whether an install fails without it. */
  readonly required: boolean;
}

/** Where an install is to be. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  readonly env: string;
}

/** Actions on objects; a multipart upload is made by PutObject, and given up by AbortMultipartUpload. */
export const OBJECT_ACTIONS = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'];
export const BUCKET_ACTIONS = ['s3:ListBucket'];
const QUEUE_ACTIONS = [
  'sqs:ReceiveMessage',
  'sqs:DeleteMessage',
  'sqs:ChangeMessageVisibility',
  'sqs:GetQueueAttributes',
  'sqs:GetQueueUrl',
];
const KEY_ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey'];

const EXEC_ACTIONS = [
  'ssmmessages:CreateControlChannel',
  'ssmmessages:CreateDataChannel',
  'ssmmessages:OpenControlChannel',
  'ssmmessages:OpenDataChannel',
];

/**
 * All that a task role must allow, for what is brought: the one table of it. Roles that an install makes allow the same
 * by tier. Secrets and parameters are put into the environment by the execution role, which every install makes itself:
 * a task role needs them only where a setting names one by reference (`ssm:NAME`, `secretsmanager:ID`).
 */
export function taskNeeds(
  brought: Pick<Brought, 'storage' | 'database'>,
  keys: readonly string[],
  place: Place,
): Need[] {
  const { storage, database } = brought;
  return [
    ...(storage === undefined ? madeStorageNeeds(place) : storageNeeds(storage.bucketArn, storage.queueArn)),
    ...(keys.length === 0 ? [] : [keyNeed(keys)]),
    ...(database === undefined || database.secretArn === '' ? [] : [databaseNeed(database.secretArn)]),
    settingsNeed(place),
    {
      area: 'exec',
      actions: EXEC_ACTIONS,
      resources: ['*'],
      samples: ['*'],
      why: 'aws ecs execute-command into a task; services work without it',
      required: false,
    },
  ];
}

/**
 * A role is brought before the install makes its bucket and queue: what is known of them by then is how their names
 * begin.
 */
function madeStorageNeeds({ partition, region, account, env }: Place): Need[] {
  const queues = `arn:${partition}:sqs:${region}:${account}:${env}-`;
  const buckets = `arn:${partition}:s3:::lakerunner-`;
  const needs = storageNeeds(`${buckets}*`, `${queues}*`);
  const made = (arn: string) =>
    arn.replace(`${buckets}*`, `${buckets}00000000`).replace(`${queues}*`, `${queues}common-IngestQueue-0`);
  return needs.map((need) => ({ ...need, samples: need.samples.map(made) }));
}

function storageNeeds(bucketArn: string, queueArn: string): Need[] {
  const area = 'storage';
  return [
    {
      area,
      actions: OBJECT_ACTIONS,
      resources: [`${bucketArn}/*`],
      samples: [...RAW_PREFIXES, ...COOKED_PREFIXES].map(
        (prefix) => `${bucketArn}/${prefix}lakewright-check`,
      ),
      why: 'raw objects are read and removed, segments written',
      required: true,
    },
    {
      area,
      actions: BUCKET_ACTIONS,
      resources: [bucketArn],
      samples: [bucketArn],
      why: 'raw objects that no message told of are found by listing',
      required: true,
    },
    ...(queueArn === ''
      ? []
      : [
          {
            area,
            actions: QUEUE_ACTIONS,
            resources: [queueArn],
            samples: [queueArn],
            why: 'pubsub-sqs hears of raw objects from the queue',
            required: true,
          },
        ]),
  ];
}

function keyNeed(keys: readonly string[]): Need {
  return {
    area: 'key',
    actions: KEY_ACTIONS,
    resources: keys,
    samples: keys,
    why: 'the bucket or the queue is encrypted with this key',
    required: true,
  };
}

function databaseNeed(secretArn: string): Need {
  return {
    area: 'database',
    actions: ['secretsmanager:GetSecretValue'],
    resources: [secretArn],
    samples: [secretArn],
    why: 'for settings that name the secret by reference; the execution role of the install reads it at the start of a task',
    required: false,
  };
}

function settingsNeed({ partition, region, account, env }: Place): Need {
  const parameters = `arn:${partition}:ssm:${region}:${account}:parameter`;
  return {
    area: 'settings',
    actions: ['ssm:GetParameter', 'ssm:GetParameters'],
    resources: [`${parameters}/lakerunner/*`],
    samples: [`${parameters}/lakerunner/${env}-common/storage_profiles`],
    why: 'for settings that name a parameter by reference; the execution role of the install reads them at the start of a task',
    required: false,
  };
}

/** Needs as one policy document. */
export function policyOf(needs: readonly Need[]): { Version: string; Statement: unknown[] } {
  return {
    Version: '2012-10-17',
    Statement: needs.map(({ actions, resources }) => ({
      Effect: 'Allow',
      Action: actions,
      Resource: resources.length === 1 ? resources[0] : resources,
    })),
  };
}

/** Who assumes a task role. */
export const TASK_TRUST = {
  Effect: 'Allow',
  Principal: { Service: 'ecs-tasks.amazonaws.com' },
  Action: 'sts:AssumeRole',
} as const;
