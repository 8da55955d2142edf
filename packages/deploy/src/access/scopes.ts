import type { Brought } from '../byo/brought.ts';
import type { Place } from '../byo/needs.ts';

/** Where somebody deploys, and what of it is brought. */
export interface DeployPlace extends Place {
  readonly brought: Pick<Brought, 'storage' | 'database' | 'compute' | 'taskRoleArn' | 'kmsKeyArn'>;
  /** Where templates are uploaded for the install in one stack. */
  readonly templateBucket: string | undefined;
}

type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** Some actions, and the resources that they are for. */
export interface Scope {
  readonly name: string;
  of(action: string, place: DeployPlace): boolean;
  /** ARNs; none where nothing of that is brought. */
  resources(place: DeployPlace): string[];
  condition?(place: DeployPlace): Condition;
  /** Whether an action may be for resources of a later scope, too. */
  readonly beside?: boolean;
}

/** Secrets that a stack makes have the logical id at the front of their names, and not that of the stack. */
export const SECRET_NAMES = [
  'ApiKeySecret',
  'ApiKeysSecret',
  'DbSecret',
  'GrafanaSecret',
  'OtelHeadersSecret',
  'TokenSecret',
] as const;

/** Parameters without a name of their own have the logical id, after CFN-. */
export const PARAMETER_NAMES = ['GrafanaUrlParam'] as const;

/** Actions of services that know no resources, or none that has a name before it is made. */
const NAMELESS = [
  /^(cloudformation:(ListStacks|ListExports|ValidateTemplate|GetTemplateSummary|DescribeStackDriftDetectionStatus))$/,
  /^ecs:(RegisterTaskDefinition|DeregisterTaskDefinition|DescribeTaskDefinition|ListServices|ListTagsForResource)$/,
  /^secretsmanager:GetRandomPassword$/,
  /^logs:Describe/,
  /^lambda:(ListFunctions|GetCodeSigningConfig)$/,
  /^rds:(Describe|CreateDBCluster)/,
];

const is = (service: string) => (action: string) =>
  action.startsWith(`${service}:`) && !NAMELESS.some((pattern) => pattern.test(action));
const oneOf =
  (...actions: string[]) =>
  (action: string) =>
    actions.includes(action);

const arn =
  (service: string, name: (place: DeployPlace) => string | readonly string[]) => (place: DeployPlace) =>
    [name(place)]
      .flat()
      .map((text) => `arn:${place.partition}:${service}:${place.region}:${place.account}:${text}`);

const LOOKING_AT_STORAGE = [
  's3:GetBucketLocation',
  's3:GetBucketPolicy',
  's3:GetEncryptionConfiguration',
  's3:GetLifecycleConfiguration',
  's3:GetBucketNotification',
];
const LOOKING_AT_ROLES = [
  'iam:GetRole',
  'iam:ListRolePolicies',
  'iam:GetRolePolicy',
  'iam:ListAttachedRolePolicies',
  'iam:SimulatePrincipalPolicy',
];

