import type { EndpointFacts, Look, RouteTableFacts, SubnetFacts } from '@lakewright/core';
import type { Brought } from './brought.ts';
import type { AccountFacts, NetworkFacts } from './facts.ts';
import { type Command, type Finding, ofLook, ok, problem, type Subject, unseen, warning } from './finding.ts';
import type { Place } from './needs.ts';

/** Addresses that are free for tasks and load balancers: fewer and a deployment of all services runs out. */
const LEAST_FREE_ADDRESSES = 32;

/** What tasks ask of AWS where no route leads out: without one of these they do not start, or do nothing. */
const SERVICES = ['ecr.api', 'ecr.dkr', 'logs', 'secretsmanager', 'ssm', 'sqs'] as const;

/** The VPC and its subnets: that they are there and belong together, and that tasks in them reach AWS. */
export function checkNetwork({ network }: Brought, facts: AccountFacts): Finding[] {
  if (facts.network === undefined) return [];
  const found = facts.network;
  const subject = { check: 'vpc', where: network.vpcId };
  const vpc = ofLook(
    subject,
    found.vpc,
    ({ cidrs }) => [ok(subject, `is there, with ${cidrs.join(', ')}`)],
    () => [problem(subject, 'is not there', 'VPCId names no VPC of this account and region')],
  );
  if (found.vpc.state === 'absent' || network.privateSubnetIds.length === 0) return [...vpc];
  const ids = [...network.privateSubnetIds, ...network.publicSubnetIds];
  const inSubnets = { check: 'subnets', where: ids.join(', ') };
  return [
    ...vpc,
    ...ofLook(
      inSubnets,
      found.subnets,
      (subnets) => [
        ...subnetFindings(network, subnets),
        ...routeFindings(network, found, facts.place),
        ...publicFindings(network, found.routeTables),
      ],
      () => [
        problem(inSubnets, 'are not all there', 'one of these names no subnet of this account and region'),
      ],
    ),
  ];
}

function subnetFindings(network: Brought['network'], subnets: readonly SubnetFacts[]): Finding[] {
  const elsewhere = subnets.filter(({ vpcId }) => vpcId !== network.vpcId);
  const own = subnets.filter(({ id }) => network.privateSubnetIds.includes(id));
  const zones = [...new Set(own.map(({ zone }) => zone))];
  const subject = { check: 'subnets', where: network.privateSubnetIds.join(', ') };
  return [
    ...elsewhere.map(({ id, vpcId }) =>
      problem(
        { check: 'subnets', where: id },
        `is in ${vpcId}, and the install in ${network.vpcId}`,
        'all of an install is in one VPC',
      ),
    ),
    zones.length >= 2
      ? ok(subject, `are in ${zones.join(' and ')}`)
      : problem(subject, `are all in ${zones.join()}`, 'load balancers and databases want two zones'),
    ...own
      .filter(({ freeAddresses }) => freeAddresses < LEAST_FREE_ADDRESSES)
      .map(({ id, freeAddresses }) =>
        warning(
          { check: 'subnets', where: id },
          `has ${freeAddresses} free addresses`,
          'each task takes one, and twice as many while services are renewed',
        ),
      ),
  ];
}

/** The table that a subnet's routes are in: its own, or the VPC's main one. */
function tableOf(tables: readonly RouteTableFacts[], subnetId: string): RouteTableFacts | undefined {
  return tables.find(({ subnetIds }) => subnetIds.includes(subnetId)) ?? tables.find(({ main }) => main);
}

function wayOut(table: RouteTableFacts | undefined): string | undefined {
  return table?.routes.find(({ destination, active }) => destination === '0.0.0.0/0' && active)?.target;
}

