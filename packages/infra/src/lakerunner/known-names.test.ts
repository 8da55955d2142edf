import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { REPOSITORY } from '../../../../test/support/runtime.ts';
import { exportsOf, type Template } from '../../test/template.ts';

/**
 * What operators of Lakerunner know, by template: each parameter with its type and default (undefined: it must be given),
 * each output, each export. Where a template is otherwise, `OTHERWISE` says why.
 */
const IMAGES = 'public.ecr.aws/cardinalhq.io';
const KNOWN: Readonly<Record<string, Known>> = {
  vpc: {
    parameters: {
      EnvironmentName: ['String', 'lakerunner'],
      VpcCidr: ['String', '10.0.0.0/16'],
      CreateNatGateway: ['String', 'Yes'],
    },
    outputs: ['VpcId', 'PublicSubnets', 'PrivateSubnets', 'VPCEndpointSecurityGroupId'],
    exports: ['VpcId', 'PublicSubnets', 'PrivateSubnets', 'VPCEndpointSGId'],
  },
  common: {
    parameters: {
      VpcId: ['AWS::EC2::VPC::Id'],
      PrivateSubnets: ['List<AWS::EC2::Subnet::Id>'],
      PublicSubnets: ['List<AWS::EC2::Subnet::Id>', ''],
      AlbScheme: ['String', 'internal'],
      ApiKeysOverride: ['String', ''],
      StorageProfilesOverride: ['String', ''],
    },
    outputs: ['VpcId', 'PrivateSubnets', 'PublicSubnets', 'ClusterArn', 'TaskSecurityGroupId', 'EfsId'],
    exports: [
      ...['VpcId', 'PrivateSubnets', 'PublicSubnets', 'ClusterArn', 'DbEndpoint', 'DbPort', 'DbSecretArn'],
      ...['EfsId', 'BucketName', 'BucketArn', 'TaskSGId'],
    ],
  },
  'ecs-setup': {
    parameters: {
      CommonInfraStackName: ['String'],
      ContainerImage: ['String', `${IMAGES}/lakerunner:v1.2.1`],
      Cpu: ['String', '512'],
      MemoryMiB: ['String', '1024'],
    },
  },
  'ecs-services': {
    parameters: {
      CommonInfraStackName: ['String'],
      AlbScheme: ['String', 'internal'],
      OtelEndpoint: ['String', ''],
      GrafanaResetToken: ['String', ''],
      GoServicesImage: ['String', `${IMAGES}/lakerunner:v1.2.1`],
      QueryApiImage: ['String', `${IMAGES}/lakerunner/query-api:latest`],
      QueryWorkerImage: ['String', `${IMAGES}/lakerunner/query-worker:latest`],
      GrafanaImage: ['String', 'grafana/grafana:latest'],
    },
    outputs: ['AlbDNS', 'GrafanaAdminSecretArn'],
    exports: ['AlbDNS', 'ExecutionRoleArn', 'TaskSecurityGroupId'],
  },
  'grafana-service': {
    parameters: { CommonInfraStackName: ['String'], ServicesStackName: ['String'] },
  },
  'otel-collector': {
    parameters: {
      CommonInfraStackName: ['String'],
      LoadBalancerType: ['String', 'internal'],
      OrganizationId: ['String', '12340000-0000-4000-8000-000000000000'],
      CollectorName: ['String', 'lakerunner'],
      OtelCollectorImage: ['String', `${IMAGES}/cardinalhq-otel-collector:latest`],
      OtelConfigYaml: ['String', ''],
    },
  },
  'demo-apps': {
    parameters: {
      CommonInfraStackName: ['String'],
      ServicesStackName: ['String'],
      OtelCollectorStackName: ['String'],
      SampleAppImage: ['String', `${IMAGES}/lakerunner-demo/sample-app:latest`],
    },
  },
  root: {
    parameters: {
      TemplateBaseUrl: ['String'],
      VPCId: ['AWS::EC2::VPC::Id'],
      PrivateSubnet1Id: ['AWS::EC2::Subnet::Id'],
      PrivateSubnet2Id: ['AWS::EC2::Subnet::Id'],
      PublicSubnet1Id: ['String', ''],
      PublicSubnet2Id: ['String', ''],
      CreateS3Storage: ['String', 'Yes'],
      CreateRDS: ['String', 'Yes'],
      ExistingBucketArn: ['String', ''],
      ExistingDatabaseEndpoint: ['String', ''],
      ExistingDatabaseSecretArn: ['String', ''],
      ExistingTaskRoleArn: ['String', ''],
    },
  },
};

