import { parseStorageProfiles, RAW_RULES } from '@lakewright/lake';
import { loadApiKeys } from '@lakewright/otlp';
import { describe, expect, it, test } from 'vitest';
import { exportsOf, referencesIn, templateOf } from '../../../test/template.ts';
import { PORTS } from '../ports.ts';
import { CommonStack } from './stack.ts';

const template = templateOf(new CommonStack());
const { Parameters, Resources, Outputs, Rules = {} } = template;
const properties = (id: string) => Resources[id].Properties;
const PREFIXES = RAW_RULES.map(({ inputPrefix }) => inputPrefix);

/** It stays, unless it is of a stack that could not be made: then nothing is in it. */
const KEPT = { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' };

describe('the common stack', () => {
  it('exports what the other stacks import', () => {
    expect(exportsOf(template).sort()).toEqual(
      [
        ...[
          'VpcId',
          'PrivateSubnets',
          'PublicSubnets',
          'SupportsInternetFacingAlb',
          'ClusterArn',
          'TaskSGId',
        ],
        ...['DbEndpoint', 'DbPort', 'DbName', 'DbSecretArn', 'EfsId', 'BucketName', 'BucketArn'],
        ...['QueueUrl', 'QueueArn', 'StorageProfilesParamArn', 'StorageProfilesParamName'],
        ...['ApiKeysSecretArn', 'ApiKeySecretArn'],
      ].sort(),
    );
  });

  it('has public subnets to export only when there are any, since an export is not empty', () => {
    expect(Outputs.PublicSubnets.Condition).toBe('HasPublicSubnets');
    expect(Parameters.PublicSubnets).toMatchObject({ Type: 'CommaDelimitedList', Default: '' });
  });

  test.each(Object.entries(Resources))('%s refers to itself over no other resource', (id) => {
    const seen = new Set<string>();
    const visit = (at: string): void => {
      if (seen.has(at) || !(at in Resources)) return;
      seen.add(at);
      for (const next of [...referencesIn(Resources[at]), ...(Resources[at].DependsOn ?? [])]) {
        expect(next).not.toBe(id);
        visit(next);
      }
    };
    visit(id);
  });
});

describe('the bucket', () => {
  const bucket = properties('IngestBucket');

  it('is encrypted, closed to the public and to what is not TLS, and stays when the stack goes', () => {
    expect(JSON.stringify(bucket.BucketEncryption)).toContain('AES256');
    expect(bucket.PublicAccessBlockConfiguration['Fn::If'][0]).toBe('BlocksPublicAccess');
    expect(properties('IngestBucketPolicy').PolicyDocument.Statement).toMatchObject([
      { Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    ]);
    expect(Resources.IngestBucket).toMatchObject(KEPT);
  });

  it('lets raw objects expire, and nothing of the lake', () => {
    const { Rules: rules } = bucket.LifecycleConfiguration;
    const expiring = rules.filter((rule: object) => 'ExpirationInDays' in rule);
    expect(expiring.map(({ Prefix }: { Prefix: string }) => Prefix)).toEqual(PREFIXES);
    const others = rules.filter((rule: object) => !('ExpirationInDays' in rule));
    expect(others).toEqual([
      { Id: 'abort-uploads', Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
    ]);
  });

  it('tells the queue of raw objects alone', () => {
    const { QueueConfigurations } = bucket.NotificationConfiguration;
    expect(
      QueueConfigurations.map((one: { Filter: { S3Key: { Rules: unknown[] } } }) => one.Filter.S3Key.Rules),
    ).toEqual(PREFIXES.map((prefix) => [{ Name: 'prefix', Value: prefix }]));
  });

  it('is made after the policy that lets it send, which names this one bucket', () => {
    expect(Resources.IngestBucket.DependsOn).toEqual(['IngestQueuePolicy']);
    const [allowed] = properties('IngestQueuePolicy').PolicyDocument.Statement;
    expect(allowed).toMatchObject({ Action: 'sqs:SendMessage', Principal: { Service: 's3.amazonaws.com' } });
    expect(allowed.Condition.StringEquals).toEqual({ 'aws:SourceAccount': { Ref: 'AWS::AccountId' } });
    const arn = allowed.Condition.ArnEquals['aws:SourceArn']['Fn::Join'][1];
    expect(arn.at(-1)).toEqual(bucket.BucketName);
    expect(referencesIn(bucket.BucketName)).toEqual(new Set(['AWS::StackId']));
  });
});

describe('the queue', () => {
  it('is encrypted, and keeps what fails five times in another for longer', () => {
    const queue = properties('IngestQueue');
    const deadLetters = properties('IngestDeadLetterQueue');
    expect(queue).toMatchObject({ SqsManagedSseEnabled: true, RedrivePolicy: { maxReceiveCount: 5 } });
    expect(queue.RedrivePolicy.deadLetterTargetArn).toEqual({
      'Fn::GetAtt': ['IngestDeadLetterQueue', 'Arn'],
    });
    expect(deadLetters.SqsManagedSseEnabled).toBe(true);
    expect(deadLetters.MessageRetentionPeriod).toBe(14 * 24 * 3600);
    expect(deadLetters.MessageRetentionPeriod).toBeGreaterThan(queue.MessageRetentionPeriod);
    expect(queue.VisibilityTimeout).toBeGreaterThanOrEqual(120);
  });
});

describe('the database', () => {
  const database = properties('LakerunnerDb');

  it('is private, encrypted, reached over TLS alone, and backed up', () => {
    expect(database).toMatchObject({
      PubliclyAccessible: false,
      StorageEncrypted: true,
      BackupRetentionPeriod: 7,
      DBParameterGroupName: { Ref: 'DbParameterGroup' },
    });
    expect(properties('DbParameterGroup').Parameters).toEqual({ 'rds.force_ssl': '1' });
    expect(properties('DbParameterGroup').Family).toBe(`postgres${database.EngineVersion.split('.')[0]}`);
    expect(Resources.LakerunnerDb).toMatchObject({
      DeletionPolicy: 'Snapshot',
      UpdateReplacePolicy: 'Snapshot',
    });
  });

  it('has a password that nobody chose, and no letter of it in the template', () => {
    expect(database.MasterUserPassword['Fn::Sub']).toMatch(/^\{\{resolve:secretsmanager:\$\{DbSecret\}:/);
    expect(properties('DbSecret').GenerateSecretString.PasswordLength).toBeGreaterThanOrEqual(32);
  });

  it('lets tasks in, and nobody else', () => {
    const group = { 'Fn::GetAtt': ['DatabaseSecurityGroup', 'GroupId'] };
    expect(database.VPCSecurityGroups).toEqual([group]);
    const rules = Object.values(Resources).filter(({ Properties }) => {
      return JSON.stringify(Properties?.GroupId) === JSON.stringify(group);
    });
    expect(rules.map(({ Properties }) => [Properties.FromPort, Properties.ToPort])).toEqual([[5432, 5432]]);
    expect(properties('DatabaseSecurityGroup').SecurityGroupIngress).toBeUndefined();
  });
});

describe('the file system', () => {
  it('is mounted by roles alone, since everybody may write but nobody may mount without one', () => {
    const statements = properties('Efs').FileSystemPolicy.Statement as { Effect: string; Action: string }[];
    const allowed = statements.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action);
    expect(allowed).toEqual(['elasticfilesystem:ClientWrite']);
  });

  it('is encrypted, mounted over TLS alone, and stays when the stack goes', () => {
    expect(properties('Efs').Encrypted).toBe(true);
    expect(properties('Efs').FileSystemPolicy.Statement).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
    expect(Resources.Efs).toMatchObject(KEPT);
  });
});

describe('tasks', () => {
  it('reach each other on the ports of queries', () => {
    const own = { 'Fn::GetAtt': ['TaskSG', 'GroupId'] };
    const rules = Object.values(Resources).filter(
      ({ Properties }) => JSON.stringify(Properties?.GroupId) === JSON.stringify(own),
    );
    expect(rules.map(({ Properties }) => Properties.FromPort)).toEqual([PORTS.queryApi, PORTS.queryWorker]);
    for (const { Properties } of rules) expect(Properties.SourceSecurityGroupId).toEqual(own);
  });
});

describe('API keys', () => {
  it('are generated, or what the parameter says, which nobody can read back', () => {
    const { GenerateSecretString } = properties('ApiKeySecret');
    expect(JSON.parse(GenerateSecretString.SecretStringTemplate)).toEqual({
      organization_id: '12340000-0000-4000-8000-000000000000',
    });
    expect(GenerateSecretString).toMatchObject({ GenerateStringKey: 'api_key', PasswordLength: 40 });
    expect(properties('ApiKeysSecret').SecretString['Fn::If']).toEqual([
      'HasApiKeysOverride',
      { Ref: 'ApiKeysOverride' },
      {
        'Fn::Sub': expect.stringContaining(
          `{{resolve:secretsmanager:${'$'}{ApiKeySecret}:SecretString:api_key}}`,
        ),
      },
    ]);
    expect(Parameters.ApiKeysOverride.NoEcho).toBe(true);
  });
});

describe('what setup reads', () => {
  const ORGANIZATION = '12340000-0000-4000-8000-000000000000';
  /** The text of the last branch of `Fn::If`, with `values` in place of what it refers to. */
  const text = (value: { 'Fn::If': unknown[] }, values: Record<string, string>): string => {
    const sub = (value['Fn::If'][2] as { 'Fn::Sub': string | [string, object] })['Fn::Sub'];
    const template = typeof sub === 'string' ? sub : sub[0];
    return template.replace(/\{\{.*?\}\}|\$\{(.*?)\}/g, (_all, name = 'secret') => values[name]);
  };

  it('is a list of API keys', () => {
    const yaml = text(properties('ApiKeysSecret').SecretString, { secret: 'abcdefgh'.repeat(5) });
    expect(loadApiKeys(yaml).entries).toMatchObject([{ organization: ORGANIZATION }]);
  });

  it('is a list of storage profiles, of the bucket and the region of the stack', () => {
    const yaml = text(properties('StorageProfilesParam').Value, {
      'AWS::Region': 'eu-west-1',
      Bucket: 'acme',
    });
    expect(parseStorageProfiles(yaml)).toMatchObject([
      { organization: ORGANIZATION, bucket: 'acme', region: 'eu-west-1' },
    ]);
    expect(Buffer.byteLength(yaml)).toBeLessThan(4096);
  });
});

describe('bringing your own', () => {
  const asserted = (rule: string) => Rules[rule].Assertions.map(({ AssertDescription }) => AssertDescription);

  test.each([
    ['CreateS3Storage', ['ExistingBucketArn', 'ExistingQueueArn', 'ExistingQueueUrl']],
    ['CreateRDS', ['ExistingDatabaseEndpoint', 'ExistingDatabaseSecretArn']],
    ['CreateECSInfrastructure', ['ExistingClusterArn', 'ExistingSecurityGroupId']],
  ])('%s=No needs %j, and Yes takes none of them', (name, needs) => {
    expect(asserted(`${name}No`)).toEqual(needs.map((need) => `${name}=No needs ${need}`));
    expect(asserted(`${name}Yes`)).toEqual(needs.map((need) => `${need} is for ${name}=No`));
    for (const need of needs) expect(Parameters[need].Default).toBe('');
  });

  test.each([
    ['ExistingBucketArn', 'arn:aws:s3:::telemetry', true],
    ['ExistingBucketArn', 'arn:aws-cn:s3:::a.b-c', true],
    ['ExistingBucketArn', 'telemetry', false],
    ['ExistingBucketArn', 'arn:aws:s3:::telemetry/*', false],
    ['ExistingQueueArn', 'arn:aws:sqs:eu-west-1:123456789012:raw', true],
    ['ExistingQueueArn', 'arn:aws:sqs:eu-west-1:123456789012:raw.fifo', false],
    ['ExistingQueueUrl', 'https://sqs.eu-west-1.amazonaws.com/123456789012/raw', true],
    ['ExistingQueueUrl', 'raw', false],
    ['ExistingDatabaseEndpoint', 'db.cluster-x.eu-west-1.rds.amazonaws.com', true],
    ['ExistingDatabaseEndpoint', 'db.internal:5432', false],
    [
      'ExistingDatabaseSecretArn',
      'arn:aws:secretsmanager:eu-west-1:123456789012:secret:lake/db-AbC123',
      true,
    ],
    ['ExistingDatabaseSecretArn', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:lake', false],
    ['ExistingClusterArn', 'arn:aws:ecs:eu-west-1:123456789012:cluster/main', true],
    ['ExistingClusterArn', 'main', false],
    ['ExistingSecurityGroupId', 'sg-0123456789abcdef0', true],
    ['ExistingSecurityGroupId', 'default', false],
  ])('%s may be %s: %s', (name, value, expected) => {
    const pattern = new RegExp(Parameters[name].AllowedPattern as string);
    expect(pattern.test(value)).toBe(expected);
    expect(pattern.test('')).toBe(true);
  });
});
