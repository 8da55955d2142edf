import { CfnCondition, type CfnParameter, type CfnResource, CfnStack, Fn, Token } from 'aws-cdk-lib/core';
import { TemplateStack } from '../../template-stack.ts';
import { eitherText, not } from '../conditions.ts';
import { type Part, type RootParameters, rootParameters } from './parameters.ts';
import { rootRules } from './rules.ts';

/** A whole install: the other templates as nested stacks, in their order. */
export class RootStack extends TemplateStack {
  readonly #parameters: RootParameters;
  readonly #hasPublicSubnets: CfnCondition;

  constructor() {
    super('Lakerunner: a whole install, of stacks that are made or brought.');
    this.#parameters = rootParameters(this);
    rootRules(this, this.#parameters);
    const { publicSubnets } = this.#parameters;
    this.#hasPublicSubnets = new CfnCondition(this, 'HasPublicSubnetsCondition', {
      expression: Fn.conditionAnd(
        ...publicSubnets.map(({ valueAsString }) => not(Fn.conditionEquals(valueAsString, ''))),
      ),
    });
    const conditions = this.#conditions();

    const common = this.#common();
    const setup = this.#setup(common);
    const services = this.#services(common, conditions.CreateECSServices, setup);
    const collector = this.#collector(common, conditions.CreateCollector, setup);
    const grafana = this.#grafana(common, services, conditions.CreateGrafana);
    this.#demo(common, services, collector, conditions.CreateDemoApps);

