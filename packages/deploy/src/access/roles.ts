import { policyOf, TASK_TRUST, taskNeeds } from '../byo/needs.ts';
import type { ManagedPolicy } from './deployer.ts';
import { type DeployPlace, SECRET_NAMES } from './scopes.ts';

/** What a role must allow that is brought for all tasks, and who assumes it. */
export function taskRole(place: DeployPlace) {
  const { storage, database, kmsKeyArn } = place.brought;
  const needs = taskNeeds({ storage, database }, kmsKeyArn === undefined ? [] : [kmsKeyArn], place);
  return { trust: { Version: '2012-10-17', Statement: [TASK_TRUST] }, policy: policyOf(needs) };
}

/**
 * What ECS must be allowed to start tasks: pull images, write logs, and read what goes into the environment. Every
 * install makes roles of its own that allow this; it is here for whoever reviews them.
 */
export function executionPolicy(place: DeployPlace): ManagedPolicy {
  const { partition, region, account, env, brought } = place;
  const own = (service: string, name: string) => `arn:${partition}:${service}:${region}:${account}:${name}`;
  const { secretArn = '' } = brought.database ?? {};
  const secrets = [
    ...SECRET_NAMES.map((name) => own('secretsmanager', `secret:${name}-*`)),
    ...(secretArn === '' ? [] : [secretArn]),
  ];
  const allow = (Sid: string, Action: readonly string[], Resource: string | readonly string[]) =>
    ({ Sid, Effect: 'Allow', Action, Resource }) as const;
  return {
    Version: '2012-10-17',
    Statement: [
      allow('Registry', ['ecr:GetAuthorizationToken'], '*'),
      allow(
        'Images',
        ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
        `arn:${partition}:ecr:${region}:*:repository/*`,
      ),
      allow('Logs', ['logs:CreateLogStream', 'logs:PutLogEvents'], own('logs', `log-group:/ecs/${env}-*`)),
      allow('Secrets', ['secretsmanager:GetSecretValue'], secrets),
      allow('Parameters', ['ssm:GetParameters'], own('ssm', `parameter/lakerunner/${env}-*`)),
      ...(brought.kmsKeyArn === undefined ? [] : [allow('Key', ['kms:Decrypt'], brought.kmsKeyArn)]),
    ],
  };
}
