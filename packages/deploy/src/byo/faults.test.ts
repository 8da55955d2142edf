import { describe, expect, test } from 'vitest';
import {
  ACCOUNT,
  absent,
  KEY,
  queuePolicy,
  role,
  routeTables,
  rule,
  seen,
  subnets,
} from '../../test/account.ts';
import { type Changes, databaseIs, faults, groups, roleIs, secretIs } from '../../test/faults.ts';

describe('what is wrong is named', () => {
  test.each<[string, Changes, (string | RegExp)[]]>([
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
    ['a stopped database', databaseIs({ status: 'stopped' }), ['problem database: is stopped']],
    ['a database at work', databaseIs({ status: 'modifying' }), ['warning database: is modifying']],
    ['a database that is saved', databaseIs({ status: 'backing-up' }), []],
    [
      'a cluster without instances',
      databaseIs({ kind: 'cluster', status: 'without an instance' }),
      ['problem database: is without an instance'],
    ],
    ['no encryption', databaseIs({ encrypted: false }), ['warning database: is not encrypted']],
    [
      'a secret of which the ARN is not whole',
      secretIs(seen({ isObject: true, fields: ['username', 'password'] }), { arn: 'arn:whole' }),
      ['problem database-secret: is not the whole ARN of the secret'],
    ],
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
      'a way out to some addresses',
      groups({
        id: 'sg-1',
        egress: [
          rule({ fromPort: 443, toPort: 443, cidrs: ['10.0.0.0/8'] }),
          rule({ fromPort: 5432, toPort: 5432, groupIds: ['sg-9'] }),
        ],
      }),
      ['warning task-security-group: lets tasks out on 443 and 5432 to some addresses or groups only'],
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
});
