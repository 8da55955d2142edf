import { CfnCondition, type CfnParameter, CfnRule, Fn } from 'aws-cdk-lib/core';
import type { ParameterGroup, ParameterOptions, TemplateStack } from '../template-stack.ts';

/** What is made, or brought instead, and the parameters that must then say which it is. */
export interface Brought {
  readonly label: string;
  readonly what: string;
  readonly needs: readonly string[];
  /** Parameters besides, that have a default. */
  readonly may?: readonly string[];
}

/** By the switch that says whether it is made. */
export const BROUGHT = {
  CreateS3Storage: {
    label: 'Create bucket and queue',
    what: 'the bucket of raw objects and segments, and the queue of its notifications',
    needs: ['ExistingBucketArn', 'ExistingQueueArn', 'ExistingQueueUrl'],
  },
  CreateRDS: {
    label: 'Create database',
    what: 'an RDS instance of PostgreSQL with its secret',
    needs: ['ExistingDatabaseEndpoint', 'ExistingDatabaseSecretArn'],
    may: ['ExistingDatabasePort', 'ExistingDatabaseName'],
  },
  CreateECSInfrastructure: {
    label: 'Create cluster',
    what: 'an ECS cluster and the security group of all tasks',
    needs: ['ExistingClusterArn', 'ExistingSecurityGroupId'],
  },
} as const satisfies Record<string, Brought>;

export type Switch = keyof typeof BROUGHT;

const ACCOUNT = '[0-9]{12}';
const PARTITION = 'arn:[a-z0-9-]+';

/** A String parameter that may be left empty, else matches `pattern`. */
function optional(label: string, description: string, pattern: string, constraint: string): ParameterOptions {
  return {
    label,
    type: 'String',
    default: '',
    description,
    allowedPattern: `^(${pattern})?$`,
    constraintDescription: `empty, or ${constraint}`,
  };
}

/** By name, in the order in which the console shows them. */
const EXISTING: Readonly<Record<string, ParameterOptions>> = {
  ExistingBucketArn: optional(
    'Existing bucket',
    'ARN of your bucket, with CreateS3Storage=No.',
    `${PARTITION}:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]`,
    'the ARN of a bucket, such as arn:aws:s3:::telemetry',
  ),
  ExistingQueueArn: optional(
    'Existing queue',
    'ARN of the queue that your bucket notifies, with CreateS3Storage=No.',
    `${PARTITION}:sqs:[a-z0-9-]+:${ACCOUNT}:[A-Za-z0-9_-]{1,80}`,
    'the ARN of a standard queue',
  ),
  ExistingQueueUrl: optional(
    'Existing queue URL',
    'URL of the same queue.',
    'https?://[^ ]+',
    'the URL of the queue that ExistingQueueArn names',
  ),
  ExistingDatabaseEndpoint: optional(
    'Existing database',
    'Host name of your PostgreSQL, with CreateRDS=No.',
    '[A-Za-z0-9][A-Za-z0-9.-]*',
    'a host name, without port',
  ),
  ExistingDatabasePort: {
    label: 'Its port',
    type: 'Number',
    default: 5432,
    minValue: 1,
    maxValue: 65535,
    description: 'Port of your PostgreSQL.',
  },
  ExistingDatabaseName: {
    label: 'Its name',
    type: 'String',
    default: 'lakerunner',
    allowedPattern: '^[A-Za-z_][A-Za-z0-9_-]{0,62}$',
    constraintDescription: 'the name of a database',
    description: 'Database in your PostgreSQL; it must be there.',
  },
  ExistingDatabaseSecretArn: optional(
    'Its secret',
    'Secret with JSON of username and password, with CreateRDS=No. The whole ARN, with the six characters at its end.',
    `${PARTITION}:secretsmanager:[a-z0-9-]+:${ACCOUNT}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}`,
    'the whole ARN of a secret',
  ),
  ExistingClusterArn: optional(
    'Existing cluster',
    'ARN of your ECS cluster, with CreateECSInfrastructure=No.',
    `${PARTITION}:ecs:[a-z0-9-]+:${ACCOUNT}:cluster/[A-Za-z0-9_-]{1,255}`,
    'the ARN of an ECS cluster',
  ),
  ExistingSecurityGroupId: optional(
    'Existing security group',
    'Your security group for all tasks, with CreateECSInfrastructure=No. It must let its members reach each other on 7101 and 8081.',
    'sg-[0-9a-f]+',
    'the id of a security group',
  ),
};

/** The switches and what they need, declared in a stack. */
export interface ByoParameters {
  readonly switches: Readonly<Record<Switch, CfnParameter>>;
  /** By parameter name. */
  readonly existing: Readonly<Record<string, CfnParameter>>;
  readonly group: ParameterGroup;
}

/**
 * Declares the parameters of bringing one's own, with a rule for each switch: what is brought must be named, and
 * what is made cannot be, since a bucket named in vain is a bucket that stays empty.
 */
export function byoParameters(stack: TemplateStack): ByoParameters {
  const names = Object.keys(BROUGHT) as Switch[];
  const switches = records(names, (name) =>
    stack.parameter(name, {
      label: BROUGHT[name].label,
      type: 'String',
      default: 'Yes',
      allowedValues: ['Yes', 'No'],
      description: `Yes: this stack makes ${BROUGHT[name].what}. No: you bring them.`,
    }),
  );
  const existing = records(Object.keys(EXISTING), (name) => stack.parameter(name, EXISTING[name]));
  for (const name of names) {
    const value = switches[name].valueAsString;
    new CfnRule(stack, `${name}No`, {
      ruleCondition: Fn.conditionEquals(value, 'No'),
      assertions: BROUGHT[name].needs.map((need) => ({
        assert: Fn.conditionNot(Fn.conditionEquals(existing[need].valueAsString, '')),
        assertDescription: `${name}=No needs ${need}`,
      })),
    });
    new CfnRule(stack, `${name}Yes`, {
      ruleCondition: Fn.conditionEquals(value, 'Yes'),
      assertions: BROUGHT[name].needs.map((need) => ({
        assert: Fn.conditionEquals(existing[need].valueAsString, ''),
        assertDescription: `${need} is for ${name}=No`,
      })),
    });
  }
  return {
    switches,
    existing,
    group: { label: 'Bring your own', parameters: [...names, ...Object.keys(EXISTING)] },
  };
}

/** The conditions under which the things are made. */
export function createdConditions(
  stack: TemplateStack,
  { switches }: ByoParameters,
): Record<Switch, CfnCondition> {
  return records(
    Object.keys(switches) as Switch[],
    (name) =>
      new CfnCondition(stack, `${name}Condition`, {
        expression: Fn.conditionEquals(switches[name].valueAsString, 'Yes'),
      }),
  );
}

function records<K extends string, V>(names: readonly K[], make: (name: K) => V): Record<K, V> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<K, V>;
}
