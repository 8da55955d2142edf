import { readFileSync } from 'node:fs';
import { CfnPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { allow, type Statements } from '../roles.ts';

const CODE = readFileSync(new URL('./runner/index.cjs', import.meta.url), 'utf8');

/**
 * The longest that Lambda allows. The function hands itself over before, four times at most: Lambda's own guard against
 * loops counts to sixteen.
 */
const TIMEOUT_SECONDS = 900;
const MEMORY_MIB = 256;
const LOG_DAYS = 14;

export interface RunnerRights {
  readonly clusterArn: string;
  /** Of the tasks that it may start, in any revision: the one that a roll-back runs is an older one. */
  readonly family: string;
  /** The roles that those tasks are given. */
  readonly roles: readonly unknown[];
}

/** The function behind Custom::RunEcsTask. It may run, see and stop the tasks of one family in one cluster. */
export class TaskRunner extends Construct {
  readonly function: CfnFunction;
  /** Lets it invoke itself: to be there before it is called. */
  readonly handOver: CfnPolicy;

  constructor(scope: Construct, rights: RunnerRights) {
    super(scope, 'TaskRunner');
    const logs = new CfnLogGroup(this, 'RunnerLogGroup', { retentionInDays: LOG_DAYS });
    const role = new CfnRole(this, 'RunnerRole', {
      assumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      },
      policies: [policy('tasks', [...tasks(rights), allow(WRITE_LOGS, logs.attrArn)])],
    });
    this.function = new CfnFunction(this, 'RunnerFunction', {
      description: 'Runs one ECS task to its end for CloudFormation',
      runtime: 'nodejs24.x',
      architectures: ['arm64'],
      handler: 'index.handler',
      code: { zipFile: CODE },
      role: role.attrArn,
      timeout: TIMEOUT_SECONDS,
      memorySize: MEMORY_MIB,
      loggingConfig: { logGroup: logs.ref },
    });
    // Apart from the role, since it names the function, which has the role.
    this.handOver = new CfnPolicy(this, 'RunnerHandOver', {
      ...policy('hand-over', [allow(['lambda:InvokeFunction'], this.function.attrArn)]),
      roles: [role.ref],
    });
  }
}

const WRITE_LOGS = ['logs:CreateLogStream', 'logs:PutLogEvents'];

function policy(policyName: string, statements: Statements) {
  return { policyName, policyDocument: { Version: '2012-10-17', Statement: statements } };
}

function tasks({ clusterArn, family, roles }: RunnerRights): Statements {
  const inCluster = { ArnEquals: { 'ecs:cluster': clusterArn } };
  return [
    allow(['ecs:RunTask'], ecsArn('task-definition', Fn.join('', [family, ':*'])), inCluster),
    allow(
      ['ecs:DescribeTasks', 'ecs:StopTask'],
      ecsArn('task', Fn.join('', [Fn.select(1, Fn.split('/', clusterArn)), '/*'])),
      inCluster,
    ),
    allow(['iam:PassRole'], roles, { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } }),
  ];
}

function ecsArn(kind: string, name: string): string {
  return Fn.sub(`arn:\${AWS::Partition}:ecs:\${AWS::Region}:\${AWS::AccountId}:${kind}/\${Name}`, {
    Name: name,
  });
}
