import { type EvaluatedStack, evaluate, type StackInput, type Template } from '@lakewright/deploy';
import type { DeployedStack, Deployment } from './deployment.ts';

/** What an operator chooses: every combination of them is an install. */
export const SWITCHES = {
  nat: ['Yes', 'No'],
  publicSubnets: ['given', 'none'],
  scheme: ['internal', 'internet-facing'],
  s3: ['made', 'brought'],
  rds: ['made', 'brought'],
  ecs: ['made', 'brought'],
  taskRole: ['made', 'brought'],
  images: ['ours', 'lakerunner'],
  otelEndpoint: ['', 'http://collector.customer.example:4318'],
  resetToken: ['', 'again-1'],
  certificate: ['', 'arn:aws:acm:us-east-1:123456789012:certificate/1d0a0a0a-0000-4000-8000-000000000000'],
  kmsKey: ['', 'arn:aws:kms:us-east-1:123456789012:key/1d0a0a0a-0000-4000-8000-000000000001'],
  keys: ['generated', 'given'],
} as const;

export type Choice = { readonly [K in keyof typeof SWITCHES]: (typeof SWITCHES)[K][number] };

/** Every combination of values of the switches; of those that `fixed` names only the value there. */
export function* choices(fixed: Partial<Choice> = {}): Generator<Choice> {
  const names = Object.keys(SWITCHES) as (keyof Choice)[];
  const total = names.reduce((product, name) => product * (name in fixed ? 1 : SWITCHES[name].length), 1);
  for (let number = 0; number < total; number++) {
    let rest = number;
    const choice: Record<string, string> = {};
    for (const name of names) {
      const values = name in fixed ? [fixed[name] as string] : SWITCHES[name];
      choice[name] = values[rest % values.length];
      rest = Math.floor(rest / values.length);
    }
    yield choice as Choice;
  }
}

const TASK_ROLE = 'arn:aws:iam::123456789012:role/customer/lake-tasks';
const LAKERUNNER = 'public.ecr.aws/cardinalhq.io/lakerunner';
const OTEL_HEADERS = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:customer-otel-AbCdEf';
const API_KEY = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:customer-key-AbCdEf';
const API_KEYS =
  '- organization_id: 12340000-0000-4000-8000-000000000000\n  keys: [ "0123456789abcdef0123456789abcdef" ]\n';

type Values = Record<string, string>;

/** Parameters of the templates, by what is chosen; outputs of the VPC's stack are there. */
const STACKS: Readonly<Record<string, (choice: Choice, vpc: Values) => Values>> = {
  vpc: ({ nat }) => ({ CreateNatGateway: nat }),
  common: (choice, vpc) => ({
    ...{ VpcId: vpc.VpcId, PrivateSubnets: vpc.PrivateSubnets },
    ...(choice.publicSubnets === 'given' ? { PublicSubnets: vpc.PublicSubnets } : {}),
    ...brought(choice),
    ...given(choice.keys === 'given', { ApiKeysOverride: API_KEYS }),
  }),
  'ecs-setup': ({ images }) => ({
    CommonInfraStackName: 'lakerunner-common',
    ...given(images === 'lakerunner', { ContainerImage: `${LAKERUNNER}:v1.2.1` }),
  }),
  'ecs-services': (choice) => ({
    ...{ CommonInfraStackName: 'lakerunner-common', AlbScheme: choice.scheme },
    ...{ OtelEndpoint: choice.otelEndpoint, ...serviceImages(choice) },
  }),
  'grafana-service': ({ resetToken }) => ({
    ...{ CommonInfraStackName: 'lakerunner-common', ServicesStackName: 'lakerunner-ecs-services' },
    GrafanaResetToken: resetToken,
  }),
  'otel-collector': ({ scheme }) => ({ CommonInfraStackName: 'lakerunner-common', LoadBalancerType: scheme }),
  'demo-apps': () => ({
    ...{ CommonInfraStackName: 'lakerunner-common', ServicesStackName: 'lakerunner-ecs-services' },
    OtelCollectorStackName: 'lakerunner-otel-collector',
  }),
};

/** What an operator gives to every template that takes it. */
function everywhere(choice: Choice, template: Template): Values {
  const values = {
    CertificateArn: choice.certificate,
    KmsKeyArn: choice.kmsKey,
    ...given(choice.otelEndpoint !== '', { OtelHeadersSecretArn: OTEL_HEADERS }),
    ...given(choice.taskRole === 'brought', { TaskRoleArn: TASK_ROLE, ExistingTaskRoleArn: TASK_ROLE }),
    // With keys of his own he says which of them Grafana and the demo take.
    ...given(choice.keys === 'given', { ApiKeySecretArn: API_KEY, GrafanaApiKeySecretArn: API_KEY }),
  };
  return Object.fromEntries(Object.entries(values).filter(([name]) => name in template.parameters));
}

/** Names of templates in the order in which they are deployed, the root's apart. */
export const STACK_ORDER = Object.keys(STACKS);

/** Parameters of the root's template. */
function rootParameters(choice: Choice, vpc: Values): Values {
  const isPublic = choice.publicSubnets === 'given';
  return {
    TemplateBaseUrl: 'https://templates.s3.us-east-1.amazonaws.com/lakerunner',
    ...{ VPCId: vpc.VpcId, PrivateSubnet1Id: vpc.PrivateSubnet1, PrivateSubnet2Id: vpc.PrivateSubnet2 },
    ...given(isPublic, { PublicSubnet1Id: vpc.PublicSubnet1, PublicSubnet2Id: vpc.PublicSubnet2 }),
    ...brought(choice),
    ...given(choice.keys === 'given', { ApiKeysOverride: API_KEYS }),
    ...{ CreateDemoApps: 'Yes', AlbScheme: choice.scheme, OtelEndpoint: choice.otelEndpoint },
    ...{ GrafanaResetToken: choice.resetToken, ...serviceImages(choice) },
  };
}

