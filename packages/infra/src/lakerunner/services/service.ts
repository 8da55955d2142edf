import type { CfnService } from 'aws-cdk-lib/aws-ecs';
import type { CfnListener, CfnTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { CfnRole } from 'aws-cdk-lib/aws-iam';
import { Aws, type CfnCondition, type CfnParameter } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { LakerunnerDefaults, ServiceDefaults } from '../../defaults.ts';
import { either, eitherList, eitherNumber, eitherText } from '../conditions.ts';
import {
  type ContainerDefinition,
  containerBase,
  fargateService,
  HEALTH_SECONDS,
  healthCheck,
  OUR_USER,
  serviceLogGroup,
  taskDefinition,
} from '../fargate.ts';
import type { ServiceImage } from '../image.ts';
import { titleOf } from '../titles.ts';

/** How Lakerunner's image names it, and so we do. */
const CONTAINER = 'AppContainer';
/** Its images run as root and write wherever they like. */
const LAKERUNNERS_USER = '0';

/** A port of the tasks, and what sends to it. */
export interface Attachment {
  readonly port: number;
  readonly targets: CfnTargetGroup;
  readonly listener: CfnListener;
}

export interface LakeServiceOptions {
  readonly name: string;
  readonly defaults: ServiceDefaults;
  readonly common: CfnParameter;
  readonly image: ServiceImage;
  readonly environment: NonNullable<ContainerDefinition['environment']>;
  readonly secrets: NonNullable<ContainerDefinition['secrets']>;
  readonly taskRoleArn: string;
  readonly executionRole: CfnRole;
  /** Each port that a load balancer sends to. */
  readonly behind?: readonly Attachment[];
  /** Where its addresses are registered. */
  readonly registryArn?: string;
}

/** One service of the lake, in our image or in Lakerunner's: its logs, its task, and how many of those run. */
export class LakeService extends Construct {
  readonly service: CfnService;

  constructor(scope: Construct, options: LakeServiceOptions) {
    const title = titleOf(options.name);
    super(scope, title);
    const { name, defaults, common, image, behind = [], registryArn } = options;
    const logs = serviceLogGroup(this, title, name);
    const task = taskDefinition(this, title, {
      size: defaults,
      containers: [
        {
          ...containerBase({ name: CONTAINER, image: image.parameter, logs }),
          ...program(image.isLakerunners, defaults),
          portMappings: portMappings(image.isLakerunners, defaults, behind),
          environment: options.environment,
          secrets: options.secrets,
        },
      ],
      executionRole: options.executionRole.attrArn,
      taskRole: options.taskRoleArn,
    });
    this.service = fargateService(this, title, {
      ...{ common, task },
      desiredCount:
        defaults.lakerunner === undefined
          ? eitherNumber(image.isLakerunners, 0, defaults.replicas)
          : defaults.replicas,
      ...attached(behind),
      ...(registryArn === undefined ? {} : { registries: [{ registryArn }] }),
    });
    // ECS takes no target group that no listener sends anything to.
    for (const { listener } of behind) this.service.addResourceDependency(listener);
  }
}

function attached(behind: readonly Attachment[]) {
  if (behind.length === 0) return {};
  return {
    loadBalancers: behind.map(({ port, targets }) => ({
      containerName: CONTAINER,
      containerPort: port,
      targetGroupArn: targets.ref,
    })),
    graceSeconds: 120,
  };
}

/** What differs between the two images: command, health command, user, and whether all is read-only. */
function program(isLakerunners: CfnCondition, defaults: ServiceDefaults): Partial<ContainerDefinition> {
  const { command, health = [] } = defaults;
  const lakerunner: LakerunnerDefaults = defaults.lakerunner ?? { command: 'image', health };
  const theirs = lakerunner.command === 'image' ? Aws.NO_VALUE : lakerunner.command;
  return {
    command: eitherList(isLakerunners, theirs, command),
    user: eitherText(isLakerunners, LAKERUNNERS_USER, OUR_USER),
    readonlyRootFilesystem: either(isLakerunners, false, true),
    healthCheck:
      lakerunner.health === undefined
        ? onlyOurs(isLakerunners, health)
        : healthCheck(eitherList(isLakerunners, lakerunner.health, health)),
  };
}

/** A health check that is not there in Lakerunner's image, in CloudFormation's own words. */
function onlyOurs(isLakerunners: CfnCondition, command: readonly string[]) {
  const { timeout, startPeriod } = HEALTH_SECONDS;
  return either(isLakerunners, Aws.NO_VALUE, {
    Command: command,
    Timeout: timeout,
    StartPeriod: startPeriod,
  });
}

function portMappings(isLakerunners: CfnCondition, defaults: ServiceDefaults, behind: readonly Attachment[]) {
  const { port, lakerunner } = defaults;
  if (port === undefined) {
    return behind.length === 0 ? undefined : behind.map(({ port: containerPort }) => ({ containerPort }));
  }
  const theirs = lakerunner?.port ?? port;
  return [{ containerPort: theirs === port ? port : eitherNumber(isLakerunners, theirs, port) }];
}
