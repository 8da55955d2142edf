import { describe, expect, it, test } from 'vitest';
import { exportsOf, type Resource, type Template, templateOf } from '../../../test/template.ts';
import { CollectorStack } from '../collector/stack.ts';
import { CommonStack } from '../common/stack.ts';
import { DemoAppsStack } from '../demo-apps.ts';
import { GrafanaStack } from '../grafana/stack.ts';
import { ServicesStack } from '../services/stack.ts';
import { SetupStack } from '../setup/stack.ts';
import { RootStack } from './stack.ts';

const template = templateOf(new RootStack());
const { Parameters, Resources, Rules = {} } = template;

/** The nested stacks by what makes each. */
const CHILDREN: Readonly<Record<string, { file: string; template: Template }>> = {
  CommonStack: { file: 'lakerunner-common', template: templateOf(new CommonStack()) },
  EcsSetupStack: { file: 'lakerunner-ecs-setup', template: templateOf(new SetupStack()) },
  EcsServicesStack: { file: 'lakerunner-ecs-services', template: templateOf(new ServicesStack()) },
  GrafanaStack: { file: 'lakerunner-grafana-service', template: templateOf(new GrafanaStack()) },
  CollectorStack: { file: 'lakerunner-otel-collector', template: templateOf(new CollectorStack()) },
  DemoAppsStack: { file: 'lakerunner-demo-apps', template: templateOf(new DemoAppsStack()) },
};

/** The stacks of which `resource` uses an output, a name, or the end. */
function after({ Properties, DependsOn = [] }: Resource): string[] {
  const used = [...JSON.stringify(Properties).matchAll(/"(\w+Stack)"/g)].map(([, name]) => name);
  return [...new Set([...used, ...DependsOn])].sort();
}

