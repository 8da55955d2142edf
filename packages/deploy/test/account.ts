/** An account in which everything that is brought is right, for tests that break one thing of it. */
import type {
  AccountReader,
  BucketFacts,
  DatabaseFacts,
  Look,
  QueueFacts,
  RoleFacts,
  SecurityGroupFacts,
  Simulated,
} from '@lakewright/core';

export const ACCOUNT = '123456789012';
export const BUCKET = 'arn:aws:s3:::acme-telemetry';
export const QUEUE = `arn:aws:sqs:eu-west-1:${ACCOUNT}:ingest`;
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/team/lake`;
export const SECRET = `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:db-AbCdEf`;
export const CLUSTER = `arn:aws:ecs:eu-west-1:${ACCOUNT}:cluster/shared`;
export const KEY = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/1234`;

export const PARAMETERS: Readonly<Record<string, string>> = {
  TemplateBaseUrl: 'https://templates.example.com',
  VPCId: 'vpc-1',
  PrivateSubnet1Id: 'subnet-1',
  PrivateSubnet2Id: 'subnet-2',
  PublicSubnet1Id: 'subnet-3',
  PublicSubnet2Id: 'subnet-4',
  CreateS3Storage: 'No',
  ExistingBucketArn: BUCKET,
  ExistingQueueArn: QUEUE,
  ExistingQueueUrl: `https://sqs.eu-west-1.amazonaws.com/${ACCOUNT}/ingest`,
  CreateRDS: 'No',
  ExistingDatabaseEndpoint: 'lake.abc.eu-west-1.rds.amazonaws.com',
  ExistingDatabaseSecretArn: SECRET,
  CreateECSInfrastructure: 'No',
  ExistingClusterArn: CLUSTER,
  ExistingSecurityGroupId: 'sg-1',
  ExistingTaskRoleArn: ROLE,
};

export const seen = <T>(value: T): Look<T> => ({ state: 'seen', value });
export const absent = { state: 'absent' } as const;
export const hidden = { state: 'hidden', reason: 'not allowed to look', action: 'x:Look' } as const;

export const queuePolicy = (Statement: unknown) => JSON.stringify({ Version: '2012-10-17', Statement });

export const SEND = {
  Effect: 'Allow',
  Principal: { Service: 's3.amazonaws.com' },
  Action: 'sqs:SendMessage',
  Resource: QUEUE,
  Condition: { ArnLike: { 'aws:SourceArn': BUCKET }, StringEquals: { 'aws:SourceAccount': ACCOUNT } },
};

export const bucket: BucketFacts = {
  region: seen('eu-west-1'),
  policy: absent,
  encryption: seen({ algorithm: 'AES256', kmsKey: undefined }),
  lifecycle: seen({
    rules: ['otel-raw/', 'logs-raw/', 'metrics-raw/', 'traces-raw/'].map((prefix) => ({
      id: prefix,
      enabled: true,
      prefix,
      narrowed: false,
      expirationDays: 10,
      abortDays: 1,
    })),
    document: [{ ID: 'otel-raw/' }, { ID: 'logs-raw/' }, { ID: 'metrics-raw/' }, { ID: 'traces-raw/' }],
  }),
};

/** A rule of a bucket's notifications, in both forms. */
export function notifications(
  ...rules: { id: string; prefix: string; suffix?: string; target?: string; events?: string[] }[]
) {
  const full = rules.map((rule) => ({ suffix: '', target: QUEUE, events: ['s3:ObjectCreated:*'], ...rule }));
  return {
    eventBridge: false,
    rules: full.map(({ id, prefix, suffix, target, events }) => ({
      id,
      target: 'queue' as const,
      targetArn: target,
      events,
      prefix,
      suffix,
    })),
    document: {
      QueueConfigurations: full.map(({ id, prefix, target, events }) => ({
        Id: id,
        QueueArn: target,
        Events: events,
        Filter: { Key: { FilterRules: [{ Name: 'Prefix', Value: prefix }] } },
      })),
    } as Record<string, unknown>,
  };
}

export const RULES = ['otel-raw/', 'logs-raw/', 'metrics-raw/', 'traces-raw/'].map((prefix) => ({
  id: prefix,
  prefix,
}));

