import type { PortRule, SecurityGroupFacts } from '@lakewright/core';
import { blockHolds } from './addresses.ts';
import type { Brought } from './brought.ts';
import type { AccountFacts } from './facts.ts';
import { type Command, type Finding, ofLook, ok, problem, unseen, warning } from './finding.ts';
import type { Place } from './needs.ts';

/** What tasks ask of one another, in their one security group: the query API and the query workers. */
const BETWEEN_TASKS = [7101, 8081] as const;
const HTTPS = 443;
const ANYWHERE = '0.0.0.0/0';

/** That the tasks' own group lets them speak to one another and out. */
export function checkTaskGroup(brought: Brought, facts: AccountFacts): Finding[] {
  const { compute, place } = facts;
  const id = brought.compute?.securityGroupId ?? '';
  if (compute === undefined || id === '') return [];
  const subject = { check: 'task-security-group', where: id };
  return [
    ...ofLook(
      subject,
      compute.groups,
      ([group]) => [
        ...(group.vpcId === brought.network.vpcId || brought.network.vpcId === ''
          ? [ok(subject, `is there, in ${group.vpcId}`)]
          : [
              problem(
                subject,
                `is in ${group.vpcId}, and the install in ${brought.network.vpcId}`,
                'a task takes groups of its own VPC only',
              ),
            ]),
        ...BETWEEN_TASKS.map((port) => selfFinding(group, port, place)),
        ...egressFindings(brought, group, place),
      ],
      () => [
        problem(subject, 'is not there', 'ExistingSecurityGroupId names no group of this account and region'),
      ],
    ),
  ];
}

function selfFinding(group: SecurityGroupFacts, port: number, place: Place): Finding {
  const subject = { check: 'task-security-group', where: group.id };
  const own = group.ingress.some((rule) => covers(rule, port) && rule.groupIds.includes(group.id));
  if (own) return ok(subject, `lets tasks ask each other on ${port}`);
  return problem(
    subject,
    `does not let tasks ask each other on ${port}`,
    'the query API asks its workers, and Grafana the query API',
    {
      commands: [admit(group.id, port, ['--source-group', group.id], place)],
    },
  );
}

function egressFindings(brought: Brought, group: SecurityGroupFacts, place: Place): Finding[] {
  const subject = { check: 'task-security-group', where: group.id };
  const database = brought.database?.port;
  const ports = [HTTPS, ...(database === undefined ? [] : [database])];
  // Rules towards groups and prefix lists may be exactly enough: endpoints and databases have those.
  const closed = ports.filter((port) => !group.egress.some((rule) => covers(rule, port)));
  if (closed.length === 0) {
    const everywhere = (port: number) =>
      group.egress.some((rule) => covers(rule, port) && rule.cidrs.includes(ANYWHERE));
    const some = ports.filter((port) => !everywhere(port));
    return [
      some.length === 0
        ? ok(subject, `lets tasks out on ${ports.join(' and ')}`)
        : warning(
            subject,
            `lets tasks out on ${some.join(' and ')} to some addresses or groups only`,
            'whether what they ask is behind those was not looked at: AWS by 443, or its endpoints, and the database',
          ),
    ];
  }
  const permissions = JSON.stringify(
    closed.map((port) => ({
      IpProtocol: 'tcp',
      FromPort: port,
      ToPort: port,
      IpRanges: [{ CidrIp: ANYWHERE }],
    })),
  );
  return [
    problem(
      subject,
      `does not let tasks out on ${closed.join(' and ')}`,
      'tasks ask AWS over HTTPS, and the database',
      {
        commands: [
          [
            'aws',
            'ec2',
            'authorize-security-group-egress',
            '--region',
            place.region,
            '--group-id',
            group.id,
            '--ip-permissions',
            permissions,
          ],
        ],
      },
    ),
  ];
}

/** That the database's groups let the tasks in: by their group, or by the addresses of their subnets. */
export function checkDatabaseGroups(brought: Brought, facts: AccountFacts): Finding[] {
  const { database, place } = facts;
  if (database?.instance.state !== 'seen' || brought.database === undefined) return [];
  const { id, securityGroupIds } = database.instance.value;
  const subject = { check: 'database-security-group', where: securityGroupIds.join(', ') || id };
  const { port } = brought.database;
  return [
    ...ofLook(
      subject,
      database.groups,
      (groups) => admission(brought, facts, groups, { subject, port, place }),
      () => [problem(subject, 'is not there', `the database ${id} has no security group that could be seen`)],
    ),
  ];
}

function admission(
  brought: Brought,
  facts: AccountFacts,
  groups: readonly SecurityGroupFacts[],
  { subject, port, place }: { subject: { check: string; where: string }; port: number; place: Place },
): Finding[] {
  const rules = groups.flatMap(({ ingress }) => ingress).filter((rule) => covers(rule, port));
  const taskGroup = brought.compute?.securityGroupId;
  if (taskGroup && rules.some(({ groupIds }) => groupIds.includes(taskGroup))) {
    return [ok(subject, `lets the tasks' group ${taskGroup} in on ${port}`)];
  }
  const subnets = facts.network?.subnets;
  if (subnets?.state === 'hidden') return [unseen(subject, subnets)];
  const cidrs = (subnets?.state === 'seen' ? subnets.value : [])
    .filter(({ id }) => brought.network.privateSubnetIds.includes(id))
    .map(({ cidr }) => cidr);
  const blocks = rules.flatMap((rule) => rule.cidrs);
  const closed = cidrs.filter((cidr) => !blocks.some((block) => blockHolds(block, cidr)));
  const open = blocks.includes(ANYWHERE)
    ? [
        warning(
          subject,
          `lets everybody in on ${port}`,
          'the rule for 0.0.0.0/0 is wider than the tasks need',
        ),
      ]
    : [];
  if (cidrs.length > 0 && closed.length === 0) {
    return [ok(subject, `lets the private subnets in on ${port}`), ...open];
  }
  if (rules.some(({ prefixListIds }) => prefixListIds.length > 0)) {
    return [
      warning(
        subject,
        `may let the tasks in on ${port}`,
        'a rule names a prefix list, whose addresses were not looked at',
      ),
    ];
  }
  const target = groups[0].id;
  const sources = taskGroup ? [['--source-group', taskGroup]] : closed.map((cidr) => ['--cidr', cidr]);
  return [
    problem(
      subject,
      `does not let the tasks in on ${port}`,
      taskGroup
        ? `neither the group ${taskGroup} nor all private subnets are in its rules`
        : "the tasks' group is made by the install and cannot be in its rules yet, and not all private subnets are",
      { commands: sources.map((source) => admit(target, port, source, place)) },
    ),
  ];
}

function covers({ protocol, fromPort, toPort }: PortRule, port: number): boolean {
  if (protocol === '-1') return true;
  if (protocol !== 'tcp' && protocol !== '6') return false;
  return (fromPort ?? 0) <= port && port <= (toPort ?? 65_535);
}

function admit(groupId: string, port: number, source: readonly string[], { region }: Place): Command {
  return [
    'aws',
    'ec2',
    'authorize-security-group-ingress',
    '--region',
    region,
    '--group-id',
    groupId,
    '--protocol',
    'tcp',
    '--port',
    String(port),
    ...source,
  ];
}
