import {
  type AccountReader,
  BadInputError,
  type BucketFacts,
  type DatabaseFacts,
  type Look,
  type QueueFacts,
  type RoleFacts,
  type SecurityGroupFacts,
} from '@lakewright/core';
import { describe, expect, test } from 'vitest';
import {
  ACCOUNT,
  absent,
  account,
  allowed,
  BUCKET,
  bucket,
  database,
  databaseGroup,
  hidden,
  KEY,
  notifications,
  PARAMETERS,
  QUEUE,
  queue,
  queuePolicy,
  ROLE,
  RULES,
  role,
  routeTables,
  rule,
  SECRET,
  SEND,
  seen,
  subnets,
  taskGroup,
} from '../../test/account.ts';
import { byoCheck, type Finding, shellText } from '../index.ts';

type Changes = Partial<AccountReader>;

/** What is not ok, as `level check: what`. */
async function faults(changes: Changes = {}, parameters: Record<string, string> = {}): Promise<string[]> {
  const found = await findings(changes, parameters);
  return found
    .filter(({ level }) => level !== 'ok')
    .map(({ level, check, what }) => `${level} ${check}: ${what}`);
}

async function findings(
  changes: Changes = {},
  parameters: Record<string, string> = {},
): Promise<readonly Finding[]> {
  return (await byoCheck(account(changes), { ...PARAMETERS, ...parameters }, 'lakerunner')).findings;
}

const bucketIs = (more: Partial<BucketFacts>): Changes => ({ bucket: async () => ({ ...bucket, ...more }) });
const queueIs = (more: Partial<QueueFacts>): Changes => ({ queue: async () => seen({ ...queue, ...more }) });
const databaseIs = (more: Partial<DatabaseFacts>): Changes => ({
  database: async () => seen({ ...database, ...more }),
});
const roleIs = (more: Partial<RoleFacts>): Changes => ({ role: async () => seen({ ...role, ...more }) });
const told = (...rules: Parameters<typeof notifications>): Changes => ({
  notifications: async () => seen(notifications(...rules)),
});
const groups = (...changed: Partial<SecurityGroupFacts>[]): Changes => ({
  securityGroups: async (ids) =>
    seen(
      [taskGroup, databaseGroup]
        .map((group) => ({ ...group, ...changed.find(({ id }) => id === group.id) }))
        .filter(({ id }) => ids.includes(id)),
    ),
});
const secretIs = (shape: Look<{ isObject: boolean; fields: string[] }>, more: object = {}): Changes => ({
  secret: async () => seen({ arn: SECRET, kmsKey: undefined, deleted: false, shape, ...more }),
});
const lifecycle = (
  ...rules: { prefix: string; days?: number; enabled?: boolean; narrowed?: boolean }[]
): Changes =>
  bucketIs({
    lifecycle: seen({
      rules: rules.map(({ prefix, days = 10, enabled = true, narrowed = false }, index) => ({
        id: `r${index}`,
        enabled,
        prefix,
        narrowed,
        expirationDays: days,
        abortDays: 1,
      })),
      document: rules.map((_, index) => ({ ID: `r${index}`, Status: 'Enabled' })),
    }),
  });
const RAW = RULES.map(({ prefix }) => ({ prefix }));
const denyAll = (Condition: object, Principal: unknown = '*') =>
  queuePolicy([
    { Sid: 'guard', Effect: 'Deny', Principal, Action: 's3:*', Resource: [BUCKET, `${BUCKET}/*`], Condition },
  ]);

test('of a right account everything is ok', async () => {
  const found = await findings();
  expect(found.filter(({ level }) => level !== 'ok')).toEqual([]);
  const checks = [
    'vpc',
    'subnets',
    'routes',
    'bucket',
    'bucket-policy',
    'bucket-encryption',
    'queue',
    'queue-policy',
    'queue-dead-letters',
    'queue-visibility',
    'queue-encryption',
    'notifications',
    'lifecycle',
    'database',
    'database-secret',
    'database-security-group',
    'cluster',
    'task-security-group',
    'task-role',
    'task-role-trust',
    'task-role-actions',
  ];
  expect([...new Set(found.map(({ check }) => check))].sort()).toEqual([...checks].sort());
});

