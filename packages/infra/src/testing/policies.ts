import type { Json } from '@lakewright/deploy';
import { at, type Deployment, listAt, type Placed, resourcesOf, textAt, textsAt } from './deployment.ts';

/** A statement of a policy, its scalars as lists. */
export interface Statement {
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly condition: Json | undefined;
  readonly principals: readonly string[];
  readonly definition: Json;
}

export function statementsOf(document: Json | undefined): Statement[] {
  return listAt(document, 'Statement').map((statement) => {
    const principal = at(statement, 'Principal');
    return {
      effect: textAt(statement, 'Effect'),
      actions: textsAt(statement, 'Action'),
      resources: textsAt(statement, 'Resource'),
      condition: at(statement, 'Condition'),
      principals:
        typeof principal === 'object' && principal !== null
          ? Object.values(principal).flatMap((each) => textsAt(each as Json))
          : textsAt(principal),
      definition: statement,
    };
  });
}

/** What AWS' own policy for execution roles grants (AmazonECSTaskExecutionRolePolicy). */
const MANAGED: Readonly<Record<string, Statement>> = {
  'service-role/AmazonECSTaskExecutionRolePolicy': {
    effect: 'Allow',
    actions: [
      ...['ecr:GetAuthorizationToken', 'ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer'],
      ...['ecr:BatchGetImage', 'logs:CreateLogStream', 'logs:PutLogEvents'],
    ],
    resources: ['*'],
    condition: undefined,
    principals: [],
    definition: {},
  },
};

/** What a role may do: its own policies, those attached to it by other resources, and AWS' that are known here. */
export function rightsOf(role: Placed, deployment: Deployment): Statement[] {
  const attached = resourcesOf(
    deployment,
    'AWS::IAM::Policy',
    'AWS::IAM::RolePolicy',
    'AWS::IAM::ManagedPolicy',
  );
  const names = [role.ref ?? ''];
  const mine = attached.filter(({ properties }) =>
    [...textsAt(properties, 'Roles'), textAt(properties, 'RoleName')].some((name) => names.includes(name)),
  );
  return [
    ...listAt(role.properties, 'Policies').flatMap((policy) => statementsOf(at(policy, 'PolicyDocument'))),
    ...mine.flatMap(({ properties }) => statementsOf(at(properties, 'PolicyDocument'))),
    ...textsAt(role.properties, 'ManagedPolicyArns').flatMap((arn) => {
      const own = attached.filter(({ ref, type }) => type === 'AWS::IAM::ManagedPolicy' && ref === arn);
      const known = MANAGED[arn.split(':policy/')[1]];
      return [
        ...own.flatMap(({ properties }) => statementsOf(at(properties, 'PolicyDocument'))),
        ...(known ? [known] : []),
      ];
    }),
  ];
}

/** Whether statements allow `action` on `resource`, no statement denying it. Conditions are taken to hold. */
export function allows(statements: readonly Statement[], action: string, resource: string): boolean {
  const matching = statements.filter(
    ({ actions, resources }) =>
      actions.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
      resources.some((pattern) => matches(pattern, resource)),
  );
  return (
    matching.some(({ effect }) => effect === 'Allow') && !matching.some(({ effect }) => effect === 'Deny')
  );
}

/** IAM's wildcards: `*` any characters, `?` one. */
export function matches(pattern: string, text: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === text;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

/** The role with an ARN, when the install makes it. */
export function roleAt(arn: string, deployment: Deployment): Placed | undefined {
  return resourcesOf(deployment, 'AWS::IAM::Role').find(({ attributes }) => attributes.Arn === arn);
}
