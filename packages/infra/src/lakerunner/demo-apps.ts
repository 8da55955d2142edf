import { serviceDefaults, stackDefaults } from '../defaults.ts';
import { importedFrom, TemplateStack } from '../template-stack.ts';
import { eitherText, isGiven } from './conditions.ts';
import { containerBase, fargateService, OUR_USER, serviceLogGroup, taskDefinition } from './fargate.ts';
import { arnParameter, kmsKeyParameter, stackNameParameter } from './parameters.ts';
import { allow, allowKey, EXEC, ecsRole, START } from './roles.ts';
import { fieldOf, variables } from './services/environment.ts';
import { titleOf } from './titles.ts';

const NAME = 'sample-app';

/** A shop that sends made-up telemetry to the collector, so that there is something to look at. */
export class DemoAppsStack extends TemplateStack {
  constructor() {
    super('Lakerunner demo: a sample application that sends telemetry to the collector.');
    const stack = stackDefaults();
    const common = stackNameParameter(this, 'CommonInfraStackName', 'Common infrastructure stack');
    const servicesStack = stackNameParameter(this, 'ServicesStackName', 'Services stack');
    const collector = stackNameParameter(this, 'OtelCollectorStackName', 'OTEL collector stack');
    const image = this.parameter('SampleAppImage', {
      type: 'String',
      default: stack.images.sample_app,
      description: 'Our image, which runs lakewright demo.',
    });
    const keyArn = arnParameter(this, 'ApiKeySecretArn', {
      what: 'a secret',
      service: 'secretsmanager',
      description:
        'Secret whose JSON has api_key, which is sent with; nothing: the generated key of the common stack. Needed with ApiKeysOverride.',
    });
    const kmsKeyArn = kmsKeyParameter(this, 'the secret with the API key');
    this.groups([
      {
        label: 'Stacks',
        parameters: ['CommonInfraStackName', 'ServicesStackName', 'OtelCollectorStackName'],
      },
      { label: 'Application', parameters: ['SampleAppImage', 'ApiKeySecretArn', 'KmsKeyArn'] },
    ]);
    const apiKey = eitherText(
      isGiven(this, 'HasApiKeySecret', keyArn),
      keyArn.valueAsString,
      importedFrom(common, 'ApiKeySecretArn'),
    );
    const title = titleOf(NAME);
    const logs = serviceLogGroup(this, title, NAME);
    const execution = ecsRole(this, 'ExecutionRole', {
      statements: [
        ...START,
        allow(['secretsmanager:GetSecretValue'], apiKey),
        allowKey(isGiven(this, 'HasKmsKey', kmsKeyArn), kmsKeyArn.valueAsString),
      ],
    });
    const defaults = serviceDefaults(stack, NAME);
    const task = taskDefinition(this, title, {
      size: defaults,
      containers: [
        {
          ...containerBase({ name: 'AppContainer', image, logs }),
          command: [...(defaults.command ?? [])],
          user: OUR_USER,
          readonlyRootFilesystem: true,
          environment: variables({
            OTEL_SERVICE_NAME: NAME,
            OTEL_EXPORTER_OTLP_ENDPOINT: importedFrom(collector, 'InternalHttpEndpoint'),
            // For `lakewright query` in the container.
            LAKEWRIGHT_URL: importedFrom(servicesStack, 'QueryApiInternalUrl'),
          }),
          secrets: [{ name: 'LAKEWRIGHT_API_KEY', valueFrom: fieldOf(apiKey, 'api_key') }],
        },
      ],
      executionRole: execution.attrArn,
      taskRole: ecsRole(this, 'TaskRole', { statements: [EXEC] }).attrArn,
    });
    const service = fargateService(this, title, { common, task, desiredCount: defaults.replicas });
    this.output('ServiceSampleAppArn', service.ref, {
      description: 'ECS service',
      exportName: `${NAME}-ServiceArn`,
    });
  }
}
