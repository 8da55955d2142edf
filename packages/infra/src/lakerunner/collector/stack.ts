import { readFileSync } from 'node:fs';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { CfnCondition, type CfnParameter, Fn } from 'aws-cdk-lib/core';
import { serviceDefaults, stackDefaults } from '../../defaults.ts';
import { importedFrom, TemplateStack } from '../../template-stack.ts';
import { eitherText, isGiven, isValue, onlyIf } from '../conditions.ts';
import { imageParameter, type ServiceImage } from '../image.ts';
import {
  arnParameter,
  certificateParameter,
  cidrParameter,
  collectorNameParameter,
  kmsKeyParameter,
  organizationParameter,
  schemeParameter,
  stackNameParameter,
  taskRoleParameter,
} from '../parameters.ts';
import { PORTS } from '../ports.ts';
import { allow, allowKey, EXEC, ecsRole, START, type Statements } from '../roles.ts';
import { addressOf, Discovery } from '../services/discovery.ts';
import { databaseSecrets, databaseVariables, variables } from '../services/environment.ts';
import { LakeService } from '../services/service.ts';
import { GatewayBalancer } from './load-balancer.ts';

const NAME = 'otel-gateway';
const LAKERUNNERS_CONFIG = new URL('./otel-config.yaml', import.meta.url);

/** A gateway that takes OTLP from applications and collectors, and stores it as raw objects before it answers. */
export class CollectorStack extends TemplateStack {
  readonly #defaults = stackDefaults();
  readonly #common: CfnParameter;

