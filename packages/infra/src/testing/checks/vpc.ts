import {
  type Check,
  type Deployment,
  type Finding,
  finding,
  listAt,
  type Placed,
  resourcesOf,
  textAt,
  textsAt,
} from '../deployment.ts';
import { SecurityGroups } from '../security-groups.ts';

/** What tasks ask of AWS; where no NAT gateway leads there, an endpoint of the VPC does. */
const ASKED = [
  ...[
    'ecr.api',
    'ecr.dkr',
    'ecs',
    'ecs-agent',
    'ecs-telemetry',
    'logs',
    's3',
    'secretsmanager',
    'sqs',
    'ssm',
  ],
  ...['ssmmessages', 'sts'],
];

type Way = 'internet' | 'nat' | 'nowhere' | 'undecided';

/** Public subnets lead to the internet, private ones to a NAT gateway or to endpoints of all that tasks ask. */
export const subnetsLeadSomewhere: Check = (deployment) => {
  const endpoints = resourcesOf(deployment, 'AWS::EC2::VPCEndpoint');
  return resourcesOf(deployment, 'AWS::EC2::Subnet').flatMap((subnet) => {
    const way = wayOf(subnet, deployment);
    const tier = tierOf(subnet);
    if (way === 'undecided') return [finding(subnet, 'is associated with no route table that is made here')];
    if (textAt(subnet.properties, 'MapPublicIpOnLaunch') === 'true')
      return [finding(subnet, 'gives public addresses')];
    if (tier === 'Public')
      return way === 'internet' ? [] : [finding(subnet, `is public, and leads to ${way}`)];
    if (way === 'internet') return [finding(subnet, 'is private, and leads to the internet')];
    const served = endpoints.filter((endpoint) => serves(endpoint, subnet, deployment)).map(serviceOf);
    const missing = way === 'nat' ? [] : ASKED.filter((service) => !served.includes(service));
    return missing.map((service) =>
      finding(subnet, `leads to no ${service}: neither NAT gateway nor endpoint`),
    );
  });
};

/** NAT gateways are in subnets that lead to the internet. */
export const gatewaysLeadOut: Check = (deployment) =>
  resourcesOf(deployment, 'AWS::EC2::NatGateway').flatMap((gateway) => {
    const subnet = resourcesOf(deployment, 'AWS::EC2::Subnet').find(
      ({ ref }) => ref === textAt(gateway.properties, 'SubnetId'),
    );
    const out = subnet !== undefined && wayOf(subnet, deployment) === 'internet';
    return out ? [] : [finding(gateway, 'is in a subnet that does not lead to the internet')];
  });

/**
 * What is on the internet is made after the gateway is attached, and goes before it: EC2 refuses routes, NAT gateways and
 * addresses of a VPC otherwise.
 */
export const madeAfterAttachment: Check = (deployment) =>
  resourcesOf(deployment, 'AWS::EC2::Route', 'AWS::EC2::NatGateway', 'AWS::EC2::EIP').flatMap((resource) => {
    if (resource.type === 'AWS::EC2::Route' && textAt(resource.properties, 'GatewayId') === '') return [];
    return resourcesOf(deployment, 'AWS::EC2::VPCGatewayAttachment')
      .filter(({ of, id }) => of === resource.of && !resource.after.includes(id))
      .map(({ id }) => finding(resource, `is not made after ${id}: DependsOn`));
  });

/** Subnets of a tier are in two zones, and no two have an address in common. */
export const subnetsApart: Check = (deployment) => {
  const subnets = resourcesOf(deployment, 'AWS::EC2::Subnet');
  const faults: Finding[] = [];
  for (const [tier, own] of Map.groupBy(subnets, (subnet) => `${subnet.file} ${tierOf(subnet)}`)) {
    const zones = new Set(own.map(({ properties }) => textAt(properties, 'AvailabilityZone')));
    if (zones.size < 2 || zones.has('')) faults.push(finding(own[0], `its tier is in one zone (${tier})`));
  }
  const blocks = subnets.map(({ properties }) => textAt(properties, 'CidrBlock'));
  return [
    ...faults,
    ...subnets
      .filter((_, index) => blocks.indexOf(blocks[index]) !== index)
      .map((subnet) => finding(subnet, 'has the addresses of another')),
  ];
};

/** Names of endpoints and of tasks are answered within the VPC. */
export const namesAreAnswered: Check = (deployment) =>
  resourcesOf(deployment, 'AWS::EC2::VPC').flatMap((vpc) =>
    ['EnableDnsHostnames', 'EnableDnsSupport']
      .filter((name) => textAt(vpc.properties, name) !== 'true')
      .map((name) => finding(vpc, `is without ${name}`)),
  );

/** `Public` or `Private`, by the tag Type. */
function tierOf({ properties }: Placed): string {
  const tag = listAt(properties, 'Tags').find((each) => textAt(each, 'Key') === 'Type');
  return textAt(tag, 'Value') || 'Private';
}

/** The route table of a subnet. */
function tableOf(subnet: Placed, deployment: Deployment): string {
  const association = resourcesOf(deployment, 'AWS::EC2::SubnetRouteTableAssociation').find(
    ({ properties }) => textAt(properties, 'SubnetId') === subnet.ref,
  );
  return textAt(association?.properties, 'RouteTableId');
}

function wayOf(subnet: Placed, deployment: Deployment): Way {
  const table = tableOf(subnet, deployment);
  if (table === '') return 'undecided';
  const route = resourcesOf(deployment, 'AWS::EC2::Route').find(
    ({ properties }) =>
      textAt(properties, 'RouteTableId') === table &&
      textAt(properties, 'DestinationCidrBlock') === '0.0.0.0/0',
  );
  if (route === undefined) return 'nowhere';
  return textAt(route.properties, 'NatGatewayId') === '' ? 'internet' : 'nat';
}

/** `logs` of `com.amazonaws.us-east-1.logs`. */
function serviceOf({ properties }: Placed): string {
  return textAt(properties, 'ServiceName').split('.').slice(3).join('.');
}

/** Whether a task in the subnet reaches the endpoint by the service's usual name. */
function serves({ properties }: Placed, subnet: Placed, deployment: Deployment): boolean {
  if (textAt(properties, 'VpcEndpointType') !== 'Interface') {
    return textsAt(properties, 'RouteTableIds').includes(tableOf(subnet, deployment));
  }
  const groups = new SecurityGroups(deployment);
  return (
    textAt(properties, 'PrivateDnsEnabled') === 'true' &&
    textsAt(properties, 'SubnetIds').includes(subnet.ref ?? '') &&
    groups.admitsAddresses(textsAt(properties, 'SecurityGroupIds'), 443)
  );
}
