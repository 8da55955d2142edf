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

export interface LakeServiceOptions {
  readonly name: string;
  readonly defaults: ServiceDefaults;
  readonly common: CfnParameter;
  readonly image: ServiceImage;
  readonly environment: NonNullable<ContainerDefinition['environment']>;
  readonly secrets: NonNullable<ContainerDefinition['secrets']>;
  readonly taskRoleArn: string;
  readonly executionRole: CfnRole;
  readonly behind?: { readonly targets: CfnTargetGroup; readonly listener: CfnListener };
  /** Where its addresses are registered. */
  readonly registryArn?: string;
}

/** One service of the lake, in our image or in Lakerunner's: its logs, its task, and how many of those run. */
export class LakeService extends Construct {
  readonly service: CfnService;

  constructor(scope: Construct, options: LakeServiceOptions) {
    const title = titleOf(options.name);
    super(scope, title);
    const { name, defaults, common, image, behind, registryArn } = options;
    const logs = serviceLogGroup(this, title, name);
    const task = taskDefinition(this, title, {
      size: defaults,
      containers: [
        {
          ...containerBase({ name: CONTAINER, service: name, image: image.parameter, logs }),
          ...program(image.isLakerunners, defaults),
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
      ...(behind === undefined ? {} : attached(behind, defaults)),
      ...(registryArn === undefined ? {} : { registries: [{ registryArn }] }),
    });
    // ECS takes no target group that no listener sends anything to.
    if (behind !== undefined) this.service.addResourceDependency(behind.listener);
  }
}

function attached({ targets }: { targets: CfnTargetGroup }, { port }: ServiceDefaults) {
  return {
    loadBalancers: [{ containerName: CONTAINER, containerPort: port, targetGroupArn: targets.ref }],
    graceSeconds: 120,
  };
}

/** What differs between the two images: command, health command, user, whether all is read-only, and the port. */
function program(isLakerunners: CfnCondition, defaults: ServiceDefaults): Partial<ContainerDefinition> {
  const { command, health, port } = defaults;
  const lakerunner: Partial<LakerunnerDefaults> = defaults.lakerunner ?? {};
  const theirs = Array.isArray(lakerunner.command) ? lakerunner.command : Aws.NO_VALUE;
  const ask = eitherList(isLakerunners, lakerunner.health ?? health, health);
  return {
    command: eitherList(isLakerunners, theirs, command),
    user: eitherText(isLakerunners, LAKERUNNERS_USER, OUR_USER),
    readonlyRootFilesystem: either(isLakerunners, false, true),
    healthCheck: healthCheck(ask),
    ...(port === undefined
      ? {}
      : { portMappings: [{ containerPort: portOf(isLakerunners, port, lakerunner) }] }),
  };
}

function portOf(isLakerunners: CfnCondition, port: number, lakerunner: { readonly port?: number }): number {
  if (lakerunner.port === undefined || lakerunner.port === port) return port;
  return eitherNumber(isLakerunners, lakerunner.port, port);
}