describe('the root', () => {
  it('has the names of the BYO guide', () => {
    expect(Object.keys(Parameters)).toEqual(
      expect.arrayContaining([
        ...['TemplateBaseUrl', 'VPCId', 'PrivateSubnet1Id', 'PrivateSubnet2Id', 'PublicSubnet1Id'],
        ...[
          'PublicSubnet2Id',
          'CreateS3Storage',
          'CreateRDS',
          'CreateECSInfrastructure',
          'CreateECSServices',
        ],
        ...['ExistingBucketArn', 'ExistingQueueArn', 'ExistingQueueUrl', 'ExistingDatabaseEndpoint'],
        ...[
          'ExistingDatabaseSecretArn',
          'ExistingTaskRoleArn',
          'ExistingClusterArn',
          'ExistingSecurityGroupId',
        ],
        ...['AlbScheme', 'DbInstanceClass'],
      ]),
    );
    expect(Parameters.DbInstanceClass.Default).toBe('db.r6g.large');
    expect(exportsOf(template)).toEqual(
      expect.arrayContaining([
        ...['VPCId', 'PrivateSubnets', 'PublicSubnets', 'BucketName', 'BucketArn', 'DatabaseEndpoint'],
        ...['DatabasePort', 'DatabaseSecretArn', 'ClusterArn', 'TaskSGId'],
      ]),
    );
  });

  test.each(Object.entries(CHILDREN))('gives %s what it takes, and all that it must have', (id, child) => {
    const { TemplateURL, Parameters: given } = Resources[id].Properties;
    expect(TemplateURL).toEqual({ 'Fn::Sub': `\${TemplateBaseUrl}/${child.file}.yaml` });
    const taken = child.template.Parameters;
    expect(Object.keys(given).filter((name) => !(name in taken))).toEqual([]);
    const needed = Object.keys(taken).filter((name) => taken[name].Default === undefined);
    expect(needed.filter((name) => !(name in given))).toEqual([]);
  });

  test.each(Object.entries(CHILDREN))('asks %s for outputs that it has', (id, child) => {
    const text = JSON.stringify([template.Outputs, Resources]);
    const asked = [...text.matchAll(new RegExp(`\\["${id}","Outputs\\.(\\w+)"\\]`, 'g'))].map(
      ([, name]) => name,
    );
    expect(asked.filter((name) => !(name in child.template.Outputs))).toEqual([]);
  });

  it('makes one after the other', () => {
    expect(after(Resources.CommonStack)).toEqual([]);
    expect(after(Resources.EcsSetupStack)).toEqual(['CommonStack']);
    expect(after(Resources.EcsServicesStack)).toEqual(['CommonStack', 'EcsSetupStack']);
    expect(after(Resources.CollectorStack)).toEqual(['CommonStack', 'EcsSetupStack']);
    expect(after(Resources.GrafanaStack)).toEqual(['CommonStack', 'EcsServicesStack']);
    expect(after(Resources.DemoAppsStack)).toEqual(['CollectorStack', 'CommonStack', 'EcsServicesStack']);
  });

  it('names nested stacks by their names, not by their ARNs', () => {
    for (const { Properties } of Object.values(Resources)) {
      for (const [name, value] of Object.entries(Properties.Parameters)) {
        if (!name.endsWith('StackName')) continue;
        expect(value).toEqual({
          'Fn::Select': [1, { 'Fn::Split': ['/', { Ref: expect.stringMatching(/Stack$/) }] }],
        });
      }
    }
  });

  it('says to the gateway whose keys it takes, which ApiKeysOverride may change', () => {
    expect(Resources.CollectorStack.Properties.Parameters).toMatchObject({
      OrganizationId: { Ref: 'OrganizationId' },
      CollectorName: { Ref: 'CollectorName' },
    });
    expect(Parameters.OrganizationId.Default).toBe(
      CHILDREN.CollectorStack.template.Parameters.OrganizationId.Default,
    );
  });

  it('runs setup whatever is brought, with the image of the services', () => {
    expect(Resources.EcsSetupStack.Condition).toBeUndefined();
    expect(Resources.EcsSetupStack.Properties.Parameters.ContainerImage).toEqual({ Ref: 'GoServicesImage' });
  });

  it.each(['EcsSetupStack', 'EcsServicesStack', 'CollectorStack'])(
    'hands the role of the customer to %s, and attaches nothing to it',
    (id) => {
      expect(Resources[id].Properties.Parameters).toMatchObject({
        TaskRoleArn: { Ref: 'ExistingTaskRoleArn' },
        KmsKeyArn: { Ref: 'KmsKeyArn' },
      });
      expect(new Set(Object.values(Resources).map(({ Type }) => Type))).toEqual(
        new Set(['AWS::CloudFormation::Stack']),
      );
    },
  );

  test.each([
    ['https://b.s3.eu-west-1.amazonaws.com/v1', true],
    ['https://b.s3.eu-west-1.amazonaws.com/v1/', false],
    ['s3://b/v1', false],
  ])('TemplateBaseUrl may be %s: %s', (url, expected) => {
    expect(new RegExp(Parameters.TemplateBaseUrl.AllowedPattern as string).test(url)).toBe(expected);
  });

  it('says before anything is made what cannot work', () => {
    const said = Object.values(Rules).flatMap(({ Assertions }) =>
      Assertions.map(({ AssertDescription }) => AssertDescription),
    );
    for (const part of [
      /CreateS3Storage=No needs ExistingBucketArn/,
      /CreateRDS=No needs ExistingDatabaseEndpoint/,
      /CreateECSInfrastructure=No needs ExistingClusterArn/,
      /CreateRDS=No need ExistingTaskRoleArn/,
      /internet-facing needs PublicSubnet1Id/,
      /CreateGrafana=Yes needs CreateECSServices=Yes/,
      /CreateDemoApps=Yes needs CreateCollector=Yes/,
      /need ApiKeySecretArn with ApiKeysOverride/,
      /PrivateSubnet1Id and PrivateSubnet2Id are two subnets/,
    ]) {
      expect(said).toContainEqual(expect.stringMatching(part));
    }
  });
});