describe('what is wrong is named', () => {
  test.each<[string, Changes, (string | RegExp)[]]>([
    ['no bucket', bucketIs({ region: absent }), [/^problem bucket: is not there/]],
    ['a bucket elsewhere', bucketIs({ region: seen('us-east-1') }), [/^problem bucket: is in us-east-1/]],
    [
      'a policy that wants TLS',
      bucketIs({ policy: seen(denyAll({ Bool: { 'aws:SecureTransport': 'false' } })) }),
      [],
    ],
    [
      'a policy that wants one VPC endpoint',
      bucketIs({ policy: seen(denyAll({ StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } })) }),
      [/^warning bucket-policy: may deny s3:GetObject/],
    ],
    [
      'a policy for other roles',
      bucketIs({ policy: seen(denyAll({ StringNotEquals: { 'aws:PrincipalArn': `${ROLE}2` } })) }),
      [/^problem bucket-policy: denies s3:GetObject, .*s3:ListBucket/],
    ],
    [
      'a policy for this role',
      bucketIs({ policy: seen(denyAll({ StringNotEquals: { 'aws:PrincipalArn': ROLE } })) }),
      [],
    ],
    [
      'a key that is not said',
      bucketIs({ encryption: seen({ algorithm: 'aws:kms', kmsKey: KEY }) }),
      [/^problem bucket-encryption: .*KmsKeyArn is not said/],
    ],
    ['the key of AWS', bucketIs({ encryption: seen({ algorithm: 'aws:kms', kmsKey: undefined }) }), []],
    ['no queue', { queue: async () => absent }, [/^problem queue: is not there/]],
    [
      'a FIFO queue',
      queueIs({ arn: `${QUEUE}.fifo` }),
      [/^problem queue: is a FIFO queue/, /^problem queue-policy/],
    ],
    [
      'another URL',
      queueIs({ url: 'https://sqs.eu-west-1.amazonaws.com/1/other' }),
      [/^problem queue: is the URL of another queue/],
    ],
    [
      'no queue policy',
      queueIs({ policy: undefined }),
      ['problem queue-policy: does not let the bucket send'],
    ],
    [
      'a policy for another bucket',
      queueIs({
        policy: queuePolicy({ ...SEND, Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::other' } } }),
      }),
      ['problem queue-policy: does not let the bucket send'],
    ],
    [
      'a policy for another account',
      queueIs({
        policy: queuePolicy({ ...SEND, Condition: { StringEquals: { 'aws:SourceAccount': '1' } } }),
      }),
      ['problem queue-policy: does not let the bucket send'],
    ],
    [
      'a policy for another service',
      queueIs({ policy: queuePolicy({ ...SEND, Principal: { Service: 'sns.amazonaws.com' } }) }),
      ['problem queue-policy: does not let the bucket send'],
    ],
    [
      'a policy for another queue',
      queueIs({ policy: queuePolicy({ ...SEND, Resource: `${QUEUE}2` }) }),
      ['problem queue-policy: does not let the bucket send'],
    ],
    [
      'a policy for another action',
      queueIs({ policy: queuePolicy({ ...SEND, Action: 'sqs:ReceiveMessage' }) }),
      ['problem queue-policy: does not let the bucket send'],
    ],
    [
      'a policy for everybody',
      queueIs({ policy: queuePolicy({ ...SEND, Principal: '*', Action: 'SQS:*', Condition: undefined }) }),
      ['warning queue-policy: lets buckets of other accounts send, too'],
    ],
    [
      'a deny',
      queueIs({ policy: queuePolicy([SEND, { ...SEND, Effect: 'Deny', Sid: 'no', Condition: undefined }]) }),
      ['problem queue-policy: denies S3 to send'],
    ],
    [
      'no dead letters',
      queueIs({ deadLetterArn: undefined }),
      ['problem queue-dead-letters: has no dead-letter queue'],
    ],
    [
      'a short visibility',
      queueIs({ visibilitySeconds: 30 }),
      ['warning queue-visibility: hides a message for 30 s only'],
    ],
    [
      'the key of AWS for SQS',
      queueIs({ kmsKey: 'alias/aws/sqs' }),
      ['problem queue-encryption: is encrypted with the key of AWS for SQS'],
    ],
    [
      'no notifications',
      told(),
      RULES.map(({ prefix }) => `problem notifications: the queue hears nothing of objects below ${prefix}`),
    ],
    [
      'three of four',
      told(...RULES.slice(0, 3)),
      ['problem notifications: the queue hears nothing of objects below traces-raw/'],
    ],
    ['a suffix', told(...RULES.slice(0, 3), { ...RULES[3], suffix: '.gz' }), [/below traces-raw/]],
    [
      'puts alone',
      told(...RULES.slice(0, 3), { ...RULES[3], events: ['s3:ObjectCreated:Put'] }),
      [/below traces-raw/],
    ],
    [
      'everything',
      told({ id: 'all', prefix: '' }),
      ['warning notifications: the queue hears of more than raw objects'],
    ],
    [
      'another queue',
      told({ id: 'all', prefix: '', target: `${QUEUE}2` }),
      RULES.map(() => /^problem notifications/),
    ],
    [
      'EventBridge',
      { notifications: async () => seen({ ...notifications(), eventBridge: true }) },
      RULES.map(() => /^warning notifications/),
    ],
    [
      'no lifecycle',
      bucketIs({ lifecycle: absent }),
      [/^warning lifecycle: nothing removes objects below otel-raw\/, logs-raw/],
    ],
    [
      'a rule that is off',
      lifecycle(...RAW.slice(1), { ...RAW[0], enabled: false }),
      ['warning lifecycle: nothing removes objects below otel-raw/'],
    ],
    [
      'a rule by tag',
      lifecycle(...RAW.slice(1), { ...RAW[0], narrowed: true }),
      ['warning lifecycle: nothing removes objects below otel-raw/'],
    ],
    [
      'a rule for everything',
      lifecycle({ prefix: '', days: 30 }),
      ['problem lifecycle: r0 removes segments after 30 days'],
    ],
    [
      'a rule for db/',
      lifecycle(...RAW, { prefix: 'db/', days: 365 }),
      ['problem lifecycle: r4 removes segments after 365 days'],
    ],
    ['a rule inside db/', lifecycle(...RAW, { prefix: 'db/1234/', days: 365 }), [/^problem lifecycle: r4/]],
    ['no database', { database: async () => absent }, ['problem database: is not there']],
    ['MySQL', databaseIs({ engine: 'mysql' }), ['problem database: is mysql, and not PostgreSQL']],
    ['an old PostgreSQL', databaseIs({ version: '11.22' }), ['problem database: is PostgreSQL 11.22']],
    ['a reader', databaseIs({ kind: 'cluster', writable: false }), ['problem database: is only read from']],
    [
      'another port',
      databaseIs({ port: 6432 }),
      ['problem database: is 5432, and the database listens on 6432'],
    ],
    [
      'another VPC',
      databaseIs({ vpcId: 'vpc-2' }),
      ['problem database: is in vpc-2, and the install in vpc-1'],
    ],
    [
      'a public address',
      databaseIs({ publiclyAccessible: true }),
      ['warning database: has a public address'],
    ],
    ['no encryption', databaseIs({ encrypted: false }), ['warning database: is not encrypted']],
    ['no secret', { secret: async () => absent }, ['problem database-secret: is not there']],
    [
      'no password',
      secretIs(seen({ isObject: true, fields: ['username'] })),
      ['problem database-secret: has no text in password'],
    ],
    [
      'a secret that is text',
      secretIs(seen({ isObject: false, fields: [] })),
      ['problem database-secret: is no JSON object'],
    ],
    [
      'a secret that goes',
      secretIs(absent, { deleted: true }),
      ['problem database-secret: waits for its deletion'],
    ],
    [
      'a secret with a key',
      secretIs(seen({ isObject: true, fields: ['username', 'password'] }), { kmsKey: KEY }),
      [/^problem database-secret: is encrypted with/],
    ],
    [
      'a closed database',
      groups({ id: 'sg-9', ingress: [] }),
      ['problem database-security-group: does not let the tasks in on 5432'],
    ],
    [
      'a database open on another port',
      groups({ id: 'sg-9', ingress: [rule({ fromPort: 3306, toPort: 3306, groupIds: ['sg-1'] })] }),
      [/^problem database-security-group/],
    ],
    [
      'a database open to the subnets',
      groups({ id: 'sg-9', ingress: [rule({ fromPort: 5432, toPort: 5432, cidrs: ['10.0.0.0/16'] })] }),
      [],
    ],
    [
      'a database open to one subnet',
      groups({ id: 'sg-9', ingress: [rule({ fromPort: 5432, toPort: 5432, cidrs: ['10.0.1.0/24'] })] }),
      [/^problem database-security-group/],
    ],
    [
      'a database open to all',
      groups({ id: 'sg-9', ingress: [rule({ protocol: '-1', cidrs: ['0.0.0.0/0'] })] }),
      [/^warning database-security-group: lets everybody in/],
    ],
    [
      'a prefix list',
      groups({ id: 'sg-9', ingress: [rule({ fromPort: 5432, toPort: 5432, prefixListIds: ['pl-1'] })] }),
      [/^warning database-security-group: may/],
    ],
    [
      'tasks apart',
      groups({ id: 'sg-1', ingress: [rule({ fromPort: 7101, toPort: 7101, groupIds: ['sg-1'] })] }),
      ['problem task-security-group: does not let tasks ask each other on 8081'],
    ],
    [
      'no way out',
      groups({ id: 'sg-1', egress: [rule({ fromPort: 443, toPort: 443, cidrs: ['0.0.0.0/0'] })] }),
      ['problem task-security-group: does not let tasks out on 5432'],
    ],
    [
      'a group of another VPC',
      groups({ id: 'sg-1', vpcId: 'vpc-2' }),
      [/^problem task-security-group: is in vpc-2/],
    ],
    ['no cluster', { cluster: async () => absent }, ['problem cluster: is not there']],
    [
      'a cluster that is gone',
      { cluster: async () => seen({ arn: '', status: 'INACTIVE', capacityProviders: [] }) },
      ['problem cluster: is not there'],
    ],
    ['no VPC', { vpc: async () => absent }, ['problem vpc: is not there']],
    ['one subnet missing', { subnets: async () => absent }, ['problem subnets: are not all there']],
    [
      'one zone',
      { subnets: async () => seen(subnets.map((subnet) => ({ ...subnet, zone: 'eu-west-1a' }))) },
      ['problem subnets: are all in eu-west-1a'],
    ],
    [
      'few addresses',
      { subnets: async () => seen(subnets.map((subnet) => ({ ...subnet, freeAddresses: 3 }))) },
      [/^warning subnets/, /^warning subnets/],
    ],
    [
      'private subnets that are public',
      { routeTables: async () => seen([{ ...routeTables[1], main: true }]) },
      [/^problem routes: leads out by the internet gateway/, /^problem routes/],
    ],
    [
      'public subnets that are private',
      { routeTables: async () => seen([routeTables[0]]) },
      [/^problem routes: is said to be public/, /^problem routes/],
    ],
    ['a role that is not there', { role: async () => absent }, ['problem task-role: is not there']],
    [
      'a role for Lambda',
      roleIs({ trust: role.trust.replace('ecs-tasks', 'lambda') }),
      ['problem task-role-trust: does not let ECS tasks assume it'],
    ],
    [
      'a role for tasks of this account',
      roleIs({
        trust: queuePolicy({
          Effect: 'Allow',
          Principal: { Service: ['ecs-tasks.amazonaws.com'] },
          Action: 'sts:AssumeRole',
          Condition: { ArnLike: { 'aws:SourceArn': `arn:aws:ecs:eu-west-1:${ACCOUNT}:*` } },
        }),
      }),
      [],
    ],
    [
      'a role for tasks of one cluster',
      roleIs({
        trust: queuePolicy({
          Effect: 'Allow',
          Principal: { Service: ['ecs-tasks.amazonaws.com'] },
          Action: 'sts:AssumeRole',
          Condition: { ArnLike: { 'aws:SourceArn': `arn:aws:ecs:eu-west-1:${ACCOUNT}:task/c/*` } },
        }),
      }),
      ['warning task-role-trust: may let ECS tasks assume it'],
    ],
  ])('%s', async (_name, changes, expected) => {
    const found = await faults(changes);
    expect(found).toEqual(
      expected.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))),
    );
  });

  test('a role that lacks one action, and nothing else', async () => {
    const simulate: AccountReader['simulate'] = async (_role, actions, resource) =>
      seen(
        allowed(actions, resource).map((one) =>
          one.action === 'sqs:ChangeMessageVisibility' ? { ...one, decision: 'implicitDeny' } : one,
        ),
      );
    expect(await faults({ simulate })).toEqual([
      `problem task-role-actions: does not allow sqs:ChangeMessageVisibility on ${QUEUE}`,
    ]);
  });

  test('an action that only some prefixes have', async () => {
    const simulate: AccountReader['simulate'] = async (_role, actions, resource) =>
      seen(
        allowed(actions, resource).map((one) =>
          one.action === 's3:PutObject' && resource.includes('/iceberg/')
            ? { ...one, decision: 'implicitDeny' }
            : one,
        ),
      );
    expect(await faults({ simulate })).toEqual([
      `problem task-role-actions: does not allow s3:PutObject on ${BUCKET}/*`,
    ]);
  });

  test('a policy of the organization, which no policy of the role mends', async () => {
    const simulate: AccountReader['simulate'] = async (_role, actions, resource) =>
      seen(
        allowed(actions, resource).map((one) =>
          resource === QUEUE ? { ...one, decision: 'implicitDeny', by: 'organization' } : one,
        ),
      );
    const [found] = (await findings({ simulate })).filter(({ level }) => level === 'problem');
    expect(found.why).toContain('a policy of the organization does not allow it');
    expect(found.fix?.commands).toEqual([]);
  });

  test('a role that is brought to an install with a bucket of its own', async () => {
    const asked: string[] = [];
    const simulate: AccountReader['simulate'] = async (_role, actions, resource) => {
      asked.push(resource);
      return seen(allowed(actions, resource));
    };
    const none = {
      CreateS3Storage: 'Yes',
      ExistingBucketArn: '',
      ExistingQueueArn: '',
      ExistingQueueUrl: '',
    };
    const found = await findings({ simulate }, none);
    expect(asked).toContain('arn:aws:s3:::lakerunner-00000000/db/lakewright-check');
    expect(asked).toContain(`arn:aws:sqs:eu-west-1:${ACCOUNT}:lakerunner-common-IngestQueue-0`);
    expect(found.map(({ what }) => what)).toContain(`allows s3:ListBucket on arn:aws:s3:::lakerunner-*`);
  });

  test('what the role may do by its policies and boundary, where IAM is not to be asked', async () => {
    const simulate = async () => hidden;
    expect(await faults({ simulate })).toEqual([]);
    const boundary = seen({
      name: 'b',
      document: queuePolicy({ Effect: 'Allow', NotAction: 's3:DeleteObject', Resource: '*' }),
    });
    expect(await faults({ simulate, ...roleIs({ boundary }) })).toEqual([
      `problem task-role-actions: does not allow s3:DeleteObject on ${BUCKET}/*`,
    ]);
  });
});

