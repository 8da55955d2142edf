import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketNotificationConfigurationCommand,
  type GetBucketNotificationConfigurationCommandOutput,
  GetBucketPolicyCommand,
  type NotificationConfigurationFilter,
  type LifecycleRule as S3LifecycleRule,
} from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import type {
  BucketFacts,
  LifecycleRule,
  Look,
  NotificationRule,
  NotificationsFacts,
  QueueFacts,
} from '@lakewright/core';
import { type ClientOptions, s3Client, sqsClient } from '../clients.ts';
import { partitionOf } from '../partitions.ts';
import { look } from './look.ts';

/** What is known of a bucket, asked in its own region. */
export async function readBucket(options: ClientOptions, name: string): Promise<BucketFacts> {
  const region = await regionOfBucket(options, name);
  if (region.state !== 'seen') return { region, policy: region, encryption: region, lifecycle: region };
  const client = s3Client({ ...options, region: region.value });
  const deed = (what: string, action: string) => deedOf(options, name, what, action);
  const Bucket = name;
  try {
    const [policy, encryption, lifecycle] = await Promise.all([
      look(deed('the policy', 's3:GetBucketPolicy'), async () => {
        const { Policy } = await client.send(new GetBucketPolicyCommand({ Bucket }));
        return Policy;
      }),
      look(deed('the encryption', 's3:GetEncryptionConfiguration'), async () => {
        const answer = await client.send(new GetBucketEncryptionCommand({ Bucket }));
        const [rule] = answer.ServerSideEncryptionConfiguration?.Rules ?? [];
        const said = rule?.ApplyServerSideEncryptionByDefault;
        if (said?.SSEAlgorithm === undefined) return undefined;
        return { algorithm: said.SSEAlgorithm, kmsKey: said.KMSMasterKeyID };
      }),
      look(deed('the lifecycle rules', 's3:GetLifecycleConfiguration'), async () => {
        const { Rules } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
        return Rules && { rules: Rules.map(lifecycleRule), document: Rules.map(plain) };
      }),
    ]);
    return { region, policy, encryption, lifecycle };
  } finally {
    client.destroy();
  }
}

/** Where a bucket's events go, asked in its own region. */
export async function readNotifications(
  options: ClientOptions,
  name: string,
): Promise<Look<NotificationsFacts>> {
  const region = await regionOfBucket(options, name);
  if (region.state !== 'seen') return region;
  const client = s3Client({ ...options, region: region.value });
  try {
    return await look(deedOf(options, name, 'the notifications', 's3:GetBucketNotification'), async () =>
      notificationsOf(await client.send(new GetBucketNotificationConfigurationCommand({ Bucket: name }))),
    );
  } finally {
    client.destroy();
  }
}

/** A queue by its ARN. */
export async function readQueue(options: ClientOptions, arn: string): Promise<Look<QueueFacts>> {
  const [, , , region, account, name] = arn.split(':');
  const client = sqsClient({ ...options, region });
  const deed = { what: `look at the queue ${arn}`, resource: arn };
  try {
    return await look({ ...deed, action: 'sqs:GetQueueUrl and sqs:GetQueueAttributes' }, async () => {
      const { QueueUrl: url = '' } = await client.send(
        new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account }),
      );
      const { Attributes } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }),
      );
      const redrive = JSON.parse(Attributes?.RedrivePolicy ?? '{}') as Record<string, string | number>;
      return {
        url,
        arn: Attributes?.QueueArn ?? arn,
        visibilitySeconds: Number(Attributes?.VisibilityTimeout),
        retentionSeconds: Number(Attributes?.MessageRetentionPeriod),
        policy: Attributes?.Policy || undefined,
        deadLetterArn:
          redrive.deadLetterTargetArn === undefined ? undefined : String(redrive.deadLetterTargetArn),
        maxReceives: redrive.maxReceiveCount === undefined ? undefined : Number(redrive.maxReceiveCount),
        kmsKey: Attributes?.KmsMasterKeyId || undefined,
      };
    });
  } finally {
    client.destroy();
  }
}

async function regionOfBucket(options: ClientOptions, name: string): Promise<Look<string>> {
  const client = s3Client(options);
  try {
    return await look(deedOf(options, name, 'the region', 's3:GetBucketLocation'), async () => {
      const { LocationConstraint } = await client.send(new GetBucketLocationCommand({ Bucket: name }));
      // The names that S3 had before it had regions.
      if (!LocationConstraint) return 'us-east-1';
      return LocationConstraint === 'EU' ? 'eu-west-1' : LocationConstraint;
    });
  } finally {
    client.destroy();
  }
}

function deedOf({ region }: ClientOptions, bucket: string, what: string, action: string) {
  return {
    what: `look at ${what} of the bucket ${bucket}`,
    action,
    resource: `arn:${partitionOf(region)}:s3:::${bucket}`,
  };
}

function lifecycleRule(rule: S3LifecycleRule): LifecycleRule {
  const { ID, Status, Filter, Expiration, AbortIncompleteMultipartUpload } = rule;
  const { And } = Filter ?? {};
  const narrowed = [Filter?.Tag, Filter?.ObjectSizeGreaterThan, Filter?.ObjectSizeLessThan, And?.Tags?.[0]];
  narrowed.push(And?.ObjectSizeGreaterThan, And?.ObjectSizeLessThan);
  const at = Expiration?.Date === undefined ? undefined : 0;
  return {
    id: ID,
    enabled: Status === 'Enabled',
    prefix: Filter?.Prefix ?? And?.Prefix ?? rule.Prefix ?? '',
    narrowed: narrowed.some((part) => part !== undefined),
    expirationDays: Expiration?.Days ?? at,
    abortDays: AbortIncompleteMultipartUpload?.DaysAfterInitiation,
  };
}

/** What S3 said, without what it left out. */
function plain(said: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

function notificationsOf(answer: GetBucketNotificationConfigurationCommandOutput): NotificationsFacts {
  const { $metadata, ...document } = answer;
  const { QueueConfigurations = [], TopicConfigurations = [], LambdaFunctionConfigurations = [] } = document;
  return {
    eventBridge: document.EventBridgeConfiguration !== undefined,
    rules: [
      ...QueueConfigurations.map((rule) => notificationRule(rule, 'queue', rule.QueueArn)),
      ...TopicConfigurations.map((rule) => notificationRule(rule, 'topic', rule.TopicArn)),
      ...LambdaFunctionConfigurations.map((rule) =>
        notificationRule(rule, 'function', rule.LambdaFunctionArn),
      ),
    ],
    document: plain(document),
  };
}

function notificationRule(
  rule: { Id?: string; Events?: string[]; Filter?: NotificationConfigurationFilter },
  target: NotificationRule['target'],
  targetArn = '',
): NotificationRule {
  const filter = (name: string) =>
    rule.Filter?.Key?.FilterRules?.find((entry) => entry.Name?.toLowerCase() === name)?.Value ?? '';
  return {
    id: rule.Id,
    target,
    targetArn,
    events: rule.Events ?? [],
    prefix: filter('prefix'),
    suffix: filter('suffix'),
  };
}