export const queue: QueueFacts = {
  url: `https://sqs.eu-west-1.amazonaws.com/${ACCOUNT}/ingest`,
  arn: QUEUE,
  visibilitySeconds: 120,
  retentionSeconds: 345_600,
  policy: queuePolicy([SEND]),
  deadLetterArn: `${QUEUE}-dlq`,
  maxReceives: 5,
  kmsKey: undefined,
};

export const database: DatabaseFacts = {
  kind: 'instance',
  id: 'lake',
  writable: true,
  engine: 'postgres',
  version: '17.4',
  status: 'available',
  port: 5432,
  vpcId: 'vpc-1',
  securityGroupIds: ['sg-9'],
  publiclyAccessible: false,
  encrypted: true,
  databaseName: 'lakerunner',
};

export const rule = (more: object) => ({
  protocol: 'tcp',
  fromPort: undefined,
  toPort: undefined,
  cidrs: [],
  groupIds: [],
  prefixListIds: [],
  ...more,
});

export const taskGroup: SecurityGroupFacts = {
  id: 'sg-1',
  vpcId: 'vpc-1',
  ingress: [rule({ fromPort: 7101, toPort: 8090, groupIds: ['sg-1'] })],
  egress: [rule({ protocol: '-1', cidrs: ['0.0.0.0/0'] })],
};

export const databaseGroup: SecurityGroupFacts = {
  id: 'sg-9',
  vpcId: 'vpc-1',
  ingress: [rule({ fromPort: 5432, toPort: 5432, groupIds: ['sg-1'] })],
  egress: [],
};

export const role: RoleFacts = {
  arn: ROLE,
  name: 'lake',
  trust: queuePolicy([
    { Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' },
  ]),
  policies: seen([{ name: 'all', document: queuePolicy({ Effect: 'Allow', Action: '*', Resource: '*' }) }]),
  boundary: absent,
};

export const allowed = (actions: readonly string[], resource: string): Simulated[] =>
  actions.map((action) => ({ action, resource, decision: 'allowed', by: undefined, unknownKeys: [] }));

const subnet = (id: string, zone: string, cidr: string) => ({
  id,
  vpcId: 'vpc-1',
  zone,
  cidr,
  freeAddresses: 200,
});

export const subnets = [
  subnet('subnet-1', 'eu-west-1a', '10.0.1.0/24'),
  subnet('subnet-2', 'eu-west-1b', '10.0.2.0/24'),
  subnet('subnet-3', 'eu-west-1a', '10.0.3.0/24'),
  subnet('subnet-4', 'eu-west-1b', '10.0.4.0/24'),
];

const route = (target: string) => [{ destination: '0.0.0.0/0', target, active: true }];

export const routeTables = [
  { id: 'rtb-main', main: true, subnetIds: [], routes: route('nat-1') },
  { id: 'rtb-public', main: false, subnetIds: ['subnet-3', 'subnet-4'], routes: route('igw-1') },
];

export function account(changes: Partial<AccountReader> = {}): AccountReader {
  return {
    caller: async () => ({
      account: ACCOUNT,
      arn: `arn:aws:iam::${ACCOUNT}:user/me`,
      partition: 'aws',
      region: 'eu-west-1',
    }),
    bucket: async () => bucket,
    notifications: async () => seen(notifications(...RULES)),
    queue: async () => seen(queue),
    database: async () => seen(database),
    secret: async () =>
      seen({
        arn: SECRET,
        kmsKey: undefined,
        deleted: false,
        shape: seen({ isObject: true, fields: ['username', 'password'] }),
      }),
    vpc: async () => seen({ cidrs: ['10.0.0.0/16'] }),
    subnets: async (ids) => seen(subnets.filter(({ id }) => ids.includes(id))),
    routeTables: async () => seen(routeTables),
    endpoints: async () => seen([]),
    securityGroups: async (ids) => seen([taskGroup, databaseGroup].filter(({ id }) => ids.includes(id))),
    cluster: async () => seen({ arn: CLUSTER, status: 'ACTIVE', capacityProviders: ['FARGATE'] }),
    role: async () => seen(role),
    simulate: async (_role, actions, resource) => seen(allowed(actions, resource)),
    close: () => undefined,
    ...changes,
  };
}
