import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lakewright } from '../packages/cli/test/harness.ts';
import { type Moto, startMoto } from './support/moto.ts';
import { NODE, REPOSITORY } from './support/runtime.ts';

const run = promisify(execFile);
const ACCOUNT = '123456789012';
const BUCKET = 'acme-telemetry';
const QUEUE = `arn:aws:sqs:us-east-1:${ACCOUNT}:ingest`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/team/lake`;
/** Each of many commands starts a Python of its own, which takes seconds where others are at work. */
const LONG_MS = 900_000;
const SECRET_TEXT = 'hunter2hunter2';

/*
 * The emulator knows no SimulatePrincipalPolicy: what a role may do is read from its policies here, and IAM's answers
 * are recorded ones in packages/aws. It takes notifications to any queue, and forgets the policy of a
 * queue when another attribute is set: what is shown sets the policy last.
 */
let moto: Moto;
let directory: string;
beforeAll(async () => {
  [moto, directory] = await Promise.all([startMoto(), mkdtemp(join(tmpdir(), 'byo-'))]);
});
afterAll(async () => {
  await moto.stop();
  await rm(directory, { recursive: true });
});

async function aws(...args: string[]): Promise<string> {
  const output = args.includes('--output') ? [] : ['--output', 'text'];
  const { stdout } = await run('aws', [...args, '--endpoint-url', moto.url, ...output], {
    env: { ...process.env, ...moto.env },
  });
  return stdout.trim();
}

interface Report {
  readonly findings: readonly { level: string; check: string; where: string; what: string }[];
}

async function check(parameters: Record<string, string>) {
  const file = join(directory, 'parameters.json');
  const list = Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
    ParameterKey,
    ParameterValue,
  }));
  await writeFile(file, JSON.stringify(list));
  const words = ['aws', 'byo-check', 'lakerunner', '--params', file];
  const [shown, json] = [await lakewright(words, moto.env), await lakewright([...words, '--json'], moto.env)];
  expect(json.code).toBe(shown.code);
  for (const { stdout, stderr } of [shown, json]) expect(stdout + stderr).not.toContain(SECRET_TEXT);
  const { findings } = JSON.parse(json.stdout) as Report;
  const faults = findings
    .filter(({ level }) => level !== 'ok')
    .map(({ level, check, what }) => `${level} ${check}: ${what}`);
  return { code: shown.code, stdout: shown.stdout, findings, faults };
}

/** Runs every command that was shown, as a shell reads it, and nothing else. */
async function follow(shown: string): Promise<number> {
  const commands = [...shown.matchAll(/^ +\$ (aws .*)$/gm)].map(([, command]) => command);
  const script = [`aws() { command aws --endpoint-url ${moto.url} "$@"; }`, 'set -e', ...commands].join('\n');
  await run('bash', ['-c', script], { cwd: directory, env: { ...process.env, ...moto.env } });
  return commands.length;
}

async function network() {
  const vpc = await aws('ec2', 'create-vpc', '--cidr-block', '10.1.0.0/16', '--query', 'Vpc.VpcId');
  const subnet = (zone: string, block: string) =>
    aws(
      'ec2',
      'create-subnet',
      '--vpc-id',
      vpc,
      '--cidr-block',
      block,
      '--availability-zone',
      zone,
      '--query',
      'Subnet.SubnetId',
    );
  const group = (name: string) =>
    aws(
      'ec2',
      'create-security-group',
      '--vpc-id',
      vpc,
      '--group-name',
      name,
      '--description',
      name,
      '--query',
      'GroupId',
    );
  const subnets = [await subnet('us-east-1a', '10.1.1.0/24'), await subnet('us-east-1b', '10.1.2.0/24')];
  return { vpc, subnets, tasks: await group('tasks'), database: await group('database') };
}

/** A NAT gateway as the way out of all subnets that have no routes of their own. */
async function wayOut(vpc: string, subnet: string): Promise<void> {
  const address = await aws('ec2', 'allocate-address', '--domain', 'vpc', '--query', 'AllocationId');
  const words = ['--subnet-id', subnet, '--allocation-id', address, '--query', 'NatGateway.NatGatewayId'];
  const gateway = await aws('ec2', 'create-nat-gateway', ...words);
  const filters = ['--filters', `Name=vpc-id,Values=${vpc}`, '--query', 'RouteTables[0].RouteTableId'];
  const table = await aws('ec2', 'describe-route-tables', ...filters);
  const route = ['--destination-cidr-block', '0.0.0.0/0', '--nat-gateway-id', gateway];
  await aws('ec2', 'create-route', '--route-table-id', table, ...route);
}

async function database(group: string, subnets: readonly string[]): Promise<string> {
  await aws(
    'rds',
    'create-db-subnet-group',
    '--db-subnet-group-name',
    'g',
    '--db-subnet-group-description',
    'g',
    '--subnet-ids',
    ...subnets,
  );
  const words =
    'rds create-db-instance --db-instance-identifier lake --db-instance-class db.t3.medium --engine postgres --engine-version 17.4 --allocated-storage 20 --master-username lake --db-name lakerunner --storage-encrypted --no-publicly-accessible --db-subnet-group-name g';
  await aws(...words.split(' '), '--master-user-password', SECRET_TEXT, '--vpc-security-group-ids', group);
  return aws('rds', 'describe-db-instances', '--query', 'DBInstances[0].Endpoint.Address');
}

describe('an account in which nothing is as it must be', () => {
  let parameters: Record<string, string>;
  beforeAll(async () => {
    const { vpc, subnets, tasks, database: group } = await network();
    const endpoint = await database(group, subnets);
    await aws('s3api', 'create-bucket', '--bucket', BUCKET);
    for (const name of ['ingest', 'images']) await aws('sqs', 'create-queue', '--queue-name', name);
    const images = [
      {
        Id: 'images',
        QueueArn: QUEUE.replace('ingest', 'images'),
        Events: ['s3:ObjectCreated:*'],
        Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'images/' }] } },
      },
    ];
    await aws(
      's3api',
      'put-bucket-notification-configuration',
      '--bucket',
      BUCKET,
      '--notification-configuration',
      JSON.stringify({ QueueConfigurations: images }),
    );
    const rules = [{ ID: 'old', Status: 'Enabled', Filter: { Prefix: 'images/' }, Expiration: { Days: 3 } }];
    await aws(
      's3api',
      'put-bucket-lifecycle-configuration',
      '--bucket',
      BUCKET,
      '--lifecycle-configuration',
      JSON.stringify({ Rules: rules }),
    );
    const secret = await aws(
      'secretsmanager',
      'create-secret',
      '--name',
      'db',
      '--secret-string',
      `{"username":"${SECRET_TEXT}"}`,
      '--query',
      'ARN',
    );
    await writeFile(join(directory, 'secret.json'), `{"username":"lake","password":"${SECRET_TEXT}"}`);
    await aws(
      'iam',
      'create-role',
      '--role-name',
      'lake',
      '--path',
      '/team/',
      '--assume-role-policy-document',
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
    );
    parameters = {
      TemplateBaseUrl: 'https://templates.example.com',
      VPCId: vpc,
      PrivateSubnet1Id: subnets[0],
      PrivateSubnet2Id: subnets[1],
      CreateS3Storage: 'No',
      ExistingBucketArn: `arn:aws:s3:::${BUCKET}`,
      ExistingQueueArn: QUEUE,
      ExistingQueueUrl: `https://sqs.us-east-1.amazonaws.com/${ACCOUNT}/ingest`,
      CreateRDS: 'No',
      ExistingDatabaseEndpoint: endpoint,
      ExistingDatabaseSecretArn: secret,
      CreateECSInfrastructure: 'No',
      ExistingClusterArn: `arn:aws:ecs:us-east-1:${ACCOUNT}:cluster/shared`,
      ExistingSecurityGroupId: tasks,
      ExistingTaskRoleArn: ROLE,
    };
  });

  test(
    'each fault is named, and each fix that is shown mends it',
    async () => {
      const before = await check(parameters);
      expect(before.code).toBe(1);
      const checks = new Set(
        before.findings.filter(({ level }) => level === 'problem').map((finding) => finding.check),
      );
      expect([...checks].sort()).toEqual([
        'cluster',
        'database-secret',
        'database-security-group',
        'notifications',
        'queue-dead-letters',
        'queue-policy',
        'routes',
        'task-role-actions',
        'task-role-trust',
        'task-security-group',
      ]);
      expect(await follow(before.stdout)).toBeGreaterThan(20);

      const after = await check(parameters);
      // That images are to be mirrored is nothing that a command mends.
      expect(after.faults).toEqual(['warning routes: leads nowhere out']);
      expect(after.code).toBe(0);
    },
    LONG_MS,
  );

  test('what was there before the fixes is there after them', async () => {
    const notified = await aws(
      's3api',
      'get-bucket-notification-configuration',
      '--bucket',
      BUCKET,
      '--query',
      'QueueConfigurations[].Id',
    );
    expect(notified.split('\t')).toEqual([
      'images',
      'lakewright-otel-raw',
      'lakewright-logs-raw',
      'lakewright-metrics-raw',
      'lakewright-traces-raw',
    ]);
    const rules = await aws(
      's3api',
      'get-bucket-lifecycle-configuration',
      '--bucket',
      BUCKET,
      '--query',
      'Rules[].ID',
    );
    expect(rules.split('\t')[0]).toBe('old');
    const trusted = await aws(
      'iam',
      'get-role',
      '--role-name',
      'lake',
      '--query',
      'Role.AssumeRolePolicyDocument.Statement[].Principal.Service',
    );
    expect(trusted.split('\t')).toEqual(['ec2.amazonaws.com', 'ecs-tasks.amazonaws.com']);
  });

  test('a role that lacks one action and a queue policy that is wrong are both named, and mended', async () => {
    const policy = JSON.parse(
      await aws(
        'iam',
        'get-role-policy',
        '--role-name',
        'lake',
        '--policy-name',
        'lakewright-storage',
        '--query',
        'PolicyDocument',
        '--output',
        'json',
      ),
    ) as { Statement: { Action: string[] }[] };
    for (const statement of policy.Statement)
      statement.Action = statement.Action.filter((action) => action !== 's3:DeleteObject');
    await aws(
      'iam',
      'put-role-policy',
      '--role-name',
      'lake',
      '--policy-name',
      'lakewright-storage',
      '--policy-document',
      JSON.stringify(policy),
    );
    const wrong = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 's3.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: QUEUE,
          Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:s3:::another' } },
        },
      ],
    };
    await aws(
      'sqs',
      'set-queue-attributes',
      '--queue-url',
      `${moto.url}/${ACCOUNT}/ingest`,
      '--attributes',
      JSON.stringify({ Policy: JSON.stringify(wrong) }),
    );

    const before = await check(parameters);
    expect(before.code).toBe(1);
    expect(before.faults.filter((fault) => fault.startsWith('problem'))).toEqual([
      'problem queue-policy: does not let the bucket send',
      `problem task-role-actions: does not allow s3:DeleteObject on arn:aws:s3:::${BUCKET}/*`,
    ]);
    expect(await follow(before.stdout)).toBe(2);
    expect((await check(parameters)).code).toBe(0);
  });

  test('what is not there is said, part by part', async () => {
    const missing = {
      VPCId: 'vpc-00000001',
      ExistingBucketArn: 'arn:aws:s3:::nobody-has-this',
      ExistingQueueArn: `${QUEUE}-nobody`,
      ExistingDatabaseEndpoint: 'nobody.abc.us-east-1.rds.amazonaws.com',
      ExistingDatabaseSecretArn: `arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:nobody-AbCdEf`,
      ExistingClusterArn: `arn:aws:ecs:us-east-1:${ACCOUNT}:cluster/nobody`,
      ExistingSecurityGroupId: 'sg-00000001',
      ExistingTaskRoleArn: `arn:aws:iam::${ACCOUNT}:role/nobody`,
    };
    const { code, findings } = await check({ ...parameters, ...missing });
    expect(code).toBe(1);
    expect(findings.map(({ level, check, what }) => `${level} ${check}: ${what}`)).toEqual(
      [
        'vpc',
        'bucket',
        'queue',
        'database',
        'database-secret',
        'cluster',
        'task-security-group',
        'task-role',
      ].map((name) => `problem ${name}: is not there`),
    );
  });
});