    this.#commonOutputs(common);
    this.#outputsOf(services, conditions.CreateECSServices, {
      AlbDNS: 'Load balancer of the query API and Grafana',
      QueryApiUrl: 'Query API',
    });
    this.#outputsOf(grafana, conditions.CreateGrafana, {
      GrafanaUrl: 'Grafana',
      GrafanaAdminSecretArn: "Secret with username and password of Grafana's administrator",
    });
    this.#outputsOf(collector, conditions.CreateCollector, {
      GrpcEndpoint: 'OTLP over gRPC',
      HttpEndpoint: 'OTLP over HTTP',
    });
  }

  /** By part: what it needs is in its own condition, too, so that nothing refers to what is not there. */
  #conditions(): Record<Part, CfnCondition> {
    const { parts } = this.#parameters;
    const yes = (part: Part) => Fn.conditionEquals(parts[part].valueAsString, 'Yes');
    const needs: Record<Part, readonly Part[]> = {
      CreateECSServices: [],
      CreateCollector: [],
      CreateGrafana: ['CreateECSServices'],
      CreateDemoApps: ['CreateECSServices', 'CreateCollector'],
    };
    const pairs = Object.entries(needs).map(([part, others]) => {
      const expressions = [part as Part, ...others].map(yes);
      const expression = expressions.length === 1 ? expressions[0] : Fn.conditionAnd(...expressions);
      return [part, new CfnCondition(this, `${part}Condition`, { expression })];
    });
    return Object.fromEntries(pairs) as Record<Part, CfnCondition>;
  }

  #common(): CfnStack {
    const { vpcId, byo, settings } = this.#parameters;
    return this.#nested('CommonStack', 'lakerunner-common', {
      VpcId: vpcId.valueAsString,
      PrivateSubnets: this.#joined('private'),
      PublicSubnets: eitherText(this.#hasPublicSubnets, this.#joined('public'), ''),
      ...handedOn({ ...byo.switches, ...byo.existing, ...settings }),
    });
  }

  #setup(common: CfnStack): CfnStack {
    const { images, setupToken } = this.#parameters;
    return this.#nested('EcsSetupStack', 'lakerunner-ecs-setup', {
      CommonInfraStackName: nameOf(common),
      // The tables are made by the program that reads them.
      ContainerImage: images.GoServicesImage.valueAsString,
      ...this.#roleAndKey(),
      ...handedOn({ SetupToken: setupToken }),
    });
  }

  #services(common: CfnStack, condition: CfnCondition, setup: CfnStack): CfnStack {
    const { scheme, sourceCidr, certificateArn, otelEndpoint, otelHeadersSecretArn, images } =
      this.#parameters;
    const { GoServicesImage, QueryApiImage, QueryWorkerImage } = images;
    const services = this.#nested(
      'EcsServicesStack',
      'lakerunner-ecs-services',
      {
        CommonInfraStackName: nameOf(common),
        ...this.#roleAndKey(),
        ...handedOn({ AlbScheme: scheme, AlbSourceCidr: sourceCidr, CertificateArn: certificateArn }),
        ...handedOn({ OtelEndpoint: otelEndpoint, OtelHeadersSecretArn: otelHeadersSecretArn }),
        ...handedOn({ GoServicesImage, QueryApiImage, QueryWorkerImage }),
      },
      condition,
    );
    services.addResourceDependency(setup);
    return services;
  }

  #collector(common: CfnStack, condition: CfnCondition, setup: CfnStack): CfnStack {
    const { scheme, sourceCidr, certificateArn, images, apiKeySecretArn, organizationId, collectorName } =
      this.#parameters;
    const { OtelCollectorImage } = images;
    const collector = this.#nested(
      'CollectorStack',
      'lakerunner-otel-collector',
      {
        CommonInfraStackName: nameOf(common),
        ...this.#roleAndKey(),
        ...handedOn({ LoadBalancerType: scheme, SourceCidr: sourceCidr, CertificateArn: certificateArn }),
        ...handedOn({ OtelCollectorImage, ApiKeySecretArn: apiKeySecretArn }),
        // Otherwise the gateway would refuse the keys of any other organization, which ApiKeysOverride may give.
        ...handedOn({ OrganizationId: organizationId, CollectorName: collectorName }),
      },
      condition,
    );
    collector.addResourceDependency(setup);
    return collector;
  }

  #grafana(common: CfnStack, services: CfnStack, condition: CfnCondition): CfnStack {
    const { sourceCidr, certificateArn, images, grafanaResetToken, apiKeySecretArn, kmsKeyArn } =
      this.#parameters;
    const { GrafanaImage, GrafanaInitImage } = images;
    return this.#nested(
      'GrafanaStack',
      'lakerunner-grafana-service',
      {
        CommonInfraStackName: nameOf(common),
        ServicesStackName: nameOf(services),
        ...handedOn({ AlbSourceCidr: sourceCidr, CertificateArn: certificateArn }),
        ...handedOn({ GrafanaImage, GrafanaInitImage }),
        ...handedOn({ GrafanaResetToken: grafanaResetToken, GrafanaApiKeySecretArn: apiKeySecretArn }),
        ...handedOn({ KmsKeyArn: kmsKeyArn }),
      },
      condition,
    );
  }

  #demo(common: CfnStack, services: CfnStack, collector: CfnStack, condition: CfnCondition): CfnStack {
    const { images, apiKeySecretArn, kmsKeyArn } = this.#parameters;
    const { SampleAppImage } = images;
    return this.#nested(
      'DemoAppsStack',
      'lakerunner-demo-apps',
      {
        CommonInfraStackName: nameOf(common),
        ServicesStackName: nameOf(services),
        OtelCollectorStackName: nameOf(collector),
        ...handedOn({ SampleAppImage, ApiKeySecretArn: apiKeySecretArn, KmsKeyArn: kmsKeyArn }),
      },
      condition,
    );
  }

  #nested(id: string, file: string, parameters: Record<string, string>, condition?: CfnCondition): CfnStack {
    const { templateBaseUrl } = this.#parameters;
    const nested = new CfnStack(this, id, {
      templateUrl: Fn.sub(`\${${templateBaseUrl.logicalId}}/${file}.yaml`),
      parameters,
    });
    nested.cfnOptions.condition = condition;
    return nested;
  }

  #roleAndKey(): Record<string, string> {
    const { taskRoleArn, kmsKeyArn } = this.#parameters;
    return handedOn({ TaskRoleArn: taskRoleArn, KmsKeyArn: kmsKeyArn });
  }

  #joined(which: 'private' | 'public'): string {
    const { privateSubnets, publicSubnets } = this.#parameters;
    const subnets = which === 'private' ? privateSubnets : publicSubnets;
    return Fn.join(
      ',',
      subnets.map(({ valueAsString }) => valueAsString),
    );
  }

  #commonOutputs(common: CfnStack): void {
    this.output('VPCId', this.#parameters.vpcId.valueAsString, { description: 'VPC' });
    this.output('PrivateSubnets', this.#joined('private'), { description: 'Private subnet ids' });
    this.output('PublicSubnets', this.#joined('public'), {
      description: 'Public subnet ids',
      condition: this.#hasPublicSubnets,
    });
    const outputs = {
      BucketName: 'BucketName',
      BucketArn: 'BucketArn',
      QueueUrl: 'QueueUrl',
      DatabaseEndpoint: 'DbEndpoint',
      DatabasePort: 'DbPort',
      DatabaseSecretArn: 'DbSecretArn',
      ClusterArn: 'ClusterArn',
      ApiKeySecretArn: 'ApiKeySecretArn',
    };
    for (const [name, of] of Object.entries(outputs)) {
      this.output(name, outputOf(common, of), { description: `${of} of the common stack` });
    }
    this.output('TaskSecurityGroupId', outputOf(common, 'TaskSecurityGroupId'), {
      description: 'Security group of all tasks',
      exportName: 'TaskSGId',
    });
    this.output('CommonInfraStackName', nameOf(common), {
      description: 'For stacks that are added by hand',
      exportName: false,
    });
  }

  #outputsOf(nested: CfnStack, condition: CfnCondition, outputs: Record<string, string>): void {
    for (const [name, description] of Object.entries(outputs)) {
      this.output(name, outputOf(nested, name), { description, condition });
    }
  }
}

/** The name of a nested stack, out of its ARN. */
function nameOf(nested: CfnStack): string {
  return Fn.select(1, Fn.split('/', nested.ref));
}

function outputOf(nested: CfnResource, name: string): string {
  return Token.asString(nested.getAtt(`Outputs.${name}`));
}

/** Parameters for a nested stack by the same names. */
function handedOn(parameters: Readonly<Record<string, CfnParameter>>): Record<string, string> {
  const pairs = Object.entries(parameters).map(([name, { value }]) => [name, Token.asString(value)]);
  return Object.fromEntries(pairs);
}
