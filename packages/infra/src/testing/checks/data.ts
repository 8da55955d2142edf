import {
  at,
  type Check,
  type Finding,
  finding,
  listAt,
  type Placed,
  resourcesOf,
  textAt,
  textsAt,
} from '../deployment.ts';
import { statementsOf } from '../policies.ts';

/** What holds data, and what may become of it with its stack: nothing, or a last snapshot. */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  'AWS::EFS::FileSystem': ['Retain'],
  'AWS::KMS::Key': ['Retain'],
  'AWS::RDS::DBCluster': ['Retain', 'Snapshot'],
  'AWS::RDS::DBInstance': ['Retain', 'Snapshot'],
  'AWS::S3::Bucket': ['Retain'],
};

/** Prefixes of raw objects: each is notified, and nothing else. */
const RAW_PREFIXES = ['logs-raw/', 'metrics-raw/', 'otel-raw/', 'traces-raw/'];

/** Seconds that a message is at least hidden while its objects are looked up. */
const LEAST_VISIBILITY = 60;

/** Data outlives its stack, and the replacement of its resource. */
export const dataIsKept: Check = (deployment) =>
  resourcesOf(deployment, ...Object.keys(KEPT)).flatMap((resource) =>
    (['deletionPolicy', 'updateReplacePolicy'] as const)
      .filter((name) => {
        // A resource whose first creation is rolled back holds nothing yet.
        const said = textAt(resource[name]).replace('RetainExceptOnCreate', 'Retain');
        return !KEPT[resource.type].includes(said);
      })
      .map((name) =>
        finding(
          resource,
          `${name} is ${textAt(resource[name]) || 'not there'}: ${KEPT[resource.type].join(' or ')}`,
        ),
      ),
  );

/** Everything that holds data encrypts it, and nothing is public. */
export const dataIsEncrypted: Check = (deployment) =>
  resourcesOf(deployment).flatMap((resource) => {
    const { properties, type } = resource;
    const faults: [boolean, string][] = [];
    if (type === 'AWS::S3::Bucket') {
      faults.push([
        listAt(properties, 'BucketEncryption', 'ServerSideEncryptionConfiguration').length > 0,
        'BucketEncryption',
      ]);
    }
    if (type === 'AWS::SQS::Queue') {
      const own = textAt(properties, 'SqsManagedSseEnabled') === 'true';
      faults.push([own || textAt(properties, 'KmsMasterKeyId') !== '', 'SqsManagedSseEnabled']);
    }
    if (type === 'AWS::RDS::DBInstance') {
      faults.push([textAt(properties, 'StorageEncrypted') === 'true', 'StorageEncrypted']);
      faults.push([textAt(properties, 'PubliclyAccessible') === 'false', 'PubliclyAccessible: false']);
    }
    if (type === 'AWS::EFS::FileSystem')
      faults.push([textAt(properties, 'Encrypted') === 'true', 'Encrypted']);
    if (type === 'AWS::ECS::TaskDefinition') {
      for (const volume of listAt(properties, 'Volumes')) {
        const efs = at(volume, 'EFSVolumeConfiguration');
        if (efs === undefined) continue;
        faults.push([
          textAt(efs, 'TransitEncryption') === 'ENABLED',
          `TransitEncryption of ${textAt(volume, 'Name')}`,
        ]);
      }
    }
    return faults.filter(([holds]) => !holds).map(([, what]) => finding(resource, `is without ${what}`));
  });

/** The policy of every bucket and every ingest queue refuses what comes unencrypted. */
export const transportIsEncrypted: Check = (deployment) => {
  const policies = resourcesOf(deployment, 'AWS::S3::BucketPolicy');
  return resourcesOf(deployment, 'AWS::S3::Bucket')
    .filter((bucket) => {
      const own = policies.filter(({ properties }) => textAt(properties, 'Bucket') === bucket.ref);
      const statements = own.flatMap(({ properties }) => statementsOf(at(properties, 'PolicyDocument')));
      return !statements.some(
        ({ effect, condition }) =>
          effect === 'Deny' && textAt(condition, 'Bool', 'aws:SecureTransport') === 'false',
      );
    })
    .map((bucket) => finding(bucket, 'takes requests without TLS: no BucketPolicy denies them'));
};

/** Passwords and keys are generated, not written down. */
export const secretsAreGenerated: Check = (deployment) => [
  ...resourcesOf(deployment, 'AWS::RDS::DBInstance')
    .filter(
      ({ properties }) => !textAt(properties, 'MasterUserPassword').startsWith('{{resolve:secretsmanager:'),
    )
    .filter(({ properties }) => textAt(properties, 'ManageMasterUserPassword') !== 'true')
    .map((database) => finding(database, 'its password does not come from a secret')),
  ...resourcesOf(deployment, 'AWS::SecretsManager::Secret')
    .filter(
      ({ properties }) =>
        at(properties, 'GenerateSecretString') === undefined && textAt(properties, 'SecretString') === '',
    )
    .map((secret) => finding(secret, 'holds nothing')),
];

