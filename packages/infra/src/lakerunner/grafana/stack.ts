import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { CfnParameter as CfnSsmParameter } from 'aws-cdk-lib/aws-ssm';
import type { CfnCondition, CfnParameter, IResolvable } from 'aws-cdk-lib/core';
import { Fn } from 'aws-cdk-lib/core';
import { type ImageName, serviceDefaults, stackDefaults } from '../../defaults.ts';
import { importedFrom, TemplateStack } from '../../template-stack.ts';
import { eitherText, isGiven } from '../conditions.ts';
import { fargateService, serviceLogGroup, taskDefinition } from '../fargate.ts';
import {
  arnParameter,
  certificateParameter,
  cidrParameter,
  kmsKeyParameter,
  stackNameParameter,
} from '../parameters.ts';
import { PORTS } from '../ports.ts';
import { allow, allowKey, EXEC, ecsRole, START } from '../roles.ts';
import { httpListener, openPort } from '../services/load-balancer.ts';
import { GRAFANA, type GrafanaMeans, grafanaContainers, HOME_VOLUME } from './containers.ts';
import { GrafanaFiles } from './files.ts';

/** The service's name in the defaults and in the names of logs, and as a part of logical ids. */
const NAME = 'grafana';
const TITLE = 'Grafana';

/** Stock Grafana behind the load balancer of the services, with the lake as its data sources. */
export class GrafanaStack extends TemplateStack {
  readonly #defaults = stackDefaults();
  readonly #grafana = serviceDefaults(this.#defaults, NAME);
  readonly #common: CfnParameter;
  readonly #services: CfnParameter;

