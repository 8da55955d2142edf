import { type AccountReader, BadInputError } from '@lakewright/core';
import { describe, expect, test } from 'vitest';
import {
  ACCOUNT,
  account,
  allowed,
  BUCKET,
  hidden,
  notifications,
  PARAMETERS,
  QUEUE,
  queuePolicy,
  RULES,
  seen,
} from '../../test/account.ts';
import {
  bucketIs,
  type Changes,
  faults,
  findings,
  lifecycle,
  queueIs,
  RAW,
  roleIs,
} from '../../test/faults.ts';
import { byoCheck, shellText } from '../index.ts';

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

describe('what a role may do', () => {
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
    expect(await faults({}, { CreateS3Storage: 'Yes' })).toEqual(['problem parameters: is not No']);
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

  test('stack by stack a role need not be brought, and has another name', async () => {
    const { VPCId, ExistingTaskRoleArn, ...others } = PARAMETERS;
    const checks = async (more: Record<string, string>) => {
      const { findings: found } = await byoCheck(account(), { ...others, ...more }, 'lakerunner');
      expect(found.filter(({ level }) => level !== 'ok')).toEqual([]);
      return found.map(({ check }) => check);
    };
    expect(await checks({ VpcId: VPCId })).not.toContain('task-role');
    expect(await checks({ VpcId: VPCId, TaskRoleArn: ExistingTaskRoleArn })).toContain('task-role');
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
