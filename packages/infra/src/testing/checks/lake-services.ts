import { type Check, finding, resourcesOf, textAt, textsAt } from '../deployment.ts';
import { isService, needsOf } from '../lake-services.ts';
import { containersOf } from '../tasks.ts';

/** Services of ours find in their environment what they read, and are asked how they are. */
export const servicesAreEquipped: Check = (deployment) =>
  resourcesOf(deployment, 'AWS::ECS::TaskDefinition').flatMap((definition) =>
    containersOf(definition).flatMap((container) => {
      const { name, environment, secrets } = container;
      const missing = (needsOf(container)?.variables ?? []).filter(
        (variable) => (environment.get(variable) ?? secrets.get(variable) ?? '') === '',
      );
      const faults = missing.map((variable) => `${name} is without ${variable}`);
      if (isService(container) && textsAt(container.definition, 'HealthCheck', 'Command').length === 0) {
        faults.push(`${name} has no health check`);
      }
      const telemetry = environment.get('OTEL_EXPORTER_OTLP_ENDPOINT') !== undefined;
      if (isService(container) && telemetry && environment.get('ENABLE_OTLP_TELEMETRY') !== 'true') {
        faults.push(`${name} knows where its telemetry goes, and sends none: ENABLE_OTLP_TELEMETRY`);
      }
      return faults.map((message) => finding(definition, message));
    }),
  );

/** Services run on Fargate, in a cluster that is named: the default one is nobody's. */
export const servicesOnFargate: Check = (deployment) =>
  resourcesOf(deployment, 'AWS::ECS::Service').flatMap((service) => {
    const faults: string[] = [];
    if (textAt(service.properties, 'Cluster') === '') faults.push('is in the default cluster');
    // Spot capacity goes away when it is needed, and a service of one task with it.
    if (textAt(service.properties, 'LaunchType') !== 'FARGATE') faults.push('its LaunchType is not FARGATE');
    return faults.map((message) => finding(service, message));
  });
