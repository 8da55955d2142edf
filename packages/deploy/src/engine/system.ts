import { BadInputError } from '@lakewright/core';
import { nearest } from './nearest.ts';

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

/** What is deployed together. */
export interface System {
  readonly name: string;
  /** In the order of making; they are deleted in the reverse order. */
  readonly stacks: readonly StackSpec[];
  /** Keys of those that are made when nobody says which of the optional ones. */
  readonly withByDefault: readonly string[];
  /** Outputs by which people reach it. */
  readonly addresses: readonly string[];
}

const COMMON = { CommonInfraStackName: { nameOf: 'common' } } as const;
const SERVICES = { ...COMMON, ServicesStackName: { nameOf: 'services' } } as const;

/** The lake on ECS. */
export const LAKERUNNER: System = {
  name: 'lakerunner',
  withByDefault: ['grafana', 'collector'],
  addresses: ['QueryApiUrl', 'GrafanaUrl', 'GrpcEndpoint', 'HttpEndpoint'],
  stacks: [
    {
      key: 'vpc',
      aliases: [],
      suffix: 'vpc',
      template: 'lakerunner-vpc.yaml',
      when: 'new VPC',
      needs: [],
      wiring: { EnvironmentName: 'environment' },
    },
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
