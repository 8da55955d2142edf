import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { CfnParameter } from 'aws-cdk-lib/core';
import { Aws, Fn } from 'aws-cdk-lib/core';
import { type ImageName, serviceDefaults, stackDefaults } from '../../defaults.ts';
import { importedFrom, TemplateStack } from '../../template-stack.ts';
import { eitherText, isGiven, isValue } from '../conditions.ts';
import { imageParameter, type ServiceImage } from '../image.ts';
import {
  arnParameter,
  certificateParameter,
  cidrParameter,
  kmsKeyParameter,
  schemeParameter,
  stackNameParameter,
  taskRoleParameter,
} from '../parameters.ts';
import { PORTS } from '../ports.ts';
import { titleOf } from '../titles.ts';
import { addressOf, Discovery } from './discovery.ts';
import {
  databaseSecrets,
  databaseVariables,
  headersSecret,
  type Telemetry,
  telemetryVariables,
  variables,
} from './environment.ts';
import { Alb, httpListener, targetsNameOf } from './load-balancer.ts';
import { ServiceRoles, type Tier } from './roles.ts';
import { LakeService, type LakeServiceOptions } from './service.ts';

/** Services that work, by what they may do with the bucket; the two that answer queries stand apart. */
const WORKERS: Readonly<Record<string, Tier>> = {
  'lakerunner-pubsub-sqs': 'pubsub',
  'lakerunner-ingest-logs': 'write',
  'lakerunner-ingest-metrics': 'write',
  'lakerunner-ingest-traces': 'write',
  'lakerunner-compact-logs': 'write',
  'lakerunner-compact-metrics': 'write',
  'lakerunner-compact-traces': 'write',
  'lakerunner-rollup-metrics': 'write',
  'lakerunner-sweeper': 'sweep',
};
const QUERY_API = 'lakerunner-query-api';
const QUERY_WORKER = 'lakerunner-query-worker';

/** What differs between one service and the next. */
type Particular = Pick<LakeServiceOptions, 'image' | 'taskRoleArn' | 'executionRole'> &
  Partial<Pick<LakeServiceOptions, 'behind' | 'registryArn'>> & {
    readonly variables?: Readonly<Record<string, string>>;
    readonly secrets?: Readonly<Record<string, string>>;
  };

/** The services of the lake on Fargate, and the load balancer in front of the query API. */
export class ServicesStack extends TemplateStack {
  readonly #defaults = stackDefaults();
  readonly #common: CfnParameter;
  readonly #telemetry: Telemetry;

  constructor() {
    super('Lakerunner services: ingest, compaction, rollups, sweeping and queries on ECS Fargate.');
    this.#common = stackNameParameter(this, 'CommonInfraStackName', 'Common infrastructure stack');
    const scheme = schemeParameter(this, 'AlbScheme');
    const sourceCidr = cidrParameter(this, 'AlbSourceCidr', 'Who may ask the query API.');
    const certificateArn = certificateParameter(this);
    const endpoint = this.parameter('OtelEndpoint', {
      type: 'String',
      default: '',
      description:
        "Where the services' own logs and metrics go, as http://collector:4318; nothing: nowhere but CloudWatch.",
      allowedPattern: '^(https?://\\S+)?$',
      constraintDescription: 'a URL of http or https, or nothing',
    });
    const headers = arnParameter(this, 'OtelHeadersSecretArn', {
      what: 'a secret',
      service: 'secretsmanager',
      description: 'Secret with the headers for that endpoint, as OTEL_EXPORTER_OTLP_HEADERS has them.',
    });
    const images = {
      go: this.#image('GoServicesImage', 'go_services', 'Theirs'),
      api: this.#image('QueryApiImage', 'query_api', 'TheirApi'),
      worker: this.#image('QueryWorkerImage', 'query_worker', 'TheirWorker'),
    };
    const taskRoleArn = taskRoleParameter(this);
    const kmsKeyArn = kmsKeyParameter(this);
    this.groups([
      { label: 'Stacks', parameters: ['CommonInfraStackName'] },
      { label: 'Load balancer', parameters: ['AlbScheme', 'AlbSourceCidr', 'CertificateArn'] },
      { label: 'Images', parameters: ['GoServicesImage', 'QueryApiImage', 'QueryWorkerImage'] },
      { label: 'Telemetry', parameters: ['OtelEndpoint', 'OtelHeadersSecretArn'] },
      { label: 'Bring your own', parameters: ['TaskRoleArn', 'KmsKeyArn'] },
    ]);
    this.#telemetry = {
      ...{ endpoint, headers },
      isOn: isGiven(this, 'EnableOtlp', endpoint),
      hasHeaders: isGiven(this, 'Headers', headers),
    };
    const hasCertificate = isGiven(this, 'HasCertificate', certificateArn);
    const isInternetFacing = isValue(this, 'IsInternetFacing', scheme, 'internet-facing');