/** Nothing in a bucket is public, unless an operator says that he may not forbid it. */
export const bucketsAreClosed: Check = (deployment) =>
  resourcesOf(deployment, 'AWS::S3::Bucket').flatMap((bucket) => {
    if (bucket.of.stack.parameters.BlockPublicAccess === 'No') return [];
    const block = at(bucket.properties, 'PublicAccessBlockConfiguration');
    return ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets']
      .filter((name) => textAt(block, name) !== 'true')
      .map((name) => finding(bucket, `is without ${name}`));
  });

/** Raw objects expire, by prefix; what else is in a bucket does not. */
export const rawObjectsExpire: Check = (deployment) =>
  resourcesOf(deployment, 'AWS::S3::Bucket').flatMap((bucket) => {
    const rules = listAt(bucket.properties, 'LifecycleConfiguration', 'Rules').filter(
      (rule) => textAt(rule, 'Status') === 'Enabled' && Number(textAt(rule, 'ExpirationInDays')) > 0,
    );
    const prefixes = rules.map((rule) => textAt(rule, 'Prefix') || textAt(rule, 'Filter', 'Prefix'));
    const kept = RAW_PREFIXES.filter((prefix) => !prefixes.includes(prefix));
    const lost = prefixes.filter((prefix) => !RAW_PREFIXES.includes(prefix));
    return [
      ...kept.map((prefix) => finding(bucket, `keeps ${prefix} for ever`)),
      ...lost.map((prefix) => finding(bucket, `loses what is in ${prefix || 'it'}`)),
    ];
  });

/** What a bucket tells its queue of: raw prefixes, apart from each other; the queue lets it, before the bucket is there. */
export const notifications: Check = (deployment) =>
  resourcesOf(deployment, 'AWS::S3::Bucket').flatMap((bucket) => {
    const all = listAt(bucket.properties, 'NotificationConfiguration', 'QueueConfigurations');
    if (all.length === 0) return [finding(bucket, 'tells no queue of its objects')];
    const faults: Finding[] = [];
    const prefixes = all.map((each) => prefixOf(each)).sort();
    if (prefixes.join() !== RAW_PREFIXES.join()) {
      faults.push(finding(bucket, `tells of ${prefixes.join(', ')}, not of ${RAW_PREFIXES.join(', ')}`));
    }
    for (const arn of new Set(all.map((each) => textAt(each, 'Queue')))) {
      const queue = resourcesOf(deployment, 'AWS::SQS::Queue').find(
        ({ attributes }) => attributes.Arn === arn,
      );
      if (queue === undefined) faults.push(finding(bucket, `tells ${arn}, which is not made here`));
      else faults.push(...queueFaults(bucket, queue, resourcesOf(deployment, 'AWS::SQS::QueuePolicy')));
    }
    return faults;
  });

function prefixOf(notification: Parameters<typeof at>[0]): string {
  const rules = listAt(notification, 'Filter', 'S3Key', 'Rules');
  return textAt(
    rules.find((rule) => textAt(rule, 'Name') === 'prefix'),
    'Value',
  );
}

function queueFaults(bucket: Placed, queue: Placed, policies: readonly Placed[]): Finding[] {
  const faults: Finding[] = [];
  const own = policies.filter(({ properties }) => textsAt(properties, 'Queues').includes(queue.ref ?? ''));
  const sending = own
    .flatMap(({ properties }) => statementsOf(at(properties, 'PolicyDocument')))
    .filter(
      ({ effect, actions, principals, resources }) =>
        effect === 'Allow' &&
        actions.includes('sqs:SendMessage') &&
        principals.includes('s3.amazonaws.com') &&
        resources.includes(queue.attributes.Arn),
    );
  if (sending.length === 0) faults.push(finding(queue, 'no policy lets S3 send to it'));
  const sources = sending.flatMap(({ condition }) =>
    Object.values((condition ?? {}) as object).flatMap((keys) => Object.keys(keys as object)),
  );
  if (!sources.includes('aws:SourceAccount'))
    faults.push(finding(queue, 'S3 may send to it for any account'));
  if (!own.some((policy) => policy.of === bucket.of && bucket.after.includes(policy.id))) {
    faults.push(finding(bucket, 'is not made after the policy of its queue: DependsOn'));
  }
  if (textAt(queue.properties, 'RedrivePolicy', 'deadLetterTargetArn') === '') {
    faults.push(finding(queue, 'has no dead-letter queue'));
  }
  if (Number(textAt(queue.properties, 'VisibilityTimeout') || 30) < LEAST_VISIBILITY) {
    faults.push(finding(queue, `its messages come back after less than ${LEAST_VISIBILITY} s`));
  }
  return faults;
}
