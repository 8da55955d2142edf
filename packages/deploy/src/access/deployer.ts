import { LimitError } from '@lakewright/core';
import { OWN_ACTIONS } from './own-actions.ts';
import { RESOURCE_ACTIONS, SERVICE_LINKED_ROLES } from './resource-actions.ts';
import { type DeployPlace, SCOPES, type Scope } from './scopes.ts';

/** Characters, without white space, that IAM takes in one managed policy. */
export const MANAGED_POLICY_CHARACTERS = 6144;

/** A statement as a policy's JSON has it. */
export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** One managed policy of several. */
export interface ManagedPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

/**
 * What somebody must be allowed to who deploys an install with `lakewright aws`, looks at it and destroys it: as many
 * managed policies as IAM's limit makes of it. Each action is for the stacks of one environment, as far as AWS knows
 * names of resources; where it does not, for one region.
 */
export function deployerPolicies(place: DeployPlace): ManagedPolicy[] {
  return packed(statements(place));
}

function statements(place: DeployPlace): PolicyStatement[] {
  const actions = new Set([...Object.values(RESOURCE_ACTIONS), ...Object.values(OWN_ACTIONS)].flat());
  const byScope = new Map<Scope, string[]>();
  for (const action of [...actions].sort()) {
    // Scopes are from the narrow to the wide: the last one takes every action.
    for (const scope of SCOPES.filter(({ of }) => of(action, place))) {
      byScope.set(scope, [...(byScope.get(scope) ?? []), action]);
      if (!scope.beside) break;
    }
  }
  const scoped = SCOPES.flatMap((scope): PolicyStatement[] => {
    const Action = byScope.get(scope) ?? [];
    const Resource = scope.resources(place);
    if (Action.length === 0 || Resource.length === 0) return [];
    const Condition = scope.condition?.(place);
    return [
      {
        Sid: scope.name,
        Effect: 'Allow',
        Action: shortened(Action),
        Resource: Resource.length === 1 ? Resource[0] : Resource,
        ...(Condition === undefined ? {} : { Condition }),
      },
    ];
  });
  return [...scoped, serviceLinkedRoles(place)];
}

function serviceLinkedRoles({ partition, account }: DeployPlace): PolicyStatement {
  return {
    Sid: 'ServiceLinkedRoles',
    Effect: 'Allow',
    Action: ['iam:CreateServiceLinkedRole'],
    Resource: `arn:${partition}:iam::${account}:role/aws-service-role/*`,
    Condition: { StringEquals: { 'iam:AWSServiceName': SERVICE_LINKED_ROLES } },
  };
}

/** Looking is one pattern for a service in which it is many actions, and which tells nothing that is kept secret. */
function shortened(actions: readonly string[]): string[] {
  const looking = [
    'ec2:Describe',
    'elasticloadbalancing:Describe',
    'elasticfilesystem:Describe',
    'rds:Describe',
  ];
  const kept = actions.filter((action) => !looking.some((prefix) => action.startsWith(prefix)));
  const used = looking.filter((prefix) => actions.some((action) => action.startsWith(prefix)));
  return [...used.map((prefix) => `${prefix}*`), ...kept].sort();
}

/** Statements in their order, in as few documents as their lengths allow. */
function packed(all: readonly PolicyStatement[]): ManagedPolicy[] {
  const documents: PolicyStatement[][] = [];
  for (const statement of all) {
    const last = documents.at(-1);
    if (last !== undefined && characters([...last, statement]) <= MANAGED_POLICY_CHARACTERS)
      last.push(statement);
    else documents.push([statement]);
  }
  return documents.map((Statement) => {
    if (characters(Statement) > MANAGED_POLICY_CHARACTERS) {
      throw new LimitError(
        'managed_policy_characters',
        `the statement ${Statement[0].Sid} is longer than a policy may be`,
        {
          hint: 'a shorter --env makes it shorter',
        },
      );
    }
    return { Version: '2012-10-17', Statement };
  });
}

function characters(Statement: readonly PolicyStatement[]): number {
  return JSON.stringify({ Version: '2012-10-17', Statement }).length;
}
