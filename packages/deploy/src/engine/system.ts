import { BadInputError } from '@lakewright/core';
import { nearest } from '../nearest.ts';

/** Where the value of a parameter comes from when a stack is made and nobody names another. */
export type Wire =
  | { readonly output: string; readonly of: string }
  | { readonly nameOf: string }
  | 'environment';

/** One stack of a system. */
export interface StackSpec {
  /** As a person calls it: `--only common`. */
  readonly key: string;
  readonly aliases: readonly string[];
  /** Behind the environment's name and a dash. */
  readonly suffix: string;
  /** The file in the directory of templates. */
  readonly template: string;
  /** `always`, only where a VPC is to be made, or when it is asked for: `--with`. */
  readonly when: 'always' | 'new VPC' | 'asked for';
  /** Stacks that are there before this one is made. */
  readonly needs: readonly string[];
  readonly wiring: Readonly<Record<string, Wire>>;
}

/** A stack inside another one. */
export const NESTED_STACK = 'AWS::CloudFormation::Stack';

/** How a stack is told of a VPC that is there. */
export interface NetworkParameters {
  /** The key of the stack. */
  readonly stack: string;
  readonly vpc: string;
  /** One parameter that takes a list, or one for each of two subnets. */
  readonly privateSubnets: readonly string[];
  readonly publicSubnets: readonly string[];
}

/** What is deployed together. */
export interface System {
  readonly name: string;
  /** In the order of making; they are deleted in the reverse order. */
  readonly stacks: readonly StackSpec[];
  /** Keys of those that are made when nobody says which of the optional ones. */
  readonly withByDefault: readonly string[];
  readonly network: NetworkParameters;
  /** Outputs by which people reach it. */
  readonly addresses: readonly string[];
}

const COMMON = { CommonInfraStackName: { nameOf: 'common' } } as const;
const SERVICES = { ...COMMON, ServicesStackName: { nameOf: 'services' } } as const;

const ADDRESSES = ['QueryApiUrl', 'GrafanaUrl', 'GrpcEndpoint', 'HttpEndpoint'];

const VPC: StackSpec = {
  key: 'vpc',
  aliases: [],
  suffix: 'vpc',
  template: 'lakerunner-vpc.yaml',
  when: 'new VPC',
  needs: [],
  wiring: { EnvironmentName: 'environment' },
};

/** The lake on ECS, one stack beside the other. */
export const LAKERUNNER: System = {
  name: 'lakerunner',
  withByDefault: ['grafana', 'collector'],
  addresses: ADDRESSES,
  network: {
    stack: 'common',
    vpc: 'VpcId',
    privateSubnets: ['PrivateSubnets'],
    publicSubnets: ['PublicSubnets'],
  },
  stacks: [
    VPC,
    {
      key: 'common',
      aliases: [],
      suffix: 'common',
      template: 'lakerunner-common.yaml',
      when: 'always',
      needs: ['vpc'],
      wiring: {
        VpcId: { output: 'VpcId', of: 'vpc' },
        PrivateSubnets: { output: 'PrivateSubnets', of: 'vpc' },
        PublicSubnets: { output: 'PublicSubnets', of: 'vpc' },
      },
    },
    {
      key: 'setup',
      aliases: ['migration'],
      suffix: 'ecs-setup',
      template: 'lakerunner-ecs-setup.yaml',
      when: 'always',
      needs: ['common'],
      wiring: COMMON,
    },
    {
      key: 'services',
      aliases: [],
      suffix: 'ecs-services',
      template: 'lakerunner-ecs-services.yaml',
      when: 'always',
      needs: ['common', 'setup'],
      wiring: COMMON,
    },
    {
      key: 'grafana',
      aliases: [],
      suffix: 'grafana-service',
      template: 'lakerunner-grafana-service.yaml',
      when: 'asked for',
      needs: ['common', 'services'],
      wiring: SERVICES,
    },
    {
      key: 'collector',
      aliases: [],
      suffix: 'otel-collector',
      template: 'lakerunner-otel-collector.yaml',
      when: 'asked for',
      needs: ['common', 'setup'],
      wiring: COMMON,
    },
    {
      key: 'demo',
      aliases: [],
      suffix: 'demo-apps',
      template: 'lakerunner-demo-apps.yaml',
      when: 'asked for',
      needs: ['common', 'services', 'collector'],
      wiring: { ...SERVICES, OtelCollectorStackName: { nameOf: 'collector' } },
    },
  ],
};

/** The parameter by which the root finds the templates of its stacks. */
export const TEMPLATE_BASE = 'TemplateBaseUrl';

/** The same lake as one stack with the others inside. Its templates are read from a bucket. */
export const LAKERUNNER_ROOT: System = {
  name: 'lakerunner',
  withByDefault: [],
  addresses: ADDRESSES,
  network: {
    stack: 'root',
    vpc: 'VPCId',
    privateSubnets: ['PrivateSubnet1Id', 'PrivateSubnet2Id'],
    publicSubnets: ['PublicSubnet1Id', 'PublicSubnet2Id'],
  },
  stacks: [
    VPC,
    {
      key: 'root',
      aliases: [],
      suffix: 'root',
      template: 'lakerunner-root.yaml',
      when: 'always',
      needs: ['vpc'],
      wiring: {
        VPCId: { output: 'VpcId', of: 'vpc' },
        PrivateSubnet1Id: { output: 'PrivateSubnet1', of: 'vpc' },
        PrivateSubnet2Id: { output: 'PrivateSubnet2', of: 'vpc' },
        PublicSubnet1Id: { output: 'PublicSubnet1', of: 'vpc' },
        PublicSubnet2Id: { output: 'PublicSubnet2', of: 'vpc' },
      },
    },
  ],
};

/** Tags by which a stack is known as ours, and as of which environment. */
export const SYSTEM_TAG = 'lakewright:system';
export const ENVIRONMENT_TAG = 'lakewright:env';

const ENVIRONMENT = /^[a-zA-Z][a-zA-Z0-9-]{0,62}$/;

/** Throws BadInputError for a name that cannot begin the name of a stack. */
export function checkEnvironment(environment: string): void {
  if (ENVIRONMENT.test(environment)) return;
  throw new BadInputError(`${JSON.stringify(environment)} cannot be the name of an environment`, {
    hint: 'it begins with a letter and has letters, digits and dashes, 63 at most',
  });
}

export function stackName(spec: StackSpec, environment: string): string {
  return `${environment}-${spec.suffix}`;
}

/** The stack that a person means: by its key, another name of it, or its name in the account. Throws BadInputError. */
export function specOf(system: System, word: string, environment: string): StackSpec {
  const namesOf = (spec: StackSpec) => [spec.key, ...spec.aliases, spec.suffix, stackName(spec, environment)];
  const found = system.stacks.find((spec) => namesOf(spec).includes(word));
  if (found !== undefined) return found;
  const keys = system.stacks.map(({ key }) => key);
  throw new BadInputError(`${system.name} has no stack ${JSON.stringify(word)}`, {
    hint: `${nearest(word, system.stacks.flatMap(namesOf)) ?? ''} it has ${keys.join(', ')}`.trim(),
  });
}