  constructor() {
    super('Lakerunner Grafana: dashboards over the query API, on port 3000 of the load balancer.');
    this.#common = stackNameParameter(this, 'CommonInfraStackName', 'Common infrastructure stack');
    this.#services = stackNameParameter(this, 'ServicesStackName', 'Services stack');
    const grafanaImage = this.#image('GrafanaImage', 'grafana', 'Stock Grafana, 12 or newer.');
    const initImage = this.#image(
      'GrafanaInitImage',
      'grafana_init',
      'Our image, which brings the dashboards and the way to reset.',
    );
    const resetToken = this.parameter('GrafanaResetToken', {
      type: 'String',
      default: '',
      maxLength: 256,
      description:
        'A value other than the last one deletes everything in Grafana: users, dashboards, settings. Nothing, or the same again: nothing happens.',
    });
    const sourceCidr = cidrParameter(this, 'AlbSourceCidr', 'Who may open Grafana.');
    const certificateArn = certificateParameter(this);
    const apiKeyArn = arnParameter(this, 'GrafanaApiKeySecretArn', {
      what: 'a secret',
      service: 'secretsmanager',
      description:
        'Secret whose JSON has api_key, which Grafana asks with; nothing: the generated key of the common stack. Needed with ApiKeysOverride.',
    });
    const kmsKeyArn = kmsKeyParameter(this, 'the secret with the API key');
    this.groups([
      { label: 'Stacks', parameters: ['CommonInfraStackName', 'ServicesStackName'] },
      { label: 'Images', parameters: ['GrafanaImage', 'GrafanaInitImage'] },
      {
        label: 'Access',
        parameters: ['AlbSourceCidr', 'CertificateArn', 'GrafanaApiKeySecretArn', 'KmsKeyArn'],
      },
      { label: 'Reset', parameters: ['GrafanaResetToken'] },
    ]);
    const hasApiKey = isGiven(this, 'HasApiKeySecret', apiKeyArn);
    const hasCertificate = isGiven(this, 'HasCertificate', certificateArn);
    const apiKey = eitherText(
      hasApiKey,
      apiKeyArn.valueAsString,
      importedFrom(this.#common, 'ApiKeySecretArn'),
    );

    const admin = new CfnSecret(this, 'GrafanaSecret', {
      description: 'First administrator of Grafana',
      generateSecretString: {
        secretStringTemplate: '{"username":"lakerunner"}',
        generateStringKey: 'password',
        passwordLength: 32,
        excludePunctuation: true,
      },
    });
    const url = this.#url(hasCertificate);
    const service = this.#service(
      {
        ...{ image: grafanaImage, initImage, resetToken, url },
        adminSecretArn: admin.ref,
        apiKeySecretArn: apiKey,
      },
      allowKey(isGiven(this, 'HasKmsKey', kmsKeyArn), kmsKeyArn.valueAsString),
      this.#listener({ sourceCidr, certificateArn, hasCertificate }),
    );
    this.output('GrafanaAdminSecretArn', admin.ref, {
      description: 'Secret with the username and the password of the first administrator',
    });
    this.output('GrafanaServiceArn', service.ref, { description: 'ECS service', exportName: 'ServiceArn' });
    this.output('GrafanaUrl', url, { description: 'Where Grafana is', exportName: false });
  }

  /** An output may not be what another stack exports, and so it stands in a parameter, too. */
  #url(hasCertificate: CfnCondition): string {
    const value = Fn.sub(`\${Scheme}://\${Host}:${PORTS.grafana}`, {
      Scheme: eitherText(hasCertificate, 'https', 'http'),
      Host: importedFrom(this.#services, 'AlbDNS'),
    });
    const description = 'Where Grafana is';
    return new CfnSsmParameter(this, 'GrafanaUrlParam', { type: 'String', value, description }).attrValue;
  }

  #listener(means: { sourceCidr: CfnParameter; certificateArn: CfnParameter; hasCertificate: CfnCondition }) {
    const { sourceCidr, certificateArn, hasCertificate } = means;
    openPort(this, {
      port: PORTS.grafana,
      balancerGroup: importedFrom(this.#services, 'AlbSecurityGroupId'),
      taskGroup: importedFrom(this.#common, 'TaskSGId'),
      cidr: sourceCidr.valueAsString,
    });
    return httpListener(this, {
      port: PORTS.grafana,
      balancer: importedFrom(this.#services, 'AlbArn'),
      vpcId: importedFrom(this.#common, 'VpcId'),
      healthPath: this.#grafana.healthCheckPath as string,
      ...{ certificateArn, hasCertificate },
    });
  }

  #service(
    means: Omit<GrafanaMeans, 'defaults' | 'logs' | 'queryApiUrl'>,
    key: IResolvable,
    { targets, listener }: ReturnType<typeof httpListener>,
  ) {
    const common = this.#common;
    const files = new GrafanaFiles(this, common);
    const { adminSecretArn, apiKeySecretArn } = means;
    const secrets = allow(['secretsmanager:GetSecretValue'], [adminSecretArn, apiKeySecretArn]);
    const execution = ecsRole(this, 'ExecutionRole', { statements: [...START, secrets, key] });
    const role = ecsRole(this, 'TaskRole', { statements: [files.access(), EXEC] });
    const logs = serviceLogGroup(this, TITLE, NAME);
    const task = taskDefinition(this, TITLE, {
      size: this.#grafana,
      containers: grafanaContainers({
        ...means,
        ...{ defaults: this.#grafana, logs },
        queryApiUrl: importedFrom(this.#services, 'QueryApiInternalUrl'),
      }),
      executionRole: execution.attrArn,
      taskRole: role.attrArn,
      volumes: [files.volume(HOME_VOLUME)],
    });
    const service = fargateService(this, TITLE, {
      ...{ common, task, subnets: files.subnets() },
      desiredCount: this.#grafana.replicas,
      // The next one waits for the lock of the last one, which must therefore go first.
      healthy: { minimum: 0, maximum: 100 },
      loadBalancers: [{ containerName: GRAFANA, containerPort: PORTS.grafana, targetGroupArn: targets.ref }],
      graceSeconds: 180,
    });
    service.addResourceDependency(listener);
    return service;
  }

  #image(name: string, image: ImageName, description: string): CfnParameter {
    return this.parameter(name, {
      ...{ description, type: 'String' },
      default: this.#defaults.images[image],
    });
  }
}