describe('what could not be looked at is never ok', () => {
  test.each<[keyof AccountReader, string[]]>([
    ['notifications', ['unseen notifications']],
    ['queue', ['unseen queue']],
    ['database', ['unseen database']],
    ['secret', ['unseen database-secret']],
    ['vpc', ['unseen vpc']],
    ['subnets', ['unseen subnets']],
    ['routeTables', ['unseen routes']],
    ['securityGroups', ['unseen database-security-group', 'unseen task-security-group']],
    ['cluster', ['unseen cluster']],
    ['role', ['unseen task-role']],
  ])('%s', async (method, expected) => {
    const found = await findings({ [method]: async () => hidden });
    const faulty = found.filter(({ level }) => level !== 'ok');
    expect(faulty.map(({ level, check }) => `${level} ${check}`)).toEqual(expected);
    expect(faulty[0].fix?.note).toContain('x:Look');
  });

  test('neither the role nor IAM', async () => {
    const found = await faults({ role: async () => hidden, simulate: async () => hidden });
    expect(found.filter((one) => one.startsWith('unseen task-role-actions')).length).toBeGreaterThan(3);
  });

  test('parts of a bucket', async () => {
    expect(await faults(bucketIs({ policy: hidden, encryption: hidden, lifecycle: hidden }))).toEqual(
      ['policy', 'encryption']
        .map((part) => `unseen bucket-${part}: could not be looked at`)
        .concat('unseen lifecycle: could not be looked at'),
    );
  });
});

