import { RESOURCE_TYPES } from '@lakewright/deploy';
import { type Check, finding, type Placed, resourcesOf, textAt, textsIn } from '../deployment.ts';

/** How ARNs, and ids that services give, look. */
const ARN = /\barn:[a-z-]+:[a-z0-9-]+:/;
const SERVICE_ID = /\b(eipalloc|fs|fsap|fsmt|igw|nat|ns|rtb|sg|srv|subnet|vpc|vpce)-[0-9a-f]{17}\b/;
const URL = /https?:\/\//;

/** Names that AWS gives 32 characters at most. */
const SHORT_NAMES = ['AWS::ElasticLoadBalancingV2::LoadBalancer', 'AWS::ElasticLoadBalancingV2::TargetGroup'];

/** Types of identities, whose names would need CAPABILITY_NAMED_IAM. */
const IDENTITIES = [
  'AWS::IAM::Role',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::User',
  'AWS::IAM::Group',
  'AWS::IAM::InstanceProfile',
];
const IDENTITY_NAMES = ['RoleName', 'ManagedPolicyName', 'UserName', 'GroupName', 'InstanceProfileName'];

/**
 * Types whose names are unique within something that is the stack's own, so that two installs do not clash: services
 * within a namespace.
 */
const WITHIN = ['AWS::ServiceDiscovery::Service'];

/** A `Ref` that is an ARN, an id or a URL where a name is asked for: the stand-ins show their kind. */
export const noReferenceAsName: Check = (deployment) =>
  resourcesOf(deployment).flatMap((resource) =>
    [...textsIn(resource.properties)].flatMap(({ path, text }) => {
      const key = path.at(-1) ?? '';
      const isName = /Name$/.test(key) && !/^(Domain|Host|Canonical)Name$/.test(key);
      const isPath = resource.type === 'AWS::SSM::Parameter' && key === 'Name';
      if (!isName && !isPath) return [];
      const kind = ARN.test(text)
        ? 'an ARN'
        : SERVICE_ID.test(text)
          ? 'an id'
          : URL.test(text)
            ? 'a URL'
            : undefined;
      return kind === undefined
        ? []
        : [finding(resource, `${path.join('/')} is ${kind}, not a name: ${text}`)];
    }),
  );

/** Roles and policies without names: with them two installs clash, and CAPABILITY_IAM is not enough. */
export const noNamedIdentities: Check = (deployment) =>
  resourcesOf(deployment, ...IDENTITIES).flatMap((resource) =>
    IDENTITY_NAMES.filter((name) => name in resource.properties).map((name) =>
      finding(resource, `${name} names an identity: CAPABILITY_IAM is not enough`),
    ),
  );

/** Physical names hold the stack's own: another install of the account may be there. */
export const namesOfTheStack: Check = (deployment) =>
  resourcesOf(deployment).flatMap((resource) => {
    const name = physicalName(resource);
    if (name === undefined || WITHIN.includes(resource.type)) return [];
    const uuid = resource.of.stack.stackName;
    // The id of the stack, its last part, is as much its own as its name.
    if (name.includes(uuid) || /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/.test(name))
      return [];
    // Where 32 characters are allowed, it is the first eight of that id.
    if (SHORT_NAMES.includes(resource.type) && /^[0-9a-f]{8}-/.test(name)) return [];
    return [finding(resource, `the name ${name} is the same in every stack: two of them clash`)];
  });

/** Names of load balancers and target groups have 32 characters at most. */
export const shortNames: Check = (deployment) =>
  resourcesOf(deployment, ...SHORT_NAMES).flatMap((resource) => {
    const name = physicalName(resource);
    if (name === undefined || name.length <= 32) return [];
    return [finding(resource, `the name ${name} has ${name.length} characters; 32 are allowed`)];
  });

function physicalName(resource: Placed): string | undefined {
  const property = RESOURCE_TYPES[resource.type]?.name;
  const name = property === undefined ? '' : textAt(resource.properties, property);
  return name === '' ? undefined : name;
}
