import type { CfnParameter } from 'aws-cdk-lib/core';
import type { TemplateStack } from '../template-stack.ts';

/** Parameters have no labels: the console then shows the names by which the guides call them. */
const ARN = 'arn:[a-z0-9-]+:';

/** The name of a stack whose outputs are imported. */
export function stackNameParameter(stack: TemplateStack, name: string, what: string): CfnParameter {
  return stack.parameter(name, {
    type: 'String',
    description: `${what}: its exports are read.`,
    allowedPattern: '^[a-zA-Z][-a-zA-Z0-9]{0,127}$',
    constraintDescription: 'the name of a stack',
  });
}

/** Which addresses a load balancer lets in. */
export function cidrParameter(stack: TemplateStack, name: string, description: string): CfnParameter {
  return stack.parameter(name, {
    type: 'String',
    default: '10.0.0.0/8',
    description,
    allowedPattern: '^(\\d{1,3}\\.){3}\\d{1,3}/\\d{1,2}$',
    constraintDescription: 'an IPv4 CIDR block such as 10.0.0.0/8',
  });
}

/** Where a load balancer stands. */
export function schemeParameter(stack: TemplateStack, name: string): CfnParameter {
  return stack.parameter(name, {
    type: 'String',
    default: 'internal',
    allowedValues: ['internal', 'internet-facing'],
    description:
      'internet-facing needs the public subnets of the common stack, and a certificate to be safe.',
  });
}

/** An ARN of `service` that may be left out. */
export function arnParameter(
  stack: TemplateStack,
  name: string,
  options: { what: string; service: string; description: string },
): CfnParameter {
  const { what, service, description } = options;
  return stack.parameter(name, {
    type: 'String',
    default: '',
    description,
    allowedPattern: `^(${ARN}${service}:.+)?$`,
    constraintDescription: `the ARN of ${what}, or nothing`,
  });
}

export const certificateParameter = (stack: TemplateStack): CfnParameter =>
  arnParameter(stack, 'CertificateArn', {
    what: 'a certificate',
    service: 'acm',
    description: 'Certificate of the load balancer in ACM; nothing: it does not encrypt.',
  });

export const taskRoleParameter = (stack: TemplateStack): CfnParameter =>
  arnParameter(stack, 'TaskRoleArn', {
    what: 'a role',
    service: 'iam',
    description: 'A role of your own for every task, to which nothing is added; nothing: roles are made.',
  });

export const kmsKeyParameter = (
  stack: TemplateStack,
  encrypts = 'the bucket, the queue or the secrets',
): CfnParameter =>
  arnParameter(stack, 'KmsKeyArn', {
    what: 'a key',
    service: 'kms',
    description: `Key of your own that encrypts ${encrypts}, if there is one.`,
  });

/** Setup runs again when its task changes, and when this does: what is in a secret, CloudFormation does not see. */
export function setupTokenParameter(stack: TemplateStack): CfnParameter {
  return stack.parameter('SetupToken', {
    label: 'Setup token',
    type: 'String',
    default: '',
    description:
      'A new value runs setup again, as after a change of ApiKeysOverride or StorageProfilesOverride.',
  });
}

/** Whose keys a gateway takes. With keys of one's own it is their organization that has to stand here. */
export function organizationParameter(stack: TemplateStack, byDefault: string): CfnParameter {
  return stack.parameter('OrganizationId', {
    type: 'String',
    default: byDefault,
    description: 'Only API keys of this organization are taken.',
    allowedPattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
    constraintDescription: 'a UUID in lower case',
  });
}

export const collectorNameParameter = (stack: TemplateStack): CfnParameter =>
  stack.parameter('CollectorName', {
    type: 'String',
    default: 'lakerunner',
    description: 'Stands in the keys of raw objects of senders that name no collector.',
    allowedPattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$',
    constraintDescription: 'letters, digits, ".", "_" and "-"',
  });
