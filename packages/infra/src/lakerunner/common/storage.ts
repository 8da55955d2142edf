import { RAW_RULES } from '@lakewright/lake';
import { CfnBucket, CfnBucketPolicy } from 'aws-cdk-lib/aws-s3';
import { CfnQueue, CfnQueuePolicy } from 'aws-cdk-lib/aws-sqs';
import { Aws, type CfnCondition, CfnDeletionPolicy, type CfnParameter, Fn, Token } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

const DAYS = 24 * 60 * 60;

/** Messages wait so long while nothing of the lake runs. */
const RETENTION_SECONDS = 4 * DAYS;
const DEAD_LETTER_RETENTION_SECONDS = 14 * DAYS;

/**
 * `pubsub-sqs` settles a batch of ten messages in seconds. It takes none while the database is away, and what it
 * held then comes back after this time: five times cover a failover, and not a day.
 */
const VISIBILITY_SECONDS = 300;
const MAX_RECEIVES = 5;

const ABORT_UPLOADS_AFTER_DAYS = 1;

/** Prefixes of raw objects: for notifications and for expiry, as ingest knows them. */
export const RAW_PREFIXES: readonly string[] = RAW_RULES.map(({ inputPrefix }) => inputPrefix);

/** The lake's bucket, and the queue that hears of raw objects in it. */
export class IngestStorage extends Construct {
  readonly bucket: CfnBucket;
  readonly queue: CfnQueue;

  constructor(
    scope: Construct,
    props: {
      readonly created: CfnCondition;
      readonly rawRetentionDays: CfnParameter;
      readonly blockPublicAccess: CfnCondition;
    },
  ) {
    super(scope, 'IngestStorage');
    const deadLetters = new CfnQueue(this, 'IngestDeadLetterQueue', {
      messageRetentionPeriod: DEAD_LETTER_RETENTION_SECONDS,
      sqsManagedSseEnabled: true,
    });
    this.queue = new CfnQueue(this, 'IngestQueue', {
      messageRetentionPeriod: RETENTION_SECONDS,
      visibilityTimeout: VISIBILITY_SECONDS,
      redrivePolicy: { deadLetterTargetArn: deadLetters.attrArn, maxReceiveCount: MAX_RECEIVES },
      sqsManagedSseEnabled: true,
    });
    const bucketName = uniqueBucketName();
    const queuePolicy = this.#queuePolicy(bucketName);
    this.bucket = new CfnBucket(this, 'IngestBucket', {
      bucketName,
      bucketEncryption: {
        serverSideEncryptionConfiguration: [{ serverSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }],
      },
      publicAccessBlockConfiguration: Fn.conditionIf(
        props.blockPublicAccess.logicalId,
        {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        Aws.NO_VALUE,
      ),
      lifecycleConfiguration: { rules: lifecycle(props.rawRetentionDays) },
      notificationConfiguration: {
        queueConfigurations: RAW_PREFIXES.map((prefix) => ({
          event: 's3:ObjectCreated:*',
          queue: this.queue.attrArn,
          filter: { s3Key: { rules: [{ name: 'prefix', value: prefix }] } },
        })),
      },
    });
    // S3 sends a test message when notifications are set, and refuses them when it may not.
    this.bucket.addResourceDependency(queuePolicy);
    // The bucket is the lake: nothing of a stack's removes it.
    this.bucket.cfnOptions.deletionPolicy = CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE;
    this.bucket.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    const bucketPolicy = this.#bucketPolicy();
    for (const resource of [deadLetters, this.queue, queuePolicy, this.bucket, bucketPolicy]) {
      resource.cfnOptions.condition = props.created;
    }
  }

  #queuePolicy(bucketName: string): CfnQueuePolicy {
    return new CfnQueuePolicy(this, 'IngestQueuePolicy', {
      queues: [this.queue.ref],
      policyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 's3.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: this.queue.attrArn,
            Condition: {
              StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
              // By its name, not by a reference: the bucket is made after this policy.
              ArnEquals: { 'aws:SourceArn': Fn.join('', ['arn:', Aws.PARTITION, ':s3:::', bucketName]) },
            },
          },
          { ...ONLY_TLS, Action: 'sqs:*', Resource: this.queue.attrArn },
        ],
      },
    });
  }

  #bucketPolicy(): CfnBucketPolicy {
    const policy = new CfnBucketPolicy(this, 'IngestBucketPolicy', {
      bucket: this.bucket.ref,
      policyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            ...ONLY_TLS,
            Action: 's3:*',
            Resource: [this.bucket.attrArn, Fn.join('', [this.bucket.attrArn, '/*'])],
          },
        ],
      },
    });
    policy.cfnOptions.deletionPolicy = CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE;
    policy.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    return policy;
  }
}

const ONLY_TLS = {
  Effect: 'Deny',
  Principal: '*',
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
};

/**
 * A name of this very stack, which it has before the bucket is there, so that the queue's policy can name one bucket
 * alone. A stack made anew has another id: what an old one left is not in its way.
 */
function uniqueBucketName(): string {
  return Fn.join('-', ['lakerunner', Fn.select(2, Fn.split('/', Aws.STACK_ID))]);
}

/** Raw objects expire after ingest; segments and Iceberg's metadata are the sweeper's, and nobody else's. */
function lifecycle(days: CfnParameter): CfnBucket.RuleProperty[] {
  return [
    ...RAW_PREFIXES.map((prefix) => ({
      id: `expire-${prefix.slice(0, -1)}`,
      status: 'Enabled',
      prefix,
      expirationInDays: Token.asNumber(days.value),
    })),
    {
      id: 'abort-uploads',
      status: 'Enabled',
      abortIncompleteMultipartUpload: { daysAfterInitiation: ABORT_UPLOADS_AFTER_DAYS },
    },
  ];
}