const OUR_IMAGE = '0020, two images by one parameter: ours is the default, theirs is taken as well';

/** What is not as it is known, as `template member`, and where the decisions say why. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'common type of PublicSubnets': '0019, row 15: a list of ids takes no empty value',
  'common parameter AlbScheme': '0019, rows 2 and 3: the load balancer is in services',
  'ecs-services parameter GrafanaResetToken': '0019, row 5: Grafana is a stack of its own',
  'ecs-services parameter GrafanaImage': '0019, row 5',
  'ecs-services output GrafanaAdminSecretArn': '0019, row 5',
  'ecs-services export TaskSecurityGroupId': '0020, names in the VPC: common exports it, as TaskSGId',
  'ecs-setup default of ContainerImage': OUR_IMAGE,
  'ecs-services default of GoServicesImage': OUR_IMAGE,
  'ecs-services default of QueryApiImage': OUR_IMAGE,
  'ecs-services default of QueryWorkerImage': OUR_IMAGE,
  'otel-collector default of OtelCollectorImage': OUR_IMAGE,
  'demo-apps default of SampleAppImage': '0020: the demo is a command of our image',
};

interface Known {
  readonly parameters: Readonly<Record<string, readonly [type: string, byDefault?: string]>>;
  readonly outputs?: readonly string[];
  readonly exports?: readonly string[];
}

const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');
const templateOf = (name: string) => parse(read(`generated-templates/lakerunner-${name}.yaml`)) as Template;

/** Members of `known` that the template has otherwise, or not at all. */
function otherwise(name: string, { parameters, outputs = [], exports = [] }: Known): string[] {
  const template = templateOf(name);
  const { Parameters, Outputs } = template;
  const exported = exportsOf(template);
  return [
    ...Object.entries(parameters).flatMap(([parameter, [type, byDefault]]) => {
      const found = Parameters[parameter];
      if (found === undefined) return [`${name} parameter ${parameter}`];
      return [
        ...(found.Type === type ? [] : [`${name} type of ${parameter}`]),
        ...(found.Default === byDefault ? [] : [`${name} default of ${parameter}`]),
      ];
    }),
    ...outputs.filter((output) => !(output in Outputs)).map((output) => `${name} output ${output}`),
    ...exports.filter((each) => !exported.includes(each)).map((each) => `${name} export ${each}`),
  ];
}

describe('what operators of Lakerunner know', () => {
  test.each(Object.entries(KNOWN))('holds for lakerunner-%s, or a decision says why not', (name, known) => {
    const said = Object.keys(OTHERWISE).filter((each) => each.startsWith(`${name} `));
    expect(otherwise(name, known).sort()).toEqual(said.sort());
  });

  it('is there under both names of a template', () => {
    for (const [alias, name] of [
      ['migration', 'ecs-setup'],
      ['services', 'ecs-services'],
    ]) {
      expect(read(`generated-templates/lakerunner-${alias}.yaml`)).toBe(
        read(`generated-templates/lakerunner-${name}.yaml`),
      );
    }
  });

  test.each([
    ['grafana-service', 'parameter', ['GrafanaImage', 'GrafanaResetToken']],
    ['grafana-service', 'output', ['GrafanaAdminSecretArn']],
    ['otel-collector', 'output', ['GrpcEndpoint', 'HttpEndpoint']],
  ])('went to lakerunner-%s where it left another: %s', (name, kind, names) => {
    const { Parameters, Outputs } = templateOf(name);
    expect(Object.keys(kind === 'parameter' ? Parameters : Outputs)).toEqual(expect.arrayContaining(names));
  });

  it('names decisions that are written', () => {
    const pages = readdirSync(join(REPOSITORY, 'docs/decisions'));
    for (const reason of Object.values(OTHERWISE)) {
      const page = pages.find((each) => each.startsWith(`${reason.slice(0, 4)}-`)) as string;
      const text = read(`docs/decisions/${page}`);
      const rows = [...text.matchAll(/^\| (\d+(?:, \d+)*) \|/gm)].flatMap(([, row]) => row.split(', '));
      for (const [row] of reason.match(/rows? .*?(?=:|$)/)?.[0].matchAll(/\d+/g) ?? []) {
        expect(rows, reason).toContain(row);
      }
    }
  });
});