    const vpcId = importedFrom(this.#common, 'VpcId');
    const alb = new Alb(this, { common: this.#common, scheme, isInternetFacing, sourceCidr });
    const behind = httpListener(this, {
      ...{ balancer: alb.balancer.ref, vpcId, certificateArn, hasCertificate },
      port: PORTS.queryApi,
      targetsName: targetsNameOf(PORTS.queryApi, scheme),
      healthPath: serviceDefaults(this.#defaults, QUERY_API).healthCheckPath as string,
    });
    const token = new CfnSecret(this, 'TokenSecret', {
      description: 'Key with which query-api and query-worker sign what they say to each other',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });
    const roles = new ServiceRoles(this, {
      ...{ common: this.#common, taskRoleArn, kmsKeyArn, tokenSecret: token.ref },
      hasOwnRoles: isValue(this, 'OwnRoles', taskRoleArn, ''),
      hasKmsKey: isGiven(this, 'HasKmsKey', kmsKeyArn),
      asksEcs: images.api.isLakerunners,
      telemetry: this.#telemetry,
    });
    for (const [name, tier] of Object.entries(WORKERS)) {
      this.#service(name, {
        image: images.go,
        taskRoleArn: roles.taskRoleArn(tier),
        executionRole: roles.execution,
        ...(tier === 'pubsub' ? { variables: this.#queue() } : {}),
      });
    }
    const discovery = new Discovery(this, vpcId);
    const query = {
      taskRoleArn: roles.taskRoleArn('query'),
      executionRole: roles.queryExecution,
      secrets: { TOKEN_HMAC256_KEY: token.ref },
    };
    const worker = this.#service(QUERY_WORKER, {
      ...query,
      image: images.worker,
      registryArn: discovery.service('WorkerDiscovery', 'query-worker').attrArn,
    });
    this.#service(QUERY_API, {
      ...{ ...query, image: images.api, behind: [behind] },
      registryArn: discovery.service('ApiDiscovery', 'query-api').attrArn,
      variables: {
        QUERY_WORKER_SERVICE_NAME: addressOf('query-worker', PORTS.queryWorker),
        // Lakerunner's query API finds workers by asking ECS.
        ECS_WORKER_SERVICE_NAME: worker.service.attrName,
        QUERY_WORKER_CLUSTER_NAME: Fn.select(1, Fn.split('/', importedFrom(this.#common, 'ClusterArn'))),
      },
    });

    this.output('AlbDNS', alb.balancer.attrDnsName);
    this.output('AlbArn', alb.balancer.ref);
    this.output('AlbSecurityGroupId', alb.group.attrGroupId);
    this.output('Tg7101Arn', behind.targets.ref);
    const url = Fn.sub(`\${Scheme}://\${Alb.DNSName}:${PORTS.queryApi}`, {
      Scheme: eitherText(hasCertificate, 'https', 'http'),
    });
    this.output('QueryApiUrl', url, { description: 'Query API at the load balancer' });
    this.output('QueryApiInternalUrl', addressOf('query-api', PORTS.queryApi, 'http://'), {
      description: 'Query API for tasks of this install, past the load balancer',
    });
    this.output('TaskRoleArn', roles.taskRoleArn('write'), { description: 'Role of the tasks that write' });
    this.output('ExecutionRoleArn', roles.execution.attrArn, { description: 'Role that starts tasks' });
  }

  #queue(): Record<string, string> {
    return { SQS_QUEUE_URL: importedFrom(this.#common, 'QueueUrl'), SQS_REGION: Aws.REGION };
  }

  #image(name: string, image: ImageName, condition: string): ServiceImage {
    return imageParameter(this, {
      ...{ name, condition },
      description: "Ours, or Lakerunner's of the same name.",
      image: this.#defaults.images[image],
      marker: this.#defaults.lakerunnerMarker,
    });
  }

  #service(name: string, particular: Particular): LakeService {
    const defaults = serviceDefaults(this.#defaults, name);
    const { variables: own = {}, secrets = {}, ...options } = particular;
    const made = new LakeService(this, {
      ...{ ...options, name, defaults, common: this.#common },
      environment: [
        ...telemetryVariables(this.#telemetry),
        ...databaseVariables(this.#common),
        ...variables({ ...own, ...defaults.environment }),
      ],
      secrets: [
        ...databaseSecrets(this.#common),
        headersSecret(this.#telemetry),
        ...Object.entries(secrets).map(([variable, valueFrom]) => ({ name: variable, valueFrom })),
      ],
    });
    this.output(`Service${titleOf(name)}Arn`, made.service.ref, {
      exportName: `${name}-ServiceArn`,
    });
    return made;
  }
}
