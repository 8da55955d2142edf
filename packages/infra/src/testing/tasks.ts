import type { Json, JsonObject } from '@lakewright/deploy';
import { at, type Deployment, listAt, type Placed, resourcesOf, textAt, textsAt } from './deployment.ts';

/** A task definition as it is run: by a service, or once by a custom resource. */
export interface Run {
  /** The service, or the custom resource. */
  readonly runner: Placed;
  readonly definition: Placed;
  readonly securityGroups: readonly string[];
  readonly subnets: readonly string[];
  readonly containers: readonly Container[];
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly ports: readonly number[];
  readonly environment: ReadonlyMap<string, string>;
  /** Variables that ECS fills from secrets and parameters. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly definition: JsonObject;
}

/** Every run of a task definition. One without a runner is not here: `unusedDefinitions` names it. */
export function runsOf(deployment: Deployment): readonly Run[] {
  const known = RUNS.get(deployment) ?? found(deployment);
  RUNS.set(deployment, known);
  return known;
}

/** Runs of each install, found once: most checks ask for them. */
const RUNS = new WeakMap<Deployment, readonly Run[]>();

function found(deployment: Deployment): Run[] {
  const definitions = new Map(
    resourcesOf(deployment, 'AWS::ECS::TaskDefinition').map((resource) => [resource.ref, resource]),
  );
  return resourcesOf(deployment).flatMap((runner) => {
    const { type, properties } = runner;
    if (type !== 'AWS::ECS::Service' && !type.startsWith('Custom::')) return [];
    const definition =
      definitions.get(textAt(properties, 'TaskDefinition')) ??
      definitions.get(textAt(properties, 'TaskDefinitionArn'));
    // Lakerunner's image has not all of our services: those are there with no task.
    if (definition === undefined || textAt(properties, 'DesiredCount') === '0') return [];
    const network = at(properties, 'NetworkConfiguration', 'AwsvpcConfiguration') ?? properties;
    return [
      {
        runner,
        definition,
        securityGroups: textsAt(network, 'SecurityGroups'),
        subnets: textsAt(network, 'Subnets'),
        containers: containersOf(definition),
      },
    ];
  });
}

export function containersOf({ properties }: Placed): Container[] {
  return listAt(properties, 'ContainerDefinitions').map((definition) => ({
    name: textAt(definition, 'Name'),
    image: textAt(definition, 'Image'),
    command: [...textsAt(definition, 'EntryPoint'), ...textsAt(definition, 'Command')],
    ports: listAt(definition, 'PortMappings').map((mapping) => Number(textAt(mapping, 'ContainerPort'))),
    environment: pairs(listAt(definition, 'Environment'), 'Value'),
    secrets: pairs(listAt(definition, 'Secrets'), 'ValueFrom'),
    definition: definition as JsonObject,
  }));
}

function pairs(list: readonly Json[], value: string): Map<string, string> {
  return new Map(list.map((item) => [textAt(item, 'Name'), textAt(item, value)]));
}
