import {
  CfnEIP,
  CfnInternetGateway,
  CfnNatGateway,
  CfnRoute,
  CfnRouteTable,
  CfnSecurityGroup,
  CfnSubnet,
  CfnSubnetRouteTableAssociation,
  CfnVPC,
  CfnVPCEndpoint,
  CfnVPCGatewayAttachment,
} from 'aws-cdk-lib/aws-ec2';
import { Aws, CfnCondition, type CfnParameter, Fn } from 'aws-cdk-lib/core';
import { TemplateStack } from '../template-stack.ts';

/** Interface endpoints by logical id, and the service each is for. */
const ENDPOINTS = {
  SecretsManagerEndpoint: 'secretsmanager',
  LogsEndpoint: 'logs',
  EcsEndpoint: 'ecs',
  EcrApiEndpoint: 'ecr.api',
  EcrDkrEndpoint: 'ecr.dkr',
} as const;

/** What tasks need of AWS besides, where no NAT gateway leads there. */
const ISOLATED_ENDPOINTS = {
  EcsAgentEndpoint: 'ecs-agent',
  EcsTelemetryEndpoint: 'ecs-telemetry',
  SsmEndpoint: 'ssm',
  SsmMessagesEndpoint: 'ssmmessages',
  SqsEndpoint: 'sqs',
  StsEndpoint: 'sts',
} as const;

/** A /24 for each subnet of a /16; a smaller VPC is cut into as many parts of 256 addresses. */
const SUBNETS = 4;
const HOST_BITS = '8';

/** Where a lake's tasks run: two private and two public subnets, one NAT gateway, and endpoints of what AWS is asked for. */
export class VpcStack extends TemplateStack {
  readonly #environmentName: CfnParameter;

