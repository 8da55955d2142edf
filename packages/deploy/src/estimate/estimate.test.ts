import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../template/evaluate.ts';
import { parseTemplate } from '../template/parse.ts';
import { estimate } from './estimate.ts';

function estimated(resources: string, nested?: string) {
  const stack = evaluate(parseTemplate(`Resources:\n${resources}\n`), {
    stackName: 'lake',
    nested: (_url, input) =>
      nested === undefined ? undefined : evaluate(parseTemplate(`Resources:\n${nested}\n`), input),
  });
  return estimate([stack]);
}

const TASK = (rest = '') =>
  `  Task: { Type: AWS::ECS::TaskDefinition, Properties: { Cpu: "1024", Memory: "2048", RuntimePlatform: { CpuArchitecture: ARM64 } ${rest} } }\n`;
const SERVICE = (rest = 'LaunchType: FARGATE') =>
  `  It: { Type: AWS::ECS::Service, Properties: { TaskDefinition: !Ref Task, DesiredCount: 2, ${rest} } }\n`;

describe('estimate', () => {
  it.each<[string, string, [string, number][]]>([
    // 2 × (1 × 0.03238 + 2 × 0.00356) × 730
    ['tasks', TASK() + SERVICE(), [['2 × 1 vCPU and 2 GB on Fargate (ARM64)', 57.67]]],
    // and 2 × 80 × 0.000111 × 730
    [
      'storage',
      TASK(', EphemeralStorage: { SizeInGiB: 100 }') + SERVICE(),
      [['2 × 1 vCPU and 2 GB on Fargate (ARM64)', 70.63]],
    ],
    ['a NAT gateway', '  It: { Type: AWS::EC2::NatGateway }', [['one NAT gateway', 32.85]]],
    ['an address', '  It: { Type: AWS::EC2::EIP }', [['one public IPv4 address', 3.65]]],
    [
      'an endpoint',
      '  It: { Type: AWS::EC2::VPCEndpoint, Properties: { VpcEndpointType: Interface, SubnetIds: [a, b] } }',
      [['an interface endpoint in 2 subnets', 14.6]],
    ],
    [
      'a gateway endpoint',
      '  It: { Type: AWS::EC2::VPCEndpoint, Properties: { VpcEndpointType: Gateway } }',
      [],
    ],
    [
      'a load balancer',
      '  It: { Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: { Type: network, Scheme: internet-facing, Subnets: [a, b] } }',
      [
        ['one network load balancer', 16.43],
        ['2 public IPv4 addresses', 7.3],
      ],
    ],
    [
      'a database',
      '  It: { Type: AWS::RDS::DBInstance, Properties: { DBInstanceClass: db.t3.medium, AllocatedStorage: "100", StorageType: gp3 } }',
      [
        ['db.t3.medium', 52.56],
        ['100 GB of gp3', 11.5],
      ],
    ],
    [
      'a database in two zones',
      '  It: { Type: AWS::RDS::DBInstance, Properties: { DBInstanceClass: db.r6g.large, AllocatedStorage: 100, StorageType: gp3, MultiAZ: true } }',
      [
        ['db.r6g.large in two zones', 328.5],
        ['100 GB of gp3 in two zones', 23],
      ],
    ],
    ['a secret', '  It: { Type: AWS::SecretsManager::Secret }', [['one secret', 0.4]]],
    [
      'a zone',
      '  It: { Type: AWS::ServiceDiscovery::PrivateDnsNamespace }',
      [['one private hosted zone', 0.5]],
    ],
    ['what is free', '  It: { Type: AWS::EC2::VPC }\n  Own: { Type: Custom::Thing }', []],
  ])('%s', (_what, resources, expected) => {
    const { lines, monthlyUsd } = estimated(resources);
    const fixed = lines.filter(({ kind }) => kind === 'fixed');
    expect(fixed.map(({ what, monthlyUsd: usd }) => [what, usd])).toEqual(expected);
    expect(monthlyUsd).toBeCloseTo(
      expected.reduce((sum, [, usd]) => sum + usd, 0),
      5,
    );
    expect(lines.filter(({ kind }) => kind === 'unknown')).toEqual([]);
  });

  it.each<[string, string]>([
    ['  It: { Type: AWS::S3::Bucket }', 'GB stored, and requests'],
    ['  It: { Type: AWS::Logs::LogGroup }', 'GB of logs taken in, and GB kept'],
    ['  It: { Type: AWS::EC2::NatGateway }', 'GB through it'],
  ])('says what is paid for by use, and no sum: %s', (resources, expected) => {
    expect(estimated(resources).lines).toContainEqual({
      stack: 'lake',
      resource: 'It',
      kind: 'usage',
      what: expected,
    });
  });

  it.each<[string, RegExp]>([
    ['  It: { Type: AWS::MSK::Cluster }', /AWS::MSK::Cluster costs is not known/],
    [
      '  It: { Type: AWS::RDS::DBInstance, Properties: { DBInstanceClass: db.x9.huge, StorageType: gp3 } }',
      /db\.x9\.huge is not known/,
    ],
    [
      '  It: { Type: AWS::RDS::DBInstance, Properties: { DBInstanceClass: db.t3.micro, StorageType: io2, AllocatedStorage: 10 } }',
      /10 GB of io2/,
    ],
    [
      '  It: { Type: AWS::ECS::Service, Properties: { TaskDefinition: arn, LaunchType: FARGATE } }',
      /not in these stacks/,
    ],
    [TASK() + SERVICE('LaunchType: EC2'), /not of launch type FARGATE/],
  ])('names what it does not know: %s', (resources, expected) => {
    const unknown = estimated(resources).lines.filter(({ kind }) => kind === 'unknown');
    expect(unknown.map(({ what }) => what)).toEqual([expect.stringMatching(expected)]);
  });

  it('counts nested stacks, and says of when and where its prices are', () => {
    const all = estimated(
      '  Common: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: x } }',
      '  Gateway: { Type: AWS::EC2::NatGateway }',
    );
    expect(all.lines[0]).toMatchObject({
      stack: 'lake/Common',
      resource: 'Gateway',
    });
    expect(all).toMatchObject({
      monthlyUsd: 32.85,
      asOf: expect.stringMatching(/^\d{4}-\d\d$/),
      region: 'us-east-1',
    });
    expect(all.notes.join(' ')).toContain('Data transfer');
  });

  it('is the sum of its lines, whatever the stacks are', () => {
    const types = [
      'AWS::EC2::NatGateway',
      'AWS::EC2::EIP',
      'AWS::SecretsManager::Secret',
      'AWS::SQS::Queue',
      'AWS::KMS::Key',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...types), { minLength: 1, maxLength: 20 }), (chosen) => {
        const all = estimated(chosen.map((type, index) => `  R${index}: { Type: ${type} }`).join('\n'));
        const sum = all.lines.reduce((total, { monthlyUsd = 0 }) => total + monthlyUsd, 0);
        expect(all.monthlyUsd).toBeCloseTo(sum, 6);
        expect(new Set(all.lines.map(({ resource }) => resource)).size).toBe(chosen.length);
      }),
    );
  });
});
