import type { CfnParameter } from 'aws-cdk-lib/core';
import { type ImageName, type StackDefaults, stackDefaults } from '../../defaults.ts';
import type { ParameterOptions, TemplateStack } from '../../template-stack.ts';
import { type ByoParameters, byoParameters } from '../byo.ts';
import { type Setting, settingParameters } from '../common/parameters.ts';
import {
  arnParameter,
  certificateParameter,
  cidrParameter,
  collectorNameParameter,
  kmsKeyParameter,
  organizationParameter,
  schemeParameter,
  setupTokenParameter,
} from '../parameters.ts';

const DB_INSTANCE_CLASS = 'db.r6g.large';

/** Parts of an install that may be left out, and what each is. */
const PARTS = {
  CreateECSServices: ['Services', 'Yes', 'the services and their load balancer'],
  CreateGrafana: ['Grafana', 'Yes', 'Grafana behind the load balancer of the services'],
  CreateCollector: ['OTLP collector', 'Yes', 'the service that receives OTLP, and its load balancer'],
  CreateDemoApps: ['Demo', 'No', 'a service that sends made-up telemetry'],
} as const;

export type Part = keyof typeof PARTS;

/** Images by parameter, as the stacks of their services call them. Setup runs the image of the services. */
const IMAGES = {
  GoServicesImage: ['Image of the services and of setup', 'go_services'],
  QueryApiImage: ['Image of query-api', 'query_api'],
  QueryWorkerImage: ['Image of query-worker', 'query_worker'],
  OtelCollectorImage: ['Image of the collector', 'otel_collector'],
  GrafanaImage: ['Image of Grafana', 'grafana'],
  GrafanaInitImage: ["Image of Grafana's first container", 'grafana_init'],
  SampleAppImage: ['Image of the demo', 'sample_app'],
} as const satisfies Record<string, readonly [string, ImageName]>;

export type ImageParameter = keyof typeof IMAGES;

export interface RootParameters {
  readonly templateBaseUrl: CfnParameter;
  readonly vpcId: CfnParameter;
  readonly privateSubnets: readonly CfnParameter[];
  readonly publicSubnets: readonly CfnParameter[];
  readonly parts: Readonly<Record<Part, CfnParameter>>;
  readonly byo: ByoParameters;
  readonly taskRoleArn: CfnParameter;
  readonly kmsKeyArn: CfnParameter;
  readonly settings: Readonly<Record<Setting, CfnParameter>>;
  readonly scheme: CfnParameter;
  readonly sourceCidr: CfnParameter;
  readonly certificateArn: CfnParameter;
  readonly otelEndpoint: CfnParameter;
  readonly otelHeadersSecretArn: CfnParameter;
  readonly images: Readonly<Record<ImageParameter, CfnParameter>>;
  readonly grafanaResetToken: CfnParameter;
  readonly apiKeySecretArn: CfnParameter;
  readonly organizationId: CfnParameter;
  readonly collectorName: CfnParameter;
  readonly setupToken: CfnParameter;
}

