import {
  at,
  type Check,
  type Deployment,
  type Finding,
  finding,
  listAt,
  type Placed,
  resourcesOf,
  textAt,
  textsAt,
} from '../deployment.ts';
import { needsOf } from '../lake-services.ts';
import { allows, rightsOf, roleAt, type Statement, statementsOf } from '../policies.ts';
import { containersOf, runsOf } from '../tasks.ts';

const ACCOUNT = 'us-east-1:123456789012';

/** Execution roles pull images and write to the log groups of their tasks. */
export const tasksCanStart: Check = (deployment) =>
  resourcesOf(deployment, 'AWS::ECS::TaskDefinition').flatMap((definition) => {
    const role = roleAt(textAt(definition.properties, 'ExecutionRoleArn'), deployment);
    if (role === undefined) return [finding(definition, 'its execution role is not made here')];
    const groups = containersOf(definition).map(({ definition: each }) =>
      textAt(each, 'LogConfiguration', 'Options', 'awslogs-group'),
    );
    const image = `arn:aws:ecr:${ACCOUNT}:repository/lake`;
    const needs: [string, string][] = [
      ['ecr:GetAuthorizationToken', '*'],
      ['ecr:BatchGetImage', image],
      ['ecr:GetDownloadUrlForLayer', image],
      ...[...new Set(groups)].flatMap((group): [string, string][] => {
        const stream = `arn:aws:logs:${ACCOUNT}:log-group:${group}:log-stream:a/b/c`;
        return [
          ['logs:CreateLogStream', stream],
          ['logs:PutLogEvents', stream],
        ];
      }),
    ];
    return [...untrusting(role, 'ecs-tasks.amazonaws.com'), ...lacking(role, needs, deployment)];
  });

/** Task roles may do what their service does; one that a customer brings is looked at by `byo-check`. */
export const tasksMayWork: Check = (deployment) => {
  const bucket = exported(deployment, 'BucketArn');
  const queue = exported(deployment, 'QueueArn');
  return runsOf(deployment).flatMap(({ definition, containers }) => {
    const role = roleAt(textAt(definition.properties, 'TaskRoleArn'), deployment);
    if (role === undefined) return [];
    const needs = containers.flatMap((container): [string, string][] => {
      const needed = needsOf(container);
      return [
        ...(needed?.bucket ?? []).map(([action, key]): [string, string] => [
          action,
          key === '' ? bucket : `${bucket}/${key}`,
        ]),
        ...(needed?.queue ?? []).map((action): [string, string] => [action, queue]),
      ];
    });
    const volumes = listAt(definition.properties, 'Volumes').flatMap((volume): [string, string][] => {
      const efs = at(volume, 'EFSVolumeConfiguration');
      if (textAt(efs, 'AuthorizationConfig', 'IAM') !== 'ENABLED') return [];
      const arn = `arn:aws:elasticfilesystem:${ACCOUNT}:file-system/${textAt(efs, 'FilesystemId')}`;
      return [
        ['elasticfilesystem:ClientMount', arn],
        ['elasticfilesystem:ClientWrite', arn],
      ];
    });
    return [
      ...untrusting(role, 'ecs-tasks.amazonaws.com'),
      ...lacking(role, [...needs, ...volumes], deployment),
    ];
  });
};

/** Functions are run by roles that Lambda may assume, and that let them write their logs. */
export const functionsCanStart: Check = (deployment) =>
  resourcesOf(deployment, 'AWS::Lambda::Function').flatMap((lambda) => {
    const role = roleAt(textAt(lambda.properties, 'Role'), deployment);
    if (role === undefined) return [finding(lambda, 'its role is not made here')];
    const group = textAt(lambda.properties, 'LoggingConfig', 'LogGroup');
    const stream = `arn:aws:logs:${ACCOUNT}:log-group:${group}:log-stream:a`;
    if (!resourcesOf(deployment, 'AWS::Logs::LogGroup').some(({ ref }) => ref === group)) {
      return [finding(lambda, 'logs to a group that is not made here, which forgets nothing: LoggingConfig')];
    }
    return [
      ...untrusting(role, 'lambda.amazonaws.com'),
      ...lacking(role, [['logs:PutLogEvents', stream]], deployment),
    ];
  });