describe('fixes keep what is there', () => {
  const document = async (changes: Changes, check: string, flag: string) => {
    const found = (await findings(changes)).find((one) => one.check === check && one.level !== 'ok');
    const command = found?.fix?.commands.at(-1) ?? [];
    return JSON.parse(command[command.indexOf(flag) + 1]);
  };

  test('notifications of others, and other events of this queue', async () => {
    const before = notifications(
      { id: 'images', prefix: 'images/', target: 'arn:aws:sqs:eu-west-1:1:images' },
      { id: 'mine', prefix: '', events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'] },
      { id: 'part', prefix: 'otel-raw/1/' },
    );
    const more = { TopicConfigurations: [{ TopicArn: 'arn:t' }], EventBridgeConfiguration: {} };
    const merged = await document(
      { notifications: async () => seen({ ...before, document: { ...before.document, ...more } }) },
      'notifications',
      '--notification-configuration',
    );
    expect(merged).toMatchObject(more);
    expect(
      merged.QueueConfigurations.map((one: { Id: string; Events: string[] }) => `${one.Id} ${one.Events}`),
    ).toEqual([
      'images s3:ObjectCreated:*',
      'mine s3:ObjectRemoved:*',
      ...RULES.map(({ prefix }) => `lakewright-${prefix.slice(0, -1)} s3:ObjectCreated:*`),
    ]);
  });

  test('statements of a queue policy', async () => {
    const other = {
      Sid: 'other',
      Effect: 'Allow',
      Principal: '*',
      Action: 'sqs:ReceiveMessage',
      Resource: QUEUE,
    };
    const attributes = await document(
      queueIs({ policy: queuePolicy(other) }),
      'queue-policy',
      '--attributes',
    );
    const { Statement } = JSON.parse(attributes.Policy);
    expect(Statement[0]).toEqual(other);
    expect(await faults(queueIs({ policy: JSON.stringify({ Statement }) }))).toEqual([]);
  });

  test('lifecycle rules, and turns off the one that removes segments', async () => {
    const { Rules } = await document(
      lifecycle(...RAW, { prefix: '', days: 9 }),
      'lifecycle',
      '--lifecycle-configuration',
    );
    expect(Rules.map(({ ID, Status }: Record<string, string>) => `${ID} ${Status}`)).toEqual([
      'r0 Enabled',
      'r1 Enabled',
      'r2 Enabled',
      'r3 Enabled',
      'r4 Disabled',
    ]);
  });

  test('a trust policy', async () => {
    const trust = queuePolicy({
      Effect: 'Allow',
      Principal: { Service: 'ec2.amazonaws.com' },
      Action: 'sts:AssumeRole',
    });
    const { Statement } = await document(roleIs({ trust }), 'task-role-trust', '--policy-document');
    expect(Statement.map((one: { Principal: unknown }) => one.Principal)).toEqual([
      { Service: 'ec2.amazonaws.com' },
      { Service: 'ecs-tasks.amazonaws.com' },
    ]);
  });
});

describe('parameters', () => {
  test.each<[Record<string, string>, RegExp]>([
    [{ ExistingBuketArn: BUCKET }, /there is no parameter ExistingBuketArn/],
    [{ ExistingBucketArn: 'acme-telemetry' }, /ExistingBucketArn cannot be "acme-telemetry"/],
    [{ VPCId: 'subnet-1' }, /VPCId cannot be/],
    [{ CreateRDS: 'no' }, /CreateRDS cannot be "no"/],
  ])('%j is refused', async (parameters, message) => {
    const refused = await faults({}, parameters).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(BadInputError);
    expect((refused as BadInputError).message).toMatch(message);
  });

  test('the nearest name is told', async () => {
    const refused = await faults({}, { ExistingBuketArn: BUCKET }).catch((error: unknown) => error);
    expect((refused as BadInputError).hint).toBe('did you mean ExistingBucketArn?');
  });

  test('what a switch needs, and what it leaves unused', async () => {
    expect(await faults({}, { ExistingQueueArn: '', ExistingQueueUrl: '' })).toEqual([
      'problem parameters: is not said',
      'problem parameters: is not said',
    ]);
    expect(await faults({}, { CreateS3Storage: 'Yes' })).toEqual(['warning parameters: is not No']);
  });

  test('those of the template that makes the data plane', async () => {
    const { VPCId, PrivateSubnet1Id, PrivateSubnet2Id, PublicSubnet1Id, PublicSubnet2Id, ...others } =
      PARAMETERS;
    const parameters = {
      ...others,
      VpcId: VPCId,
      PrivateSubnets: `${PrivateSubnet1Id},${PrivateSubnet2Id}`,
      PublicSubnets: `${PublicSubnet1Id},${PublicSubnet2Id}`,
    };
    const report = await byoCheck(account(), parameters, 'lakerunner');
    expect(report.findings.filter(({ level }) => level !== 'ok')).toEqual([]);
  });

  test('a VPC alone is enough to be looked at', async () => {
    const report = await byoCheck(
      account(),
      { VPCId: 'vpc-1', PrivateSubnets: 'subnet-1,subnet-2' },
      'lakerunner',
    );
    expect([...new Set(report.findings.map(({ check }) => check))]).toEqual(['vpc', 'subnets', 'routes']);
  });

  test('what is of another account', async () => {
    expect(await faults({}, { ExistingTaskRoleArn: 'arn:aws:iam::999999999999:role/lake' })).toContain(
      `problem parameters: is of the account 999999999999, and the install of ${ACCOUNT}`,
    );
  });
});

test.each([
  [['aws', 's3api', '--bucket', 'a-b.c'], 'aws s3api --bucket a-b.c'],
  [['aws', '{"a":"it\'s"}', ''], `aws '{"a":"it'\\''s"}' ''`],
])('shellText(%j)', (words, text) => {
  expect(shellText(words)).toBe(text);
});