test(
  'the guide, followed command by command, brings an account that is right',
  async () => {
    const guide = await readFile(join(REPOSITORY, 'docs/aws/bring-your-own.md'), 'utf8');
    const [mine, ...blocks] = [...guide.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text]) => text);
    expect(mine).toContain('VPC=vpc-');
    const { vpc, subnets, database: group } = await network();
    await wayOut(vpc, subnets[0]);
    await aws('rds', 'delete-db-instance', '--db-instance-identifier', 'lake', '--skip-final-snapshot').catch(
      () => '',
    );
    await aws('rds', 'delete-db-subnet-group', '--db-subnet-group-name', 'g').catch(() => '');
    await database(group, subnets);
    const secret = JSON.stringify({ username: 'lake', password: SECRET_TEXT });
    await writeFile(join(directory, 'secret.json'), secret);
    const script = [
      `aws() { command aws --endpoint-url ${moto.url} "$@"; }`,
      `npx() { shift; ${NODE} ${join(REPOSITORY, 'packages/cli/bin/lakewright.js')} "$@"; }`,
      'set -euo pipefail',
      `export AWS_REGION=us-east-1; VPC=${vpc}; SUBNET1=${subnets[0]}; SUBNET2=${subnets[1]}`,
      ...blocks,
    ].join('\n');
    const { stdout } = await run('bash', ['-c', script], {
      cwd: directory,
      env: { ...process.env, ...moto.env },
    });
    expect(stdout).toMatch(/^0 problems, 0 warnings, 0 that could not be looked at, \d+ ok$/m);
    expect(stdout).not.toContain(SECRET_TEXT);
  },
  LONG_MS,
);

test('wrong parameters are refused before anything is asked', async () => {
  const refused = await lakewright(
    ['aws', 'byo-check', 'lakerunner', '--set', 'ExistingBuketArn=x'],
    moto.env,
  );
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/no parameter ExistingBuketArn[\s\S]*did you mean ExistingBucketArn/);
  expect((await lakewright(['aws', 'byo-check', 'lake'], moto.env)).code).toBe(2);
});