/** A function that runs tasks may run them, ask for them, stop them, and pass their roles. */
export const functionsMayRunTasks: Check = (deployment) =>
  runsOf(deployment).flatMap(({ runner, definition }) => {
    if (runner.type === 'AWS::ECS::Service') return [];
    const lambda = resourcesOf(deployment, 'AWS::Lambda::Function').find(
      ({ attributes }) => attributes.Arn === textAt(runner.properties, 'ServiceToken'),
    );
    const role = lambda === undefined ? undefined : roleAt(textAt(lambda.properties, 'Role'), deployment);
    if (role === undefined) return [finding(runner, 'is carried out by a function that is not made here')];
    const cluster = textAt(runner.properties, 'ClusterArn').split('/').at(-1);
    const needs: [string, string][] = [
      ['ecs:RunTask', definition.ref ?? ''],
      ['ecs:DescribeTasks', `arn:aws:ecs:${ACCOUNT}:task/${cluster}/1d0a`],
      ['ecs:StopTask', `arn:aws:ecs:${ACCOUNT}:task/${cluster}/1d0a`],
      ...(['ExecutionRoleArn', 'TaskRoleArn'] as const)
        .map((name) => textAt(definition.properties, name))
        .filter((arn) => arn !== '')
        .map((arn): [string, string] => ['iam:PassRole', arn]),
    ];
    return lacking(role, needs, deployment);
  });

/**
 * Policies that are resources of their own are attached before a function of their role begins. Services of ECS ask
 * again; what runs once does not.
 */
export const rightsBeforeUse: Check = (deployment) => {
  const policies = resourcesOf(deployment, 'AWS::IAM::Policy', 'AWS::IAM::RolePolicy');
  const functions = resourcesOf(deployment, 'AWS::Lambda::Function');
  return resourcesOf(deployment).flatMap((user) => {
    const token = textAt(user.properties, 'ServiceToken');
    const lambda = token === '' ? undefined : functions.find(({ attributes }) => attributes.Arn === token);
    const role = lambda === undefined ? undefined : roleAt(textAt(lambda.properties, 'Role'), deployment);
    return policies
      .filter((policy) => policy.of === user.of && rolesOf(policy).includes(role?.ref ?? ''))
      .filter((policy) => !user.after.includes(policy.id))
      .map((policy) => finding(user, `may begin before ${policy.id} is attached: DependsOn`));
  });
};

function rolesOf({ properties }: Placed): string[] {
  return [...textsAt(properties, 'Roles'), ...textsAt(properties, 'RoleName')];
}

function untrusting(role: Placed, service: string): Finding[] {
  const trusted = statementsOf(at(role.properties, 'AssumeRolePolicyDocument')).some(
    ({ effect, principals, actions }: Statement) =>
      effect === 'Allow' && principals.includes(service) && actions.includes('sts:AssumeRole'),
  );
  return trusted ? [] : [finding(role, `may not be assumed by ${service}`)];
}

function lacking(role: Placed, needs: readonly [string, string][], deployment: Deployment): Finding[] {
  const rights = rightsOf(role, deployment);
  return needs
    .filter(([action, resource]) => !allows(rights, action, resource))
    .map(([action, resource]) => finding(role, `may not ${action} ${resource}`));
}

/** What some stack of the install exports as STACK-`name`. */
function exported({ stacks }: Deployment, name: string): string {
  const all = stacks.flatMap(({ stack }) => [...stack.exports]);
  return all.find(([key]) => key.endsWith(`-${name}`))?.[1] ?? '';
}