  constructor() {
    super('Lakerunner VPC: private and public subnets in two zones, one NAT gateway, VPC endpoints.');
    this.#environmentName = this.parameter('EnvironmentName', {
      label: 'Environment name',
      type: 'String',
      default: 'lakerunner',
      description: 'Goes before the names of what is created.',
      allowedPattern: '^[a-zA-Z][a-zA-Z0-9-]{0,63}$',
      constraintDescription: 'starts with a letter; letters, digits and hyphens, 64 at most',
    });
    const cidr = this.parameter('VpcCidr', {
      label: 'CIDR block',
      type: 'String',
      default: '10.0.0.0/16',
      description: 'Addresses of the VPC, /16 to /22; each of four subnets gets 256 of them.',
      allowedPattern: '^(\\d{1,3}\\.){3}\\d{1,3}/(1[6-9]|2[0-2])$',
      constraintDescription: 'an IPv4 CIDR block from /16 to /22, such as 10.0.0.0/16',
    });
    const nat = this.parameter('CreateNatGateway', {
      label: 'NAT gateway',
      type: 'String',
      default: 'Yes',
      allowedValues: ['Yes', 'No'],
      description:
        'Yes: private subnets reach the internet. No: nothing does, and every image must be in a private ECR repository of this region.',
    });
    this.groups([{ label: 'Network', parameters: ['EnvironmentName', 'VpcCidr', 'CreateNatGateway'] }]);
    const withNat = new CfnCondition(this, 'HasNatGateway', {
      expression: Fn.conditionEquals(nat.valueAsString, 'Yes'),
    });
    const withoutNat = new CfnCondition(this, 'HasNoNatGateway', { expression: Fn.conditionNot(withNat) });

    const vpc = new CfnVPC(this, 'VPC', {
      cidrBlock: cidr.valueAsString,
      enableDnsHostnames: true,
      enableDnsSupport: true,
      tags: this.#name('vpc'),
    });
    const cidrs = Fn.cidr(vpc.attrCidrBlock, SUBNETS, HOST_BITS);
    const publicSubnets = [0, 1].map((index) => this.#subnet('Public', index, vpc, Fn.select(index, cidrs)));
    const privateSubnets = [0, 1].map((index) =>
      this.#subnet('Private', index, vpc, Fn.select(index + 2, cidrs)),
    );
    const { gateway, attachment } = this.#publicRoutes(vpc, publicSubnets);
    const { table, natGateway } = this.#privateRoutes({
      ...{ vpc, attachment, condition: withNat },
      subnets: privateSubnets,
      natSubnet: publicSubnets[0],
    });
    const endpointGroup = this.#endpoints({ vpc, cidr, table, privateSubnets, withoutNat });

    this.output('VpcId', vpc.ref, { description: 'VPC id' });
    this.output('VpcCidr', vpc.attrCidrBlock, { description: 'Addresses of the VPC' });
    this.output('PublicSubnets', joined(publicSubnets), {
      description: 'Public subnet ids, comma-separated',
    });
    this.output('PrivateSubnets', joined(privateSubnets), {
      description: 'Private subnet ids, comma-separated',
    });
    for (const subnet of [...publicSubnets, ...privateSubnets]) {
      this.output(subnet.node.id, subnet.ref, { description: 'One of the subnets' });
    }
    this.output('InternetGatewayId', gateway.ref, { description: 'Internet gateway' });
    this.output('NatGatewayId', natGateway.ref, { description: 'NAT gateway', condition: withNat });
    // Lakerunner's guides name it in one way, and its stacks export it in another.
    for (const name of ['VPCEndpointSecurityGroupId', 'VPCEndpointSGId']) {
      this.output(name, endpointGroup.attrGroupId, { description: 'Security group of the VPC endpoints' });
    }
  }

  #name(suffix: string) {
    return [{ key: 'Name', value: Fn.sub(`\${${this.#environmentName.logicalId}}-${suffix}`) }];
  }

  #subnet(tier: 'Public' | 'Private', index: number, vpc: CfnVPC, cidrBlock: string): CfnSubnet {
    return new CfnSubnet(this, `${tier}Subnet${index + 1}`, {
      vpcId: vpc.ref,
      cidrBlock,
      availabilityZone: Fn.select(index, Fn.getAzs()),
      // Nothing of a lake has a public address; what is placed here, the load balancer, asks for its own.
      mapPublicIpOnLaunch: false,
      tags: [...this.#name(`${tier.toLowerCase()}-${index + 1}`), { key: 'Type', value: tier }],
    });
  }

  #publicRoutes(
    vpc: CfnVPC,
    subnets: readonly CfnSubnet[],
  ): { gateway: CfnInternetGateway; attachment: CfnVPCGatewayAttachment } {
    const gateway = new CfnInternetGateway(this, 'InternetGateway', { tags: this.#name('igw') });
    const attachment = new CfnVPCGatewayAttachment(this, 'VPCGatewayAttachment', {
      vpcId: vpc.ref,
      internetGatewayId: gateway.ref,
    });
    const table = new CfnRouteTable(this, 'PublicRouteTable', { vpcId: vpc.ref, tags: this.#name('public') });
    const route = new CfnRoute(this, 'PublicRoute', {
      routeTableId: table.ref,
      destinationCidrBlock: '0.0.0.0/0',
      gatewayId: gateway.ref,
    });
    route.addResourceDependency(attachment);
    this.#associate('Public', subnets, table);
    return { gateway, attachment };
  }

  #privateRoutes(means: {
    vpc: CfnVPC;
    attachment: CfnVPCGatewayAttachment;
    subnets: readonly CfnSubnet[];
    natSubnet: CfnSubnet;
    condition: CfnCondition;
  }): { table: CfnRouteTable; natGateway: CfnNatGateway } {
    const { vpc, attachment, subnets, natSubnet, condition } = means;
    const table = new CfnRouteTable(this, 'PrivateRouteTable', {
      vpcId: vpc.ref,
      tags: this.#name('private'),
    });
    const address = new CfnEIP(this, 'NatEIP', { domain: 'vpc', tags: this.#name('nat') });
    const natGateway = new CfnNatGateway(this, 'NatGateway', {
      allocationId: address.attrAllocationId,
      subnetId: natSubnet.ref,
      tags: this.#name('nat'),
    });
    const route = new CfnRoute(this, 'PrivateRoute', {
      routeTableId: table.ref,
      destinationCidrBlock: '0.0.0.0/0',
      natGatewayId: natGateway.ref,
    });
    // EC2 makes neither in a VPC without internet gateway, nor lets the gateway go while they are there.
    for (const resource of [address, natGateway]) resource.addResourceDependency(attachment);
    for (const resource of [address, natGateway, route]) resource.cfnOptions.condition = condition;
    this.#associate('Private', subnets, table);
    return { table, natGateway };
  }

  #associate(tier: 'Public' | 'Private', subnets: readonly CfnSubnet[], table: CfnRouteTable): void {
    for (const [index, subnet] of subnets.entries()) {
      new CfnSubnetRouteTableAssociation(this, `${tier}Subnet${index + 1}RouteTableAssociation`, {
        subnetId: subnet.ref,
        routeTableId: table.ref,
      });
    }
  }

  #endpoints(means: {
    vpc: CfnVPC;
    cidr: CfnParameter;
    table: CfnRouteTable;
    privateSubnets: readonly CfnSubnet[];
    withoutNat: CfnCondition;
  }): CfnSecurityGroup {
    const { vpc, cidr, table, privateSubnets, withoutNat } = means;
    const group = new CfnSecurityGroup(this, 'VPCEndpointSecurityGroup', {
      groupDescription: 'VPC endpoints: HTTPS from inside the VPC',
      vpcId: vpc.ref,
      securityGroupIngress: [
        {
          ipProtocol: 'tcp',
          fromPort: 443,
          toPort: 443,
          cidrIp: cidr.valueAsString,
          description: 'HTTPS from the VPC',
        },
      ],
      tags: this.#name('endpoints'),
    });
    new CfnVPCEndpoint(this, 'S3GatewayEndpoint', {
      vpcId: vpc.ref,
      vpcEndpointType: 'Gateway',
      serviceName: `com.amazonaws.${Aws.REGION}.s3`,
      routeTableIds: [table.ref],
    });
    for (const [id, service] of Object.entries({ ...ENDPOINTS, ...ISOLATED_ENDPOINTS })) {
      const endpoint = new CfnVPCEndpoint(this, id, {
        vpcId: vpc.ref,
        vpcEndpointType: 'Interface',
        serviceName: `com.amazonaws.${Aws.REGION}.${service}`,
        subnetIds: privateSubnets.map(({ ref }) => ref),
        securityGroupIds: [group.attrGroupId],
        privateDnsEnabled: true,
      });
      if (id in ISOLATED_ENDPOINTS) endpoint.cfnOptions.condition = withoutNat;
    }
    return group;
  }
}

function joined(subnets: readonly CfnSubnet[]): string {
  return Fn.join(
    ',',
    subnets.map(({ ref }) => ref),
  );
}
