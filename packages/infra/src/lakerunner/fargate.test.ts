import { describe, expect, it, test } from 'vitest';
import {
  containersOf,
  decided,
  type Resource,
  resourcesOf,
  secretsWithoutGrant,
  type Template,
} from '../../../../test/support/stack-template.ts';
import { stackDefaults } from '../defaults.ts';
import { isFargateSize } from '../fargate-sizes.ts';
import type { TemplateStack } from '../template-stack.ts';
import { CollectorStack } from './collector/stack.ts';
import { DemoAppsStack } from './demo-apps.ts';
import { GrafanaStack } from './grafana/stack.ts';
import { PORTS } from './ports.ts';
import { ServicesStack } from './services/stack.ts';

const templateOf = (stack: TemplateStack) => stack.template() as unknown as Template;

/** What every stack with tasks promises, whatever its image and its roles are. */
describe.each([
  ['services', templateOf(new ServicesStack())],
  ['Grafana', templateOf(new GrafanaStack())],
  ['collector', templateOf(new CollectorStack())],
  ['demo', templateOf(new DemoAppsStack())],
])('%s', (_name, template) => {
  const tasks = resourcesOf(template, 'AWS::ECS::TaskDefinition');
  const services = resourcesOf(template, 'AWS::ECS::Service');
  const conditions = [[], Object.keys(template.Conditions)];

  it('runs on Fargate, in the private subnets, without a public address', () => {
    for (const { Properties } of services) {
      expect(Properties.LaunchType).toBe('FARGATE');
      const { AwsvpcConfiguration: network } = Properties.NetworkConfiguration as Record<string, never>;
      expect(network).toMatchObject({ AssignPublicIp: 'DISABLED' });
      expect(JSON.stringify(network)).toContain('CommonInfraStackName}-PrivateSubnets');
      expect(JSON.stringify(network)).not.toContain('PublicSubnets');
      expect(Properties.DeploymentConfiguration).toMatchObject({
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      });
      expect(Properties).toMatchObject({ EnableExecuteCommand: true, PropagateTags: 'SERVICE' });
    }
    for (const { Properties } of tasks) {
      expect(Properties).toMatchObject({
        NetworkMode: 'awsvpc',
        RequiresCompatibilities: ['FARGATE'],
        RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
      });
      expect(isFargateSize(Number(Properties.Cpu), Number(Properties.Memory))).toBe(true);
    }
  });

  it('lets ECS Exec in with the role of the task, where the role is ours', () => {
    const text = JSON.stringify(resourcesOf(template, 'AWS::IAM::ManagedPolicy').concat(roles(template)));
    expect(text).toContain('ssmmessages:OpenDataChannel');
  });

  test.each(conditions)('grants what tasks are given as secrets (%#)', (...holding) => {
    for (const task of tasks) expect(secretsWithoutGrant(template, task, holding), task.id).toEqual([]);
  });

  it('has a log group of its own for each service, for two weeks', () => {
    const groups = resourcesOf(template, 'AWS::Logs::LogGroup');
    expect(groups.map(({ Properties }) => Properties.RetentionInDays)).toEqual(groups.map(() => 14));
    const used = tasks.map((task) => containersOf(task)[0].LogConfiguration.Options['awslogs-group']);
    expect(new Set(used.map((group) => JSON.stringify(group))).size).toBe(tasks.length);
    expect(groups).toHaveLength(tasks.length);
  });

  test.each(conditions)('asks containers by commands that ECS takes (%#)', (...holding) => {
    for (const task of tasks) {
      for (const { HealthCheck } of containersOf(task, holding)) {
        if (HealthCheck !== undefined) expect(HealthCheck.Command[0]).toMatch(/^CMD(-SHELL)?$/);
      }
    }
  });

  it('attaches load balancers to ports that containers map, after their listeners', () => {
    for (const { Properties, DependsOn = [] } of services) {
      const balancers = (Properties.LoadBalancers ?? []) as {
        ContainerName: string;
        ContainerPort: number;
      }[];
      const task = taskOf(template, Properties.TaskDefinition as { Ref: string });
      for (const { ContainerName, ContainerPort } of balancers) {
        const container = containersOf(task).find(({ Name }) => Name === ContainerName);
        expect(container?.PortMappings?.map((mapping) => mapping.ContainerPort)).toContain(ContainerPort);
      }
      const listeners = resourcesOf(template, 'AWS::ElasticLoadBalancingV2::Listener').map(({ id }) => id);
      if (balancers.length > 0) expect([...DependsOn].sort()).toEqual(listeners.sort());
    }
  });

  it('mounts only volumes that there are, and writes nowhere else in our image', () => {
    for (const task of tasks) {
      const volumes = (task.Properties.Volumes as { Name: string }[]).map(({ Name }) => Name);
      for (const container of containersOf(task)) {
        for (const { SourceVolume } of container.MountPoints) expect(volumes).toContain(SourceVolume);
        if (container.User === '1000') {
          expect(container.ReadonlyRootFilesystem).toBe(true);
          expect(container.MountPoints).toContainEqual({
            SourceVolume: 'scratch',
            ContainerPath: '/scratch',
          });
        }
      }
    }
  });

  it('has no names that a second install would want, too, and no named roles', () => {
    for (const { Properties } of roles(template)) expect(Properties.RoleName).toBeUndefined();
    for (const { Properties } of services) expect(Properties.ServiceName).toBeUndefined();
    for (const { Properties } of resourcesOf(template, 'AWS::ElasticLoadBalancingV2::LoadBalancer')) {
      expect(Properties.Name).toBeUndefined();
    }
    for (const { Properties } of resourcesOf(template, 'AWS::ElasticLoadBalancingV2::TargetGroup')) {
      if (Properties.Name !== undefined) expect(JSON.stringify(Properties.Name)).toContain('AWS::StackId');
    }
  });

  it('describes rules as EC2 takes it, with ports of the one table', () => {
    const known: number[] = Object.values(PORTS);
    for (const { Properties } of resourcesOf(template, 'AWS::EC2::SecurityGroupIngress')) {
      expect(Properties.Description).toMatch(/^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/);
      expect(known).toContain(decided(Properties.FromPort, []));
      expect(Properties.ToPort).toEqual(Properties.FromPort);
    }
  });

  it('takes the sizes and the images of the defaults', () => {
    const images: string[] = Object.values(stackDefaults().images);
    for (const [name, parameter] of Object.entries(template.Parameters)) {
      if (name.endsWith('Image')) expect(images).toContain(parameter.Default);
    }
  });
});

const roles = (template: Template): Resource[] => resourcesOf(template, 'AWS::IAM::Role');

function taskOf(template: Template, { Ref }: { Ref: string }): Resource {
  const found = resourcesOf(template, 'AWS::ECS::TaskDefinition').find(({ id }) => id === Ref);
  if (found === undefined) throw new Error(`there is no task definition ${Ref}`);
  return found;
}

test('the ports of the defaults are those of the table', () => {
  const known: number[] = Object.values(PORTS);
  for (const [name, { port }] of stackDefaults().services) {
    if (port !== undefined) expect(known, name).toContain(port);
  }
});
