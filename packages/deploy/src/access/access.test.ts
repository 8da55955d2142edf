import { describe, expect, test } from 'vitest';
import {
  broughtBy,
  type DeployPlace,
  deployerPolicies,
  evaluatePolicies,
  executionPolicy,
  MANAGED_POLICY_CHARACTERS,
  OWN_ACTIONS,
  parsePolicy,
  RESOURCE_ACTIONS,
  taskRole,
} from '../index.ts';

const ACCOUNT = '123456789012';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/team/lake`;
const PARAMETERS = {
  CreateS3Storage: 'No',
  ExistingBucketArn: 'arn:aws:s3:::acme-telemetry',
  ExistingQueueArn: `arn:aws:sqs:eu-west-1:${ACCOUNT}:ingest`,
  CreateRDS: 'No',
  ExistingDatabaseEndpoint: 'db.example.com',
  ExistingDatabaseSecretArn: `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:db-AbCdEf`,
  CreateECSInfrastructure: 'No',
  ExistingClusterArn: `arn:aws:ecs:eu-west-1:${ACCOUNT}:cluster/shared`,
  ExistingTaskRoleArn: ROLE,
  KmsKeyArn: `arn:aws:kms:eu-west-1:${ACCOUNT}:key/1`,
};
const place = (parameters: Record<string, string> = {}): DeployPlace => ({
  partition: 'aws',
  region: 'eu-west-1',
  account: ACCOUNT,
  env: 'Prod',
  brought: broughtBy(parameters).brought,
  templateBucket: undefined,
});

function decide(
  policies: readonly unknown[],
  action: string,
  resource: string,
  keys: Record<string, string[]> = {},
): string {
  const documents = policies.map((policy, index) =>
    parsePolicy(JSON.stringify(policy), `policy ${index + 1}`),
  );
  const context = { complete: true, keys: { 'aws:requestedregion': ['eu-west-1'], ...keys } };
  return evaluatePolicies(documents, { asker: { kind: 'role', arn: ROLE }, action, resource, context })
    .decision;
}

const regional = (service: string, name: string) => `arn:aws:${service}:eu-west-1:${ACCOUNT}:${name}`;

/** What CloudFormation calls the first of each kind, in the stack Prod-common. */
const MADE: Readonly<Record<string, string>> = {
  cloudformation: regional('cloudformation', 'stack/Prod-common/0a1b'),
  ec2: regional('ec2', 'vpc/vpc-1'),
  ecs: regional('ecs', 'service/Prod-common-Cluster-AB12/Prod-ecs-services-ServiceSweeper-CD34'),
  elasticfilesystem: regional('elasticfilesystem', 'file-system/fs-1'),
  elasticloadbalancing: regional('elasticloadbalancing', 'loadbalancer/app/Prod-e-Alb-AB12/0a1b'),
  iam: `arn:aws:iam::${ACCOUNT}:role/Prod-ecs-services-TaskRole-AB12`,
  kms: PARAMETERS.KmsKeyArn,
  lambda: regional('lambda', 'function:Prod-ecs-setup-RunnerFn-AB12'),
  logs: regional('logs', 'log-group:/ecs/Prod-ecs-services/lakerunner-sweeper'),
  rds: regional('rds', 'db:prod-common-lakerunnerdb-ab12'),
  route53: 'arn:aws:route53:::hostedzone/Z1',
  s3: 'arn:aws:s3:::lakerunner-0a1b',
  secretsmanager: regional('secretsmanager', 'secret:ApiKeySecret-AB12cd34-EF56gh'),
  servicediscovery: regional('servicediscovery', 'service/srv-1'),
  sqs: regional('sqs', 'Prod-common-IngestQueue-AB12'),
  ssm: regional('ssm', 'parameter/lakerunner/Prod-common/storage_profiles'),
  sts: '*',
};

describe('who deploys', () => {
  const policies = deployerPolicies(place(PARAMETERS));

  test.each(Object.entries(RESOURCE_ACTIONS))('may make, change and remove %s', (_type, actions) => {
    const keys = { 'iam:passedtoservice': ['ecs-tasks.amazonaws.com'] };
    const refused = actions.filter(
      (action) => decide(policies, action, MADE[action.split(':')[0]], keys) !== 'allowed',
    );
    expect(refused).toEqual([]);
  });

  test('may do what the commands themselves do', () => {
    const own = Object.values(OWN_ACTIONS).flat();
    const refused = own.filter(
      (action) => decide(policies, action, MADE[action.split(':')[0]]) !== 'allowed',
    );
    // Templates are uploaded to a bucket that one names.
    expect(refused).toEqual(['s3:GetObject', 's3:PutObject']);
    const uploading = deployerPolicies({ ...place(), templateBucket: 'templates' });
    expect(decide(uploading, 's3:PutObject', 'arn:aws:s3:::templates/a.yaml')).toBe('allowed');
    expect(decide(uploading, 's3:PutObject', 'arn:aws:s3:::lakerunner-0a1b/db/x')).toBe('implicit');
  });

  test.each([
    ['s3:GetBucketNotification', PARAMETERS.ExistingBucketArn],
    ['sqs:GetQueueAttributes', PARAMETERS.ExistingQueueArn],
    ['secretsmanager:GetSecretValue', PARAMETERS.ExistingDatabaseSecretArn],
    ['ecs:DescribeClusters', PARAMETERS.ExistingClusterArn],
    ['iam:SimulatePrincipalPolicy', ROLE],
  ])('may look at what is brought: %s', (action, resource) => {
    expect(decide(policies, action, resource)).toBe('allowed');
    expect(decide(deployerPolicies(place()), action, resource)).toBe('implicit');
  });

  test.each([
    ['cloudformation:DeleteStack', regional('cloudformation', 'stack/Staging-common/0a1b')],
    ['s3:DeleteBucket', PARAMETERS.ExistingBucketArn],
    ['s3:DeleteObject', `${PARAMETERS.ExistingBucketArn}/db/x`],
    ['s3:GetObject', 'arn:aws:s3:::lakerunner-0a1b/db/x'],
    ['sqs:SetQueueAttributes', PARAMETERS.ExistingQueueArn],
    ['sqs:ReceiveMessage', MADE.sqs],
    ['rds:DeleteDBInstance', regional('rds', 'db:somebody')],
    ['secretsmanager:GetSecretValue', regional('secretsmanager', 'secret:payroll-AbCdEf')],
    ['secretsmanager:DeleteSecret', PARAMETERS.ExistingDatabaseSecretArn],
    ['iam:PutRolePolicy', ROLE],
    ['iam:DeleteRole', `arn:aws:iam::${ACCOUNT}:role/admin`],
    ['iam:CreateUser', `arn:aws:iam::${ACCOUNT}:user/Prod-x`],
    ['iam:CreateAccessKey', `arn:aws:iam::${ACCOUNT}:user/me`],
    ['lambda:InvokeFunction', regional('lambda', 'function:payroll')],
    ['ecs:DeleteCluster', `${PARAMETERS.ExistingClusterArn}2`],
    ['ecs:UpdateService', regional('ecs', 'service/shared/payroll')],
    ['kms:ScheduleKeyDeletion', PARAMETERS.KmsKeyArn],
    ['kms:Decrypt', regional('kms', 'key/2')],
    ['ec2:RunInstances', '*'],
    ['ec2:TerminateInstances', '*'],
    ['sts:AssumeRole', `arn:aws:iam::${ACCOUNT}:role/admin`],
    ['logs:GetLogEvents', regional('logs', 'log-group:payroll')],
  ])('may not %s on %s', (action, resource) => {
    expect(decide(policies, action, resource)).toBe('implicit');
  });

  test('works in one region', () => {
    const elsewhere = { 'aws:requestedregion': ['us-east-1'] };
    expect(decide(policies, 'ec2:CreateVpc', '*', elsewhere)).toBe('implicit');
  });

  test.each([
    ['ecs-tasks.amazonaws.com', 'allowed'],
    ['lambda.amazonaws.com', 'allowed'],
    ['ec2.amazonaws.com', 'implicit'],
  ])('passes roles to %s: %s', (service, decision) => {
    const keys = { 'iam:passedtoservice': [service] };
    expect(decide(policies, 'iam:PassRole', ROLE, keys)).toBe(decision);
    expect(decide(policies, 'iam:PassRole', `arn:aws:iam::${ACCOUNT}:role/admin`, keys)).toBe('implicit');
  });

  test('makes roles of AWS for services that need them, and no others', () => {
    const linked = (service: string) =>
      decide(
        policies,
        'iam:CreateServiceLinkedRole',
        `arn:aws:iam::${ACCOUNT}:role/aws-service-role/${service}/x`,
        {
          'iam:awsservicename': [service],
        },
      );
    expect(linked('ecs.amazonaws.com')).toBe('allowed');
    expect(linked('organizations.amazonaws.com')).toBe('implicit');
  });

  test.each([{}, PARAMETERS])('has policies that IAM takes', (parameters) => {
    const all = deployerPolicies({
      ...place(parameters),
      env: 'an-environment-with-a-name-of-43-characters',
    });
    expect(all.length).toBeLessThanOrEqual(4);
    for (const policy of all)
      expect(JSON.stringify(policy).length).toBeLessThanOrEqual(MANAGED_POLICY_CHARACTERS);
    const sids = all.flatMap(({ Statement }) => Statement.map(({ Sid }) => Sid));
    expect(new Set(sids).size).toBe(sids.length);
    for (const sid of sids) expect(sid).toMatch(/^[A-Za-z0-9]+$/);
  });
});

test('a task role has what byo-check asks of it, and is assumed by tasks', () => {
  const { trust, policy } = taskRole(place(PARAMETERS));
  expect(decide([policy], 's3:AbortMultipartUpload', `${PARAMETERS.ExistingBucketArn}/otel-raw/x`)).toBe(
    'allowed',
  );
  expect(decide([policy], 'sqs:ChangeMessageVisibility', PARAMETERS.ExistingQueueArn)).toBe('allowed');
  expect(decide([policy], 's3:DeleteBucket', PARAMETERS.ExistingBucketArn)).toBe('implicit');
  expect(trust.Statement[0].Principal.Service).toBe('ecs-tasks.amazonaws.com');
});

test('an execution role reads the secrets of the install and no others', () => {
  const policy = executionPolicy(place(PARAMETERS));
  expect(decide([policy], 'secretsmanager:GetSecretValue', MADE.secretsmanager)).toBe('allowed');
  expect(decide([policy], 'secretsmanager:GetSecretValue', PARAMETERS.ExistingDatabaseSecretArn)).toBe(
    'allowed',
  );
  expect(
    decide([policy], 'secretsmanager:GetSecretValue', regional('secretsmanager', 'secret:payroll-AbCdEf')),
  ).toBe('implicit');
});
