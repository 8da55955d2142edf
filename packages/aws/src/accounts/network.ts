import {
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  type EC2Client,
  type IpPermission,
  type Route,
  type RouteTable,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2';
import { DescribeClustersCommand, type ECSClient } from '@aws-sdk/client-ecs';
import type {
  ClusterFacts,
  EndpointFacts,
  Look,
  PortRule,
  RouteFacts,
  RouteTableFacts,
  SecurityGroupFacts,
  SubnetFacts,
} from '@lakewright/core';
import { look, pages } from './look.ts';

const deed = (what: string, action: string) => ({ what: `look at ${what}`, action, resource: '*' });
const inVpc = (vpcId: string) => [{ Name: 'vpc-id', Values: [vpcId] }];

export function readVpc(client: EC2Client, id: string): Promise<Look<{ cidrs: readonly string[] }>> {
  return look(deed(`the VPC ${id}`, 'ec2:DescribeVpcs'), async () => {
    const { Vpcs } = await client.send(new DescribeVpcsCommand({ VpcIds: [id] }));
    const [vpc] = Vpcs ?? [];
    return vpc && { cidrs: vpc.CidrBlockAssociationSet?.flatMap(({ CidrBlock }) => CidrBlock ?? []) ?? [] };
  });
}

export function readSubnets(client: EC2Client, ids: readonly string[]): Promise<Look<SubnetFacts[]>> {
  return look(deed(`the subnets ${ids.join(', ')}`, 'ec2:DescribeSubnets'), async () => {
    const { Subnets } = await client.send(new DescribeSubnetsCommand({ SubnetIds: [...ids] }));
    return Subnets?.map((subnet) => ({
      id: subnet.SubnetId ?? '',
      vpcId: subnet.VpcId ?? '',
      zone: subnet.AvailabilityZone ?? '',
      cidr: subnet.CidrBlock ?? '',
      freeAddresses: subnet.AvailableIpAddressCount ?? 0,
    }));
  });
}

export function readRouteTables(client: EC2Client, vpcId: string): Promise<Look<RouteTableFacts[]>> {
  return look(deed(`the route tables of ${vpcId}`, 'ec2:DescribeRouteTables'), async () => {
    const tables = await pages(
      (NextToken) => client.send(new DescribeRouteTablesCommand({ Filters: inVpc(vpcId), NextToken })),
      (page) => page.NextToken,
      (page) => page.RouteTables,
    );
    return tables.map(routeTable);
  });
}

export function readEndpoints(client: EC2Client, vpcId: string): Promise<Look<EndpointFacts[]>> {
  return look(deed(`the endpoints of ${vpcId}`, 'ec2:DescribeVpcEndpoints'), async () => {
    const endpoints = await pages(
      (NextToken) => client.send(new DescribeVpcEndpointsCommand({ Filters: inVpc(vpcId), NextToken })),
      (page) => page.NextToken,
      (page) => page.VpcEndpoints,
    );
    return endpoints.map(endpoint);
  });
}

export function readSecurityGroups(
  client: EC2Client,
  ids: readonly string[],
): Promise<Look<SecurityGroupFacts[]>> {
  return look(deed(`the security groups ${ids.join(', ')}`, 'ec2:DescribeSecurityGroups'), async () => {
    const { SecurityGroups } = await client.send(new DescribeSecurityGroupsCommand({ GroupIds: [...ids] }));
    return SecurityGroups?.map((group) => ({
      id: group.GroupId ?? '',
      vpcId: group.VpcId ?? '',
      ingress: (group.IpPermissions ?? []).map(portRule),
      egress: (group.IpPermissionsEgress ?? []).map(portRule),
    }));
  });
}

export function readCluster(client: ECSClient, arn: string): Promise<Look<ClusterFacts>> {
  return look(
    { what: `look at the cluster ${arn}`, action: 'ecs:DescribeClusters', resource: arn },
    async () => {
      const { clusters } = await client.send(new DescribeClustersCommand({ clusters: [arn] }));
      const [cluster] = clusters ?? [];
      return (
        cluster && {
          arn: cluster.clusterArn ?? arn,
          status: cluster.status ?? '',
          capacityProviders: cluster.capacityProviders ?? [],
        }
      );
    },
  );
}

function routeTable({ RouteTableId = '', Associations = [], Routes = [] }: RouteTable): RouteTableFacts {
  return {
    id: RouteTableId,
    main: Associations.some(({ Main }) => Main),
    subnetIds: Associations.flatMap(({ SubnetId }) => SubnetId ?? []),
    routes: Routes.map(routeOf),
  };
}

function routeOf(route: Route): RouteFacts {
  const target =
    route.NatGatewayId ??
    route.TransitGatewayId ??
    route.VpcPeeringConnectionId ??
    route.EgressOnlyInternetGatewayId ??
    route.NetworkInterfaceId ??
    route.LocalGatewayId ??
    route.CarrierGatewayId ??
    route.CoreNetworkArn ??
    route.GatewayId;
  return {
    destination:
      route.DestinationCidrBlock ?? route.DestinationIpv6CidrBlock ?? route.DestinationPrefixListId ?? '',
    target: target ?? '',
    active: route.State !== 'blackhole',
  };
}

function endpoint(said: VpcEndpoint): EndpointFacts {
  return {
    id: said.VpcEndpointId ?? '',
    service: said.ServiceName ?? '',
    type: said.VpcEndpointType ?? '',
    available: said.State?.toLowerCase() === 'available',
    privateDns: said.PrivateDnsEnabled ?? false,
    routeTableIds: said.RouteTableIds ?? [],
    subnetIds: said.SubnetIds ?? [],
    securityGroupIds: said.Groups?.flatMap(({ GroupId }) => GroupId ?? []) ?? [],
  };
}

function portRule(permission: IpPermission): PortRule {
  const {
    IpProtocol = '-1',
    FromPort,
    ToPort,
    IpRanges = [],
    UserIdGroupPairs = [],
    PrefixListIds = [],
  } = permission;
  return {
    protocol: IpProtocol,
    fromPort: FromPort === -1 ? undefined : FromPort,
    toPort: ToPort === -1 ? undefined : ToPort,
    cidrs: IpRanges.flatMap(({ CidrIp }) => CidrIp ?? []),
    groupIds: UserIdGroupPairs.flatMap(({ GroupId }) => GroupId ?? []),
    prefixListIds: PrefixListIds.flatMap(({ PrefixListId }) => PrefixListId ?? []),
  };
}