function routeFindings(network: Brought['network'], found: NetworkFacts, place: Place): Finding[] {
  const subject = { check: 'routes', where: network.privateSubnetIds.join(', ') };
  if (found.routeTables.state === 'hidden') return [unseen(subject, found.routeTables)];
  const tables = found.routeTables.state === 'seen' ? found.routeTables.value : [];
  const isolated: string[] = [];
  const findings: Finding[] = [];
  for (const id of network.privateSubnetIds) {
    const where = { check: 'routes', where: id };
    const target = wayOut(tableOf(tables, id));
    if (target === undefined) isolated.push(id);
    else if (target.startsWith('igw-')) {
      findings.push(
        problem(
          where,
          `leads out by the internet gateway ${target}`,
          'tasks have no public address, so that nothing comes back to them: a private subnet leads to a NAT gateway',
          {
            note: 'bring a subnet whose route for 0.0.0.0/0 is a NAT gateway',
            commands: [],
          },
        ),
      );
    } else findings.push(ok(where, `leads out by ${target}`));
  }
  return isolated.length === 0
    ? findings
    : [
        ...findings,
        ...isolatedFindings(network, { ids: isolated, tables, endpoints: found.endpoints, place }),
      ];
}

function isolatedFindings(
  network: Brought['network'],
  means: {
    ids: readonly string[];
    tables: readonly RouteTableFacts[];
    endpoints: Look<readonly EndpointFacts[]>;
    place: Place;
  },
): Finding[] {
  const { ids, tables, endpoints, place } = means;
  const subject = { check: 'routes', where: ids.join(', ') };
  return [
    warning(
      subject,
      'leads nowhere out',
      'images must be in a private ECR repository of this region: the public registry is not to be reached',
    ),
    ...ofLook(
      subject,
      endpoints,
      (all) => endpointFindings({ subject, network, tables, ids, place }, all),
      () => [],
    ),
  ];
}

function endpointFindings(
  means: {
    subject: Subject;
    network: Brought['network'];
    tables: readonly RouteTableFacts[];
    ids: readonly string[];
    place: Place;
  },
  endpoints: readonly EndpointFacts[],
): Finding[] {
  const { subject, network, tables, ids, place } = means;
  const service = (name: string) => `com.amazonaws.${place.region}.${name}`;
  const there = (name: string) =>
    endpoints.filter((entry) => entry.service === service(name) && entry.available);
  const missing = SERVICES.filter((name) => !there(name).some(({ privateDns }) => privateDns));
  const tableIds = [...new Set(ids.map((id) => tableOf(tables, id)?.id ?? ''))].filter((id) => id !== '');
  const toS3 = tableIds.filter((id) => !there('s3').some(({ routeTableIds }) => routeTableIds.includes(id)));
  const create = (name: string, more: readonly string[]): Command => [
    'aws',
    'ec2',
    'create-vpc-endpoint',
    '--region',
    place.region,
    '--vpc-id',
    network.vpcId,
    '--service-name',
    service(name),
    ...more,
  ];
  const interfaceCommands = missing.map((name) =>
    create(name, [
      '--vpc-endpoint-type',
      'Interface',
      '--subnet-ids',
      ...network.privateSubnetIds,
      '--private-dns-enabled',
    ]),
  );
  return [
    ...(toS3.length === 0
      ? [ok(subject, 'reaches S3 by an endpoint')]
      : [
          problem(subject, 'does not reach S3', 'neither a route nor a gateway endpoint leads there', {
            commands: [create('s3', ['--vpc-endpoint-type', 'Gateway', '--route-table-ids', ...toS3])],
          }),
        ]),
    ...(missing.length === 0
      ? [ok(subject, `reaches ${SERVICES.join(', ')} by endpoints`)]
      : [
          problem(
            subject,
            `does not reach ${missing.join(', ')}`,
            'neither a route nor an endpoint with private DNS leads there',
            {
              note: "the endpoints' security group must let the VPC in on 443",
              commands: interfaceCommands,
            },
          ),
        ]),
  ];
}

function publicFindings(
  network: Brought['network'],
  routeTables: Look<readonly RouteTableFacts[]>,
): Finding[] {
  if (routeTables.state !== 'seen') return [];
  return network.publicSubnetIds.map((id) => {
    const target = wayOut(tableOf(routeTables.value, id)) ?? '';
    const subject = { check: 'routes', where: id };
    if (target.startsWith('igw-')) return ok(subject, `is public, by ${target}`);
    return problem(
      subject,
      'is said to be public, and leads to no internet gateway',
      'a load balancer for the internet could not be reached in it',
    );
  });
}
