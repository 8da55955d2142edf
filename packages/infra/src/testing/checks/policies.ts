import { at, type Check, finding, listAt, type Placed, resourcesOf, textAt } from '../deployment.ts';
import { type Statement, statementsOf } from '../policies.ts';

/** Actions that know no resources, and what they are for (Service Authorization Reference). */
const WITHOUT_RESOURCES: Readonly<Record<string, string>> = {
  'ecr:GetAuthorizationToken': 'pulls images',
  'ssmmessages:CreateControlChannel': 'ECS Exec',
  'ssmmessages:CreateDataChannel': 'ECS Exec',
  'ssmmessages:OpenControlChannel': 'ECS Exec',
  'ssmmessages:OpenDataChannel': 'ECS Exec',
};

/** Resources that end or stand wide, and why. */
const WIDE: readonly { readonly actions: RegExp; readonly resource: RegExp; readonly why: string }[] = [
  {
    actions: /^ecr:(BatchCheckLayerAvailability|BatchGetImage|GetDownloadUrlForLayer)$/,
    resource: /^arn:aws:ecr:[a-z0-9-]+:\*:repository\/\*$/,
    why: 'images are mirrored to repositories of any name, of any account that lets this one in',
  },
];

const POLICY_TYPES = [
  'AWS::IAM::Role',
  'AWS::IAM::Policy',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::RolePolicy',
];

/** Policies say which actions on which resources: no `*`, but where AWS has nothing narrower. */
export const leastPrivilege: Check = (deployment) =>
  resourcesOf(deployment, ...POLICY_TYPES).flatMap((resource) =>
    documentsOf(resource)
      .flatMap(statementsOf)
      .filter(({ effect }) => effect === 'Allow')
      .flatMap((statement) => wide(statement).map((message) => finding(resource, message))),
  );

function documentsOf({ properties }: Placed) {
  return [
    ...listAt(properties, 'PolicyDocument'),
    ...listAt(properties, 'Policies').map((policy) => at(policy, 'PolicyDocument')),
  ];
}

function wide({ actions, resources, condition, definition }: Statement): string[] {
  const faults = actions.filter((action) => /^\*$|:\*$/.test(action)).map((action) => `allows ${action}`);
  if (at(definition, 'NotAction') !== undefined || at(definition, 'NotResource') !== undefined) {
    faults.push('allows all but what it names');
  }
  for (const resource of resources) {
    for (const action of actions) {
      if (isNarrow(resource) || (resource === '*' && action in WITHOUT_RESOURCES)) continue;
      // Lists of ECS know no resources, and a cluster as a condition.
      if (action.startsWith('ecs:') && textAt(condition, 'ArnEquals', 'ecs:cluster') !== '') continue;
      if (WIDE.some((each) => each.actions.test(action) && each.resource.test(resource))) continue;
      faults.push(`allows ${action} on ${resource}`);
    }
  }
  return faults;
}

/** An ARN of one service and, but for buckets and roles, one account, whose resource begins with no wildcard. */
function isNarrow(resource: string): boolean {
  const [prefix, , service, region, account, ...rest] = resource.split(':');
  if (prefix !== 'arn' || service === '*' || rest.length === 0) return false;
  if (region === '*' || account === '*') return false;
  const name = rest.join(':');
  // `task/CLUSTER/*` is within something, `role/*` is every role; buckets have no such word before their names.
  const own = service === 's3' ? name : name.replace(/^[a-z-]+[/:](?=.)/, '');
  return !own.startsWith('*');
}

/** Policies say something: IAM refuses a document without statements. */
export const policiesSaySomething: Check = (deployment) =>
  resourcesOf(deployment, ...POLICY_TYPES).flatMap((resource) =>
    documentsOf(resource)
      .filter((document) => statementsOf(document).length === 0)
      .map(() => finding(resource, 'has a policy without a statement')),
  );

/** iam:PassRole says to which service. */
export const passedRoles: Check = (deployment) =>
  resourcesOf(deployment, 'AWS::IAM::Role').flatMap((role) =>
    documentsOf(role)
      .flatMap(statementsOf)
      .filter(({ effect, actions }) => effect === 'Allow' && actions.includes('iam:PassRole'))
      .filter(({ condition }) => !JSON.stringify(condition ?? {}).includes('iam:PassedToService'))
      .map(() => finding(role, 'passes roles to any service: iam:PassedToService')),
  );

/** Roles are assumed by the services that they are for. */
export const trustedServices: Check = (deployment) =>
  resourcesOf(deployment, 'AWS::IAM::Role').flatMap((role) =>
    statementsOf(at(role.properties, 'AssumeRolePolicyDocument')).flatMap(({ principals }) =>
      principals
        .filter((principal) => !['ecs-tasks.amazonaws.com', 'lambda.amazonaws.com'].includes(principal))
        .map((principal) => finding(role, `may be assumed by ${principal}`)),
    ),
  );

/** Nothing that a resource's own policy allows is allowed to everybody. */
export const nothingForEverybody: Check = (deployment) =>
  resourcesOf(
    deployment,
    'AWS::S3::BucketPolicy',
    'AWS::SQS::QueuePolicy',
    'AWS::Lambda::Permission',
  ).flatMap((resource) => {
    const everybody = statementsOf(at(resource.properties, 'PolicyDocument')).filter(
      ({ effect, principals }) => effect === 'Allow' && principals.includes('*'),
    );
    const open = textAt(resource.properties, 'Principal') === '*';
    return everybody.length > 0 || open ? [finding(resource, 'allows something to everybody')] : [];
  });