  constructor() {
    super('Lakerunner OTEL collector: OTLP over gRPC and HTTP, behind a network load balancer.');
    this.#common = stackNameParameter(this, 'CommonInfraStackName', 'Common infrastructure stack');
    const scheme = schemeParameter(this, 'LoadBalancerType');
    const sourceCidr = cidrParameter(
      this,
      'SourceCidr',
      'Who may send. Senders of a private subnet reach an internet-facing load balancer with the address of their NAT gateway.',
    );
    const certificateArn = certificateParameter(this);
    const organization = organizationParameter(this, this.#defaults.organization);
    const collector = collectorNameParameter(this);
    const image = imageParameter(this, {
      name: 'OtelCollectorImage',
      description: "Ours, or Lakerunner's collector.",
      image: this.#defaults.images.otel_collector,
      marker: this.#defaults.collectorMarker,
      condition: 'Lakerunner',
    });
    const config = this.parameter('OtelConfigYaml', {
      type: 'String',
      default: '',
      description:
        "For Lakerunner's collector, which is given one anyway. Our image refuses to start with one.",
    });
    const apiKeyArn = arnParameter(this, 'ApiKeySecretArn', {
      what: 'a secret',
      service: 'secretsmanager',
      description:
        'Secret whose JSON has api_key, which the services send their own telemetry with; nothing: the generated key of the common stack.',
    });
    const taskRoleArn = taskRoleParameter(this);
    const kmsKeyArn = kmsKeyParameter(this);
    this.groups([
      { label: 'Stacks', parameters: ['CommonInfraStackName'] },
      { label: 'Load balancer', parameters: ['LoadBalancerType', 'SourceCidr', 'CertificateArn'] },
      {
        label: 'Collector',
        parameters: [
          'OrganizationId',
          'CollectorName',
          'OtelCollectorImage',
          'OtelConfigYaml',
          'ApiKeySecretArn',
        ],
      },
      { label: 'Bring your own', parameters: ['TaskRoleArn', 'KmsKeyArn'] },
    ]);
    const hasCertificate = isGiven(this, 'HasCertificate', certificateArn);
    const hasOwnRole = isValue(this, 'HasOwnRole', taskRoleArn, '');
    const key = allowKey(isGiven(this, 'HasKmsKey', kmsKeyArn), kmsKeyArn.valueAsString);
    const balancing = new GatewayBalancer(this, {
      ...{ common: this.#common, scheme, sourceCidr, certificateArn, hasCertificate },
      isInternetFacing: isValue(this, 'IsInternetFacing', scheme, 'internet-facing'),
      isLakerunners: image.isLakerunners,
    });
    const execution = ecsRole(this, 'ExecutionRole', {
      statements: [
        ...START,
        key,
        allow(['secretsmanager:GetSecretValue'], importedFrom(this.#common, 'DbSecretArn')),
      ],
    });
    const task = ecsRole(this, 'TaskRole', { statements: [...this.#access(), key, EXEC] });
    task.cfnOptions.condition = hasOwnRole;
    const discovery = new Discovery(this, importedFrom(this.#common, 'VpcId'));
    const { service } = new LakeService(this, {
      ...{ name: NAME, common: this.#common, image, behind: balancing.behind },
      defaults: serviceDefaults(this.#defaults, NAME),
      environment: [
        ...variables({ OTEL_SERVICE_NAME: NAME }),
        ...databaseVariables(this.#common),
        ...variables({
          LAKEWRIGHT_ORGANIZATION_ID: organization.valueAsString,
          LAKEWRIGHT_COLLECTOR: collector.valueAsString,
          ORGANIZATION_ID: organization.valueAsString,
          COLLECTOR_NAME: collector.valueAsString,
          AWS_S3_BUCKET: importedFrom(this.#common, 'BucketName'),
        }),
        this.#configuration(config, image),
      ],
      secrets: databaseSecrets(this.#common),
      taskRoleArn: eitherText(hasOwnRole, task.attrArn, taskRoleArn.valueAsString),
      executionRole: execution,
      registryArn: discovery.service('GatewayDiscovery', NAME).attrArn,
    });

    const dns = balancing.balancer.attrDnsName;
    const urlScheme = eitherText(hasCertificate, 'https', 'http');
    const endpoint = (port: number) =>
      Fn.sub(`\${Scheme}://\${LoadBalancer.DNSName}:${port}`, { Scheme: urlScheme });
    this.output('LoadBalancerDNS', dns, { description: 'Name of the load balancer' });
    this.output('GrpcEndpoint', endpoint(PORTS.otlpGrpc), { description: 'OTLP over gRPC' });
    this.output('HttpEndpoint', endpoint(PORTS.otlpHttp), { description: 'OTLP over HTTP' });
    this.output('InternalHttpEndpoint', addressOf(NAME, PORTS.otlpHttp, 'http://'), {
      description: 'OTLP over HTTP for tasks of this install, past the load balancer',
    });
    this.output('OtelHeadersSecretArn', this.#headers(apiKeyArn).ref, {
      description: 'Secret with the headers that the services of this install send with',
    });
    this.output('ServiceArn', service.ref, { description: 'ECS service' });
  }

  /** As OTEL_EXPORTER_OTLP_HEADERS has them: ECS puts a secret into a variable as it is. */
  #headers(apiKeyArn: CfnParameter): CfnSecret {
    const arn = eitherText(
      isGiven(this, 'HasApiKeySecret', apiKeyArn),
      apiKeyArn.valueAsString,
      importedFrom(this.#common, 'ApiKeySecretArn'),
    );
    const key = `{{resolve:secretsmanager:\${Arn}:SecretString:api_key}}`;
    return new CfnSecret(this, 'OtelHeadersSecret', {
      description: 'Headers of OTLP requests with the API key of this install',
      secretString: Fn.sub(`authorization=Bearer%20${key}`, { Arn: arn }),
    });
  }

  /** Raw objects are written; without ListBucket S3 says of what is not there that it may not be looked at. */
  #access(): Statements {
    const bucket = importedFrom(this.#common, 'BucketArn');
    return [
      allow(['s3:ListBucket'], bucket),
      allow(
        ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'],
        Fn.join('/', [bucket, 'otel-raw/*']),
      ),
    ];
  }

  /** Given to Lakerunner's collector in any case, and to ours only for it to refuse what somebody means for the other. */
  #configuration(config: CfnParameter, image: ServiceImage) {
    const isCustom = isGiven(this, 'HasCustomConfig', config);
    const isPassed = new CfnCondition(this, 'PassesConfig', {
      expression: Fn.conditionOr(isCustom, image.isLakerunners),
    });
    const usual = readFileSync(LAKERUNNERS_CONFIG, 'utf8').replace(/^#.*\n/gm, '');
    return onlyIf(isPassed, {
      Name: 'CHQ_COLLECTOR_CONFIG_YAML',
      Value: eitherText(isCustom, config.valueAsString, usual),
    });
  }
}