/** From the narrow to the wide: an action is for the first scope that is of it, and the next where that says so. */
export const SCOPES: readonly Scope[] = [
  {
    name: 'Stacks',
    of: is('cloudformation'),
    resources: arn('cloudformation', ({ env }) => [`stack/${env}-*/*`, 'changeSet/lakewright-*/*']),
  },
  {
    name: 'BroughtBucket',
    of: (action, { brought }) => brought.storage !== undefined && LOOKING_AT_STORAGE.includes(action),
    resources: ({ brought }) => (brought.storage === undefined ? [] : [brought.storage.bucketArn]),
    beside: true,
  },
  {
    // CloudFormation reads templates as whoever deploys.
    name: 'Templates',
    of: oneOf('s3:GetObject', 's3:PutObject'),
    resources: ({ partition, templateBucket }) =>
      templateBucket === undefined ? [] : [`arn:${partition}:s3:::${templateBucket}/*`],
  },
  {
    // The bucket of an install is named lakerunner- and the id of its stack.
    name: 'Bucket',
    of: is('s3'),
    resources: ({ partition }) => [`arn:${partition}:s3:::lakerunner-*`],
  },
  {
    name: 'BroughtQueue',
    of: (action, { brought }) =>
      Boolean(brought.storage?.queueArn) && oneOf('sqs:GetQueueUrl', 'sqs:GetQueueAttributes')(action),
    resources: ({ brought }) => (brought.storage?.queueArn ? [brought.storage.queueArn] : []),
    beside: true,
  },
  { name: 'Queues', of: is('sqs'), resources: arn('sqs', ({ env }) => `${env}-*`) },
  {
    name: 'Database',
    of: is('rds'),
    // RDS writes its names in lower case.
    resources: arn('rds', ({ env }) =>
      ['db', 'pg', 'snapshot', 'subgrp'].map((kind) => `${kind}:${env.toLowerCase()}-*`),
    ),
  },
  {
    name: 'BroughtSecret',
    of: (action, { brought }) =>
      Boolean(brought.database?.secretArn) &&
      oneOf('secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue')(action),
    resources: ({ brought }) => (brought.database?.secretArn ? [brought.database.secretArn] : []),
    beside: true,
  },
  {
    name: 'Secrets',
    of: is('secretsmanager'),
    resources: arn('secretsmanager', () => SECRET_NAMES.map((name) => `secret:${name}-*`)),
  },
  {
    name: 'Parameters',
    of: is('ssm'),
    resources: arn('ssm', ({ env }) => [
      `parameter/lakerunner/${env}-*`,
      ...PARAMETER_NAMES.map((name) => `parameter/CFN-${name}-*`),
    ]),
  },
  {
    name: 'Logs',
    of: is('logs'),
    resources: arn('logs', ({ env }) => [
      `log-group:/ecs/${env}-*`,
      `log-group:/aws/lambda/${env}-*`,
      `log-group:${env}-*`,
    ]),
  },
  { name: 'Functions', of: is('lambda'), resources: arn('lambda', ({ env }) => `function:${env}-*`) },
  {
    name: 'Tasks',
    of: is('ecs'),
    resources: (place) => {
      const own = arn('ecs', ({ env }) => [
        `cluster/${env}-*`,
        `service/${env}-*/*`,
        `service-deployment/${env}-*/*`,
        `task-definition/*`,
      ])(place);
      const cluster = place.brought.compute?.clusterArn ?? '';
      // Only services of ours: an install's are named after its stacks.
      return cluster === ''
        ? own
        : [...own, cluster, `${cluster.replace(':cluster/', ':service/')}/${place.env}-*`];
    },
  },
  {
    name: 'FileSystems',
    of: (action) =>
      is('elasticfilesystem')(action) &&
      !action.startsWith('elasticfilesystem:Describe') &&
      action !== 'elasticfilesystem:CreateFileSystem',
    resources: arn('elasticfilesystem', () => ['file-system/*', 'access-point/*']),
  },
  {
    name: 'LoadBalancers',
    of: (action) => is('elasticloadbalancing')(action) && !action.startsWith('elasticloadbalancing:Describe'),
    resources: arn('elasticloadbalancing', () => ['loadbalancer/*', 'listener/*', 'targetgroup/*']),
  },
  {
    name: 'PassRoles',
    of: oneOf('iam:PassRole'),
    resources: (place) => [
      ownRoles(place),
      ...(place.brought.taskRoleArn === undefined ? [] : [place.brought.taskRoleArn]),
    ],
    condition: () => ({
      StringEquals: { 'iam:PassedToService': ['ecs-tasks.amazonaws.com', 'lambda.amazonaws.com'] },
    }),
  },
  {
    name: 'BroughtRole',
    of: (action, { brought }) => brought.taskRoleArn !== undefined && LOOKING_AT_ROLES.includes(action),
    resources: ({ brought }) => (brought.taskRoleArn === undefined ? [] : [brought.taskRoleArn]),
    beside: true,
  },
  {
    name: 'Roles',
    of: is('iam'),
    resources: (place) => [ownRoles(place), ownRoles(place).replace(':role/', ':policy/')],
  },
  {
    name: 'Key',
    of: is('kms'),
    resources: ({ brought }) => (brought.kmsKeyArn === undefined ? [] : [brought.kmsKeyArn]),
  },
  {
    // Route 53 is of no region, and its zones have no names of ours before they are made.
    name: 'Zones',
    of: is('route53'),
    resources: () => ['*'],
  },
  {
    name: 'InThisRegion',
    of: () => true,
    resources: () => ['*'],
    condition: ({ region }) => ({ StringEquals: { 'aws:RequestedRegion': region } }),
  },
];

function ownRoles({ partition, account, env }: DeployPlace): string {
  return `arn:${partition}:iam::${account}:role/${env}-*`;
}