function given(when: boolean, values: Values): Values {
  return when ? values : {};
}

function serviceImages({ images }: Choice): Values {
  return given(images === 'lakerunner', {
    GoServicesImage: `${LAKERUNNER}:v1.2.1`,
    QueryApiImage: `${LAKERUNNER}/query-api:v1.2.1`,
    QueryWorkerImage: `${LAKERUNNER}/query-worker:v1.2.1`,
  });
}

function brought({ s3, rds, ecs }: Choice): Values {
  const aws = 'us-east-1:123456789012';
  return {
    ...given(s3 === 'brought', {
      CreateS3Storage: 'No',
      ExistingBucketArn: 'arn:aws:s3:::customer-lake',
      ExistingQueueArn: `arn:aws:sqs:${aws}:customer-queue`,
      ExistingQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/customer-queue',
    }),
    ...given(rds === 'brought', {
      CreateRDS: 'No',
      ExistingDatabaseEndpoint: 'db.customer.example',
      ExistingDatabaseSecretArn: `arn:aws:secretsmanager:${aws}:secret:customer-db-AbCdEf`,
    }),
    ...given(ecs === 'brought', {
      CreateECSInfrastructure: 'No',
      ExistingClusterArn: `arn:aws:ecs:${aws}:cluster/customer`,
      ExistingSecurityGroupId: 'sg-00000000000000001',
    }),
  };
}

/** Installs of templates, each stack evaluated once for what it is given. */
export class Installs {
  readonly #templates: ReadonlyMap<string, Template>;
  readonly #known = new Map<string, DeployedStack>();
  readonly #quiet = new WeakMap<EvaluatedStack, DeployedStack>();

  /** `templates` by name: `common` for lakerunner-common.yaml. Stacks without a template are left out. */
  constructor(templates: ReadonlyMap<string, Template>) {
    this.#templates = templates;
  }

  /** The stacks one by one, exports of each there for the next. */
  chain(choice: Choice): Deployment {
    const imports = new Map<string, string>();
    const stacks: DeployedStack[] = [];
    let vpc: Values = {};
    for (const [name, parametersOf] of Object.entries(STACKS)) {
      const template = this.#templates.get(name);
      if (template === undefined) continue;
      const parameters = { ...parametersOf(choice, vpc), ...everywhere(choice, template) };
      const deployed = this.#deployed(name, template, {
        stackName: `lakerunner-${name}`,
        parameters,
        imports,
      });
      stacks.push(deployed);
      for (const [exported, value] of deployed.stack.exports) imports.set(exported, value);
      if (name === 'vpc') vpc = outputsOf(deployed);
    }
    return { stacks };
  }

  /** The VPC's stack, and the root with those nested in it. */
  root(choice: Choice): Deployment {
    const vpc = this.#stackOf('vpc', { parameters: STACKS.vpc(choice, {}), imports: new Map() });
    const template = this.#templates.get('root');
    if (vpc === undefined || template === undefined) return { stacks: vpc === undefined ? [] : [vpc] };
    const parameters = { ...rootParameters(choice, outputsOf(vpc)), ...everywhere(choice, template) };
    const root = this.#deployed('root', template, { stackName: 'lakerunner-root', parameters });
    const nested = Object.values(root.stack.resources).flatMap(({ nested: stack }) =>
      stack === undefined ? [] : (this.#quiet.get(stack) ?? []),
    );
    return { stacks: [vpc, root, ...nested] };
  }

  #stackOf(name: string, input: Omit<StackInput, 'stackName'>): DeployedStack | undefined {
    const template = this.#templates.get(name);
    return template && this.#deployed(name, template, { ...input, stackName: `lakerunner-${name}` });
  }

  /** A nested stack. Its problems are its parent's, too: beside it they are not told again. */
  #nested(url: string, input: StackInput): EvaluatedStack | undefined {
    const name = nameOf(url);
    const template = this.#templates.get(name);
    if (template === undefined) return undefined;
    const deployed = this.#deployed(name, template, input);
    const { stack } = deployed;
    const quiet = this.#quiet.get(stack) ?? { ...deployed, stack: { ...stack, problems: [] } };
    this.#quiet.set(stack, quiet);
    return stack;
  }

  #deployed(name: string, template: Template, input: StackInput): DeployedStack {
    const { stackName, parameters = {}, imports = new Map() } = input;
    const key = JSON.stringify([stackName, parameters, [...imports]]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const stack = evaluate(template, {
      ...input,
      nested: (url, child) => this.#nested(url, child),
      // Every subnet and group that a choice names is of one VPC.
      detailOf: (_thing, attribute) => (attribute === 'VpcId' ? vpcOf(parameters) : undefined),
    });
    const deployed = { file: `lakerunner-${name}.yaml`, template, stack };
    this.#known.set(key, deployed);
    return deployed;
  }
}

function outputsOf({ stack }: DeployedStack): Values {
  return Object.fromEntries(Object.entries(stack.outputs).map(([key, { value }]) => [key, value]));
}

function vpcOf(parameters: Readonly<Values>): string {
  return parameters.VpcId ?? parameters.VPCId ?? '';
}

function nameOf(url: string): string {
  return url.replace(/^.*\/lakerunner-/, '').replace(/\.yaml$/, '');
}