/** Declares the parameters of the root, in the groups in which the console shows them. */
export function rootParameters(stack: TemplateStack): RootParameters {
  const declared = {
    templateBaseUrl: stack.parameter('TemplateBaseUrl', {
      label: 'Where the templates are',
      type: 'String',
      description:
        'URL of the bucket, and folder, that holds the other templates, without a slash at its end.',
      allowedPattern: '^https://[^ ]*[^ /]$',
      constraintDescription:
        'an https URL without a slash at its end, such as https://b.s3.eu-west-1.amazonaws.com/v1',
    }),
    vpcId: stack.parameter('VPCId', {
      label: 'VPC',
      type: 'AWS::EC2::VPC::Id',
      description: 'Where everything is made.',
    }),
    privateSubnets: ['PrivateSubnet1Id', 'PrivateSubnet2Id'].map((name) => privateSubnet(stack, name)),
    publicSubnets: ['PublicSubnet1Id', 'PublicSubnet2Id'].map((name) => publicSubnet(stack, name)),
    parts: partParameters(stack),
    byo: byoParameters(stack),
    taskRoleArn: arnParameter(stack, 'ExistingTaskRoleArn', {
      what: 'a role',
      service: 'iam',
      description:
        'Your role for all tasks, to which nothing is added. Needed with CreateS3Storage=No or CreateRDS=No.',
    }),
    kmsKeyArn: kmsKeyParameter(stack),
    settings: settingParameters(stack, { DbInstanceClass: DB_INSTANCE_CLASS }),
    scheme: schemeParameter(stack, 'AlbScheme'),
    sourceCidr: cidrParameter(stack, 'AlbSourceCidr', 'Who may ask queries, see Grafana and send telemetry.'),
    certificateArn: certificateParameter(stack),
    otelEndpoint: stack.parameter('OtelEndpoint', OTEL_ENDPOINT),
    otelHeadersSecretArn: arnParameter(stack, 'OtelHeadersSecretArn', {
      what: 'a secret',
      service: 'secretsmanager',
      description: 'Secret with the headers for that endpoint, as OTEL_EXPORTER_OTLP_HEADERS has them.',
    }),
    images: imageParameters(stack, stackDefaults()),
    grafanaResetToken: stack.parameter('GrafanaResetToken', {
      label: 'Grafana reset token',
      type: 'String',
      default: '',
      description: 'A new value wipes what Grafana has stored; nothing, and the same value again, do not.',
    }),
    apiKeySecretArn: arnParameter(stack, 'ApiKeySecretArn', {
      what: 'a secret',
      service: 'secretsmanager',
      description: 'JSON with api_key, one of those in ApiKeysOverride. Nothing: the generated key.',
    }),
    organizationId: organizationParameter(stack, stackDefaults().organization),
    collectorName: collectorNameParameter(stack),
    setupToken: setupTokenParameter(stack),
  };
  const { byo, settings, parts, images } = declared;
  stack.groups([
    {
      label: 'Templates and network',
      parameters: [
        ...['TemplateBaseUrl', 'VPCId', 'PrivateSubnet1Id', 'PrivateSubnet2Id'],
        ...['PublicSubnet1Id', 'PublicSubnet2Id'],
      ],
    },
    { label: 'Parts', parameters: Object.keys(parts) },
    { ...byo.group, parameters: [...byo.group.parameters, 'ExistingTaskRoleArn', 'KmsKeyArn'] },
    { label: 'Load balancers', parameters: ['AlbScheme', 'AlbSourceCidr', 'CertificateArn'] },
    {
      label: 'Settings',
      parameters: [
        ...Object.keys(settings),
        ...[
          'ApiKeySecretArn',
          'OrganizationId',
          'CollectorName',
          'OtelEndpoint',
          'OtelHeadersSecretArn',
          'SetupToken',
          'GrafanaResetToken',
        ],
      ],
    },
    { label: 'Images', parameters: Object.keys(images) },
  ]);
  return declared;
}

const OTEL_ENDPOINT: ParameterOptions = {
  label: 'OTLP endpoint',
  type: 'String',
  default: '',
  description:
    "Where the services' own logs and metrics go, as http://collector:4318. Nothing: nowhere but CloudWatch.",
  allowedPattern: '^(https?://\\S+)?$',
  constraintDescription: 'a URL of http or https, or nothing',
};

function privateSubnet(stack: TemplateStack, name: string): CfnParameter {
  return stack.parameter(name, {
    label: 'Private subnet',
    type: 'AWS::EC2::Subnet::Id',
    description: 'For tasks, database and file system; the two are in different zones.',
  });
}

/** A String, since a subnet's own type takes no empty value. */
function publicSubnet(stack: TemplateStack, name: string): CfnParameter {
  return stack.parameter(name, {
    label: 'Public subnet',
    type: 'String',
    default: '',
    description: 'For internet-facing load balancers; the two are in different zones.',
    allowedPattern: '^(subnet-[0-9a-f]+)?$',
    constraintDescription: 'empty, or the id of a subnet',
  });
}

function partParameters(stack: TemplateStack): Record<Part, CfnParameter> {
  const pairs = Object.entries(PARTS).map(([name, [label, byDefault, what]]) => [
    name,
    stack.parameter(name, {
      label,
      type: 'String',
      default: byDefault,
      allowedValues: ['Yes', 'No'],
      description: `Whether there is ${what}.`,
    }),
  ]);
  return Object.fromEntries(pairs) as Record<Part, CfnParameter>;
}

function imageParameters(
  stack: TemplateStack,
  { images }: StackDefaults,
): Record<ImageParameter, CfnParameter> {
  const pairs = Object.entries(IMAGES).map(([name, [label, image]]) => [
    name,
    stack.parameter(name, { label, type: 'String', default: images[image], description: `${label}.` }),
  ]);
  return Object.fromEntries(pairs) as Record<ImageParameter, CfnParameter>;
}
