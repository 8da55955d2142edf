import { CfnService, CfnTaskDefinition } from 'aws-cdk-lib/aws-ecs';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { Aws, type CfnParameter, Fn } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { ServiceDefaults } from '../defaults.ts';
import { importedFrom } from '../template-stack.ts';

/** What services write goes away after so many days; what is to stay is sent to a collector. */
const LOG_DAYS = 14;

/** Where containers may write: all else of them is read-only. The image sets TMPDIR and HOME to it. */
export const SCRATCH = '/scratch';

/**
 * What the agent of ECS Exec writes to in a container, which AWS does not support where the rest is read-only. Where
 * these are missing the agent ends and the service goes on.
 */
const EXEC_AGENT = ['/var/lib/amazon', '/var/log/amazon'];

export type ContainerDefinition = CfnTaskDefinition.ContainerDefinitionProperty;
type MountPoint = CfnTaskDefinition.MountPointProperty;

/** The log group of a service, `/ecs/STACK/SERVICE`: two installs in one account have logs of their own. */
export function serviceLogGroup(scope: Construct, title: string, service: string): CfnLogGroup {
  return new CfnLogGroup(scope, `LogGroup${short(title)}`, {
    logGroupName: Fn.sub(`/ecs/\${AWS::StackName}/${service}`),
    retentionInDays: LOG_DAYS,
  });
}

/** Streams are called `app/CONTAINER/TASK`: whose they are, the group says. */
export function logsTo(group: CfnLogGroup): CfnTaskDefinition.LogConfigurationProperty {
  return {
    logDriver: 'awslogs',
    options: {
      'awslogs-group': group.ref,
      'awslogs-region': Aws.REGION,
      'awslogs-stream-prefix': 'app',
    },
  };
}

/**
 * What every task has to write to. A volume belongs to whom the image says that the path does at which it is mounted, so
 * scratch space, which is of our image's user, is not shared with the agent.
 */
export const VOLUMES: CfnTaskDefinition.VolumeProperty[] = [{ name: 'scratch' }, { name: 'exec' }];

const MOUNT_POINTS: MountPoint[] = [
  { sourceVolume: 'scratch', containerPath: SCRATCH },
  ...EXEC_AGENT.map((containerPath) => ({ sourceVolume: 'exec', containerPath })),
];

/** Whom our image runs as. */
export const OUR_USER = '1000';

/** What a service may take to give back what it holds, s: all that Fargate allows. */
const STOP_SECONDS = 120;

/** What is the same for every container that runs as long as its task. */
export function containerBase(options: {
  name: string;
  image: CfnParameter;
  logs: CfnLogGroup;
}): ContainerDefinition {
  const { name, image, logs } = options;
  return {
    name,
    image: image.valueAsString,
    mountPoints: MOUNT_POINTS,
    logConfiguration: logsTo(logs),
    stopTimeout: STOP_SECONDS,
  };
}

/** Seconds that an answer may take, and for which failures do not count after the start. */
export const HEALTH_SECONDS = { timeout: 10, startPeriod: 60 } as const;

/** `command` is asked each 30 s, and a container that fails three times is replaced: ECS' defaults. */
export function healthCheck(command: string[]): CfnTaskDefinition.HealthCheckProperty {
  return { command, ...HEALTH_SECONDS };
}

/** A task of Fargate on ARM64. */
export function taskDefinition(
  scope: Construct,
  title: string,
  options: {
    size: Pick<ServiceDefaults, 'cpu' | 'memoryMib'>;
    containers: ContainerDefinition[];
    executionRole: string;
    taskRole: string;
    volumes?: CfnTaskDefinition.VolumeProperty[];
  },
): CfnTaskDefinition {
  const { size, containers, executionRole, taskRole, volumes = [] } = options;
  return new CfnTaskDefinition(scope, `TaskDef${short(title)}`, {
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: String(size.cpu),
    memory: String(size.memoryMib),
    runtimePlatform: { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' },
    executionRoleArn: executionRole,
    taskRoleArn: taskRole,
    containerDefinitions: containers,
    volumes: [...VOLUMES, ...volumes],
  });
}

/** A service of such tasks in the private subnets. A deployment whose tasks do not stay up is taken back. */
export function fargateService(
  scope: Construct,
  title: string,
  options: {
    common: CfnParameter;
    task: CfnTaskDefinition;
    desiredCount: number;
    /** Of tasks while a deployment goes on, in percent of `desiredCount`. */
    healthy?: { minimum: number; maximum: number };
    loadBalancers?: CfnService.LoadBalancerProperty[];
    /** How long a load balancer's checks do not count, s. */
    graceSeconds?: number;
    registries?: CfnService.ServiceRegistryProperty[];
    /** All private ones of the common stack otherwise. */
    subnets?: string[];
  },
): CfnService {
  const { common, task, desiredCount, healthy, loadBalancers, graceSeconds, registries } = options;
  const { subnets = Fn.split(',', importedFrom(common, 'PrivateSubnets')) } = options;
  return new CfnService(scope, `Service${title}`, {
    cluster: importedFrom(common, 'ClusterArn'),
    taskDefinition: task.ref,
    launchType: 'FARGATE',
    desiredCount,
    enableExecuteCommand: true,
    propagateTags: 'SERVICE',
    deploymentConfiguration: {
      deploymentCircuitBreaker: { enable: true, rollback: true },
      ...(healthy === undefined
        ? {}
        : { minimumHealthyPercent: healthy.minimum, maximumPercent: healthy.maximum }),
    },
    networkConfiguration: {
      awsvpcConfiguration: {
        assignPublicIp: 'DISABLED',
        subnets,
        securityGroups: [importedFrom(common, 'TaskSGId')],
      },
    },
    loadBalancers,
    healthCheckGracePeriodSeconds: graceSeconds,
    serviceRegistries: registries,
  });
}

/** Logical ids inside a template need not say whose lake it is, and there are many of them. */
const short = (title: string): string => title.replace(/^Lakerunner/, '');
