import { CfnManagedPolicy, CfnPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import { type CfnCondition, Fn, type IResolvable } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { onlyIf } from './conditions.ts';

export interface Statement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** A statement, or one that is there only under a condition. */
export type Statements = readonly (Statement | IResolvable)[];

export function allow(actions: readonly string[], resource: unknown, condition?: unknown): Statement {
  return {
    Effect: 'Allow',
    Action: actions,
    Resource: resource,
    ...(condition === undefined ? {} : { Condition: condition }),
  };
}

/** What ECS Exec takes; these actions know no resources. */
export const EXEC = allow(
  ['CreateControlChannel', 'CreateDataChannel', 'OpenControlChannel', 'OpenDataChannel'].map(
    (action) => `ssmmessages:${action}`,
  ),
  '*',
);

/** What a key of the customer's own is asked for by those who read or write what it encrypts. */
export function allowKey(hasKey: CfnCondition, keyArn: string): IResolvable {
  return onlyIf(hasKey, allow(['kms:Decrypt', 'kms:GenerateDataKey'], keyArn));
}

/** What ECS does with every role that starts tasks: pulls images, and writes to the log groups of this stack. */
export const START: Statements = [
  allow(['ecr:GetAuthorizationToken'], '*'),
  // Images may be mirrored to any repository of any account that lets this one in.
  allow(
    ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
    Fn.sub(`arn:\${AWS::Partition}:ecr:\${AWS::Region}:*:repository/*`),
  ),
  allow(
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Fn.sub(
      `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/ecs/\${AWS::StackName}/*`,
    ),
  ),
];

/** What several roles may, once. Without a name, as the roles: CAPABILITY_IAM is enough. */
export function sharedPolicy(scope: Construct, id: string, statements: Statements): CfnManagedPolicy {
  return new CfnManagedPolicy(scope, id, { policyDocument: document(statements) });
}

/** What `role` may besides, so that it can be there under a condition: IAM takes no policy without a statement. */
export function rolePolicy(scope: Construct, id: string, role: CfnRole, statements: Statements): CfnPolicy {
  return new CfnPolicy(scope, id, {
    policyName: id,
    policyDocument: document(statements),
    roles: [role.ref],
  });
}

/** A role of ECS tasks: it may what `shared` says, and `statements`. */
export function ecsRole(
  scope: Construct,
  id: string,
  rights: { readonly statements: Statements; readonly shared?: CfnManagedPolicy },
): CfnRole {
  const { statements, shared } = rights;
  return new CfnRole(scope, id, {
    assumeRolePolicyDocument: document([
      {
        Effect: 'Allow',
        Principal: { Service: 'ecs-tasks.amazonaws.com' },
        Action: 'sts:AssumeRole',
      },
    ]),
    ...(shared === undefined ? {} : { managedPolicyArns: [shared.ref] }),
    ...(statements.length === 0
      ? {}
      : { policies: [{ policyName: 'access', policyDocument: document(statements) }] }),
  });
}

const document = (statements: readonly unknown[]) => ({ Version: '2012-10-17', Statement: statements });
