import { describe, expect, it, test } from 'vitest';
import { exportsOf, templateOf } from '../../test/template.ts';
import { VpcStack } from './vpc.ts';

const template = templateOf(new VpcStack());
const { Parameters, Resources } = template;
const ofType = (type: string) => Object.entries(Resources).filter(([, { Type }]) => Type === type);

/** The service of each interface endpoint, by the condition under which it is there. */
function endpoints(condition: string | undefined): string[] {
  return ofType('AWS::EC2::VPCEndpoint')
    .filter(([, { Condition, Properties }]) => {
      return Properties.VpcEndpointType === 'Interface' && Condition === condition;
    })
    .map(([, { Properties }]) => Properties.ServiceName['Fn::Join'][1].at(-1).slice(1))
    .sort();
}

describe('the VPC', () => {
  it('exports what the guides pass on', () => {
    expect(exportsOf(template)).toEqual([
      ...['VpcId', 'VpcCidr', 'PublicSubnets', 'PrivateSubnets'],
      ...['PublicSubnet1', 'PublicSubnet2', 'PrivateSubnet1', 'PrivateSubnet2'],
      ...['InternetGatewayId', 'NatGatewayId', 'VPCEndpointSecurityGroupId', 'VPCEndpointSGId'],
    ]);
    expect(template.Outputs.NatGatewayId.Condition).toBe('HasNatGateway');
  });

  it('cuts its own addresses into four subnets in two zones, none of which gives public ones', () => {
    const subnets = ofType('AWS::EC2::Subnet').map(([, { Properties }]) => Properties);
    expect(subnets.map(({ CidrBlock }) => CidrBlock['Fn::Select'][0])).toEqual([0, 1, 2, 3]);
    expect(subnets.map(({ AvailabilityZone }) => AvailabilityZone['Fn::Select'][0])).toEqual([0, 1, 0, 1]);
    expect(subnets.map(({ MapPublicIpOnLaunch }) => MapPublicIpOnLaunch)).toEqual(Array(4).fill(false));
  });

  it('leads private subnets to the internet over the NAT gateway alone', () => {
    const routes = ofType('AWS::EC2::Route').filter(
      ([, { Properties }]) => Properties.RouteTableId.Ref === 'PrivateRouteTable',
    );
    expect(routes.map(([, { Properties, Condition }]) => [Properties.NatGatewayId, Condition])).toEqual([
      [{ Ref: 'NatGateway' }, 'HasNatGateway'],
    ]);
  });

  it('has endpoints for what tasks start with, and without NAT for all that they ask', () => {
    const always = ['ecr.api', 'ecr.dkr', 'ecs', 'logs', 'secretsmanager'];
    expect(endpoints(undefined)).toEqual(always);
    expect(endpoints('HasNoNatGateway')).toEqual(
      ['ecs-agent', 'ecs-telemetry', 'sqs', 'ssm', 'ssmmessages', 'sts'].sort(),
    );
    expect(Resources.S3GatewayEndpoint.Properties.RouteTableIds).toEqual([{ Ref: 'PrivateRouteTable' }]);
  });

  it('lets its own addresses reach the endpoints, by HTTPS', () => {
    const { SecurityGroupIngress } = Resources.VPCEndpointSecurityGroup.Properties;
    expect(SecurityGroupIngress).toMatchObject([{ CidrIp: { Ref: 'VpcCidr' }, FromPort: 443, ToPort: 443 }]);
  });

  test.each([
    ['10.0.0.0/16', true],
    ['172.16.0.0/22', true],
    ['10.0.0.0/8', false],
    ['10.0.0.0/24', false],
    ['10.0.0.0', false],
  ])('may have the addresses %s: %s', (cidr, expected) => {
    expect(new RegExp(Parameters.VpcCidr.AllowedPattern as string).test(cidr)).toBe(expected);
  });
});
