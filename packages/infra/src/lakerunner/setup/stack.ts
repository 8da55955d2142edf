import { type CfnParameter, CfnResource, CfnRule, Fn } from 'aws-cdk-lib/core';
import { serviceDefaults, stackDefaults } from '../../defaults.ts';
import { isFargateSize } from '../../fargate-sizes.ts';
import { importedFrom, TemplateStack } from '../../template-stack.ts';
import { isGiven, onlyIf } from '../conditions.ts';
import { imageParameter } from '../image.ts';
import {
  kmsKeyParameter,
  setupTokenParameter,
  stackNameParameter,
  taskRoleParameter,
} from '../parameters.ts';
import { TaskRunner } from './runner.ts';
import { SetupTask } from './task.ts';

/** CloudFormation waits so long for the runner, s, which gives up before. */
const SERVICE_TIMEOUT_SECONDS = 3600;

const CPU = [256, 512, 1024, 2048, 4096];
const MEMORY_MIB = [512, ...Array.from({ length: 8 }, (_, i) => (i + 1) * 1024)];

/** One task that makes the tables of the lake, or brings them up to date, and seeds what the configuration says. */
export class SetupStack extends TemplateStack {
  readonly #defaults = stackDefaults();

  constructor() {
    super(
      'Lakerunner setup: one ECS task that makes the tables of the lake and seeds API keys and storage profiles.',
    );
    const setup = serviceDefaults(this.#defaults, 'setup');
    const common = stackNameParameter(this, 'CommonInfraStackName', 'Common infrastructure stack');
    const image = imageParameter(this, {
      name: 'ContainerImage',
      description: "The services' own image: what makes the tables is what reads them.",
      image: this.#defaults.images.setup,
      marker: this.#defaults.lakerunnerMarker,
      condition: 'IsLakerunnerSetup',
    });
    const { cpu, memory } = this.#size(setup);
    const token = setupTokenParameter(this);
    const taskRoleArn = taskRoleParameter(this);
    const kmsKeyArn = kmsKeyParameter(this, 'the secrets');
    this.groups([
      { label: 'Stacks', parameters: ['CommonInfraStackName'] },
      { label: 'Task', parameters: ['ContainerImage', 'Cpu', 'MemoryMiB', 'SetupToken'] },
      { label: 'Bring your own', parameters: ['TaskRoleArn', 'KmsKeyArn'] },
    ]);
    const hasTaskRole = isGiven(this, 'HasTaskRole', taskRoleArn);
    const task = new SetupTask(this, {
      ...{ common, image, defaults: setup, cpu, memory, taskRoleArn, hasTaskRole, kmsKeyArn },
      hasKmsKey: isGiven(this, 'HasKmsKey', kmsKeyArn),
    });
    const clusterArn = importedFrom(common, 'ClusterArn');
    const runner = new TaskRunner(this, {
      clusterArn,
      family: task.family,
      roles: [task.executionRole.attrArn, onlyIf(hasTaskRole, taskRoleArn.valueAsString)],
    });
    const run = new CfnResource(this, 'RunSetup', {
      type: 'Custom::RunEcsTask',
      properties: {
        ServiceToken: runner.function.attrArn,
        ServiceTimeout: SERVICE_TIMEOUT_SECONDS,
        ClusterArn: clusterArn,
        TaskDefinitionArn: task.definition.ref,
        Subnets: Fn.split(',', importedFrom(common, 'PrivateSubnets')),
        SecurityGroups: [importedFrom(common, 'TaskSGId')],
        LogGroup: task.logs.ref,
        SetupToken: token.valueAsString,
      },
    });
    run.addResourceDependency(runner.handOver);

    this.output('TaskDefinitionArn', task.definition.ref, { description: 'Task of setup' });
    this.output('RunnerFunctionArn', runner.function.attrArn, {
      description: 'Function that runs it',
      exportName: 'RunnerFnArn',
    });
    this.output('LogGroupName', task.logs.ref, { description: 'Log of setup', exportName: 'LogGroup' });
    this.output('RunSetupId', run.ref, { description: 'There once setup has ended well' });
  }

  /** Cpu and memory, and which of them Fargate has together. */
  #size(setup: { cpu: number; memoryMib: number }): { cpu: CfnParameter; memory: CfnParameter } {
    const cpu = this.parameter('Cpu', {
      label: 'CPU',
      type: 'String',
      default: String(setup.cpu),
      allowedValues: CPU.map(String),
      description: 'Units of Fargate; 1024 is one CPU.',
    });
    const memory = this.parameter('MemoryMiB', {
      label: 'Memory',
      type: 'String',
      default: String(setup.memoryMib),
      allowedValues: MEMORY_MIB.map(String),
      description: 'MiB.',
    });
    for (const units of CPU) {
      const sizes = MEMORY_MIB.filter((mib) => isFargateSize(units, mib)).map(String);
      new CfnRule(this, `MemoryWith${units}`, {
        ruleCondition: Fn.conditionEquals(cpu.valueAsString, String(units)),
        assertions: [
          {
            assert: Fn.conditionContains(sizes, memory.valueAsString),
            assertDescription: `Cpu=${units} takes MemoryMiB ${sizes.join(', ')}`,
          },
        ],
      });
    }
    return { cpu, memory };
  }
}
