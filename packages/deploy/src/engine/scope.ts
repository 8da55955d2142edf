import { BadInputError, ConfigError, type StackDescription } from '@lakewright/core';
import { checkOurs, type Engine } from './engine.ts';
import type { GivenValue } from './given.ts';
import { networkOf } from './network.ts';
import type { WiredValue } from './parameters.ts';
import { stateOf } from './states.ts';
import { checkEnvironment, type StackSpec, type System, stackName } from './system.ts';
import type { TemplateFacts } from './template-facts.ts';

/** What a person asks for. */
export interface DeployRequest {
  readonly system: System;
  readonly environment: string;
  /** By file name. */
  readonly templates: ReadonlyMap<string, TemplateFacts>;
  readonly given: readonly GivenValue[];
  /** `new`, the id of one that is there, or undefined: as it is, and new where nothing is. */
  readonly vpc: string | undefined;
  /** Keys of optional stacks; undefined for the usual ones. What is there already is always deployed. */
  readonly with: readonly string[] | undefined;
  /** Keys; undefined for all. */
  readonly only: readonly string[] | undefined;
}

/** One stack as it is, and the template that it shall have. */
export interface Place {
  readonly spec: StackSpec;
  readonly name: string;
  readonly template: TemplateFacts;
  readonly existing: StackDescription | undefined;
}

/** Which stacks a request is about, as they are now, and the values that go with them. */
export interface Scope {
  readonly places: readonly Place[];
  /** Every stack of the system that is there, by key. */
  readonly standing: ReadonlyMap<string, StackDescription>;
  readonly given: readonly GivenValue[];
}

export async function scopeOf(engine: Engine, request: DeployRequest): Promise<Scope> {
  const { system, environment, given } = request;
  checkEnvironment(environment);
  const standing = await standingStacks(engine, system, environment);
  const chosen = chosenOf(request, standing);
  const places = system.stacks
    .filter(({ key }) => chosen.has(key))
    .map((spec) => ({
      spec,
      template: templateOf(request, spec),
      name: stackName(spec, environment),
      existing: standing.get(spec.key),
    }));
  for (const { existing } of places)
    if (existing !== undefined) checkOurs(existing, system.name, environment);
  checkNeeds(places, standing);
  const network = await networkFor(engine, request, chosen);
  // What a person named comes last, and counts.
  return { places, standing, given: [...network, ...given] };
}

export async function standingStacks(
  engine: Engine,
  system: System,
  environment: string,
): Promise<Map<string, StackDescription>> {
  const found = new Map<string, StackDescription>();
  for (const spec of system.stacks) {
    const stack = await engine.stacks.describe(stackName(spec, environment));
    if (stateOf(stack) !== 'absent') found.set(spec.key, stack as StackDescription);
  }
  return found;
}

/** Every stack of the system whose template is at hand. */
export function known({ system, templates }: DeployRequest) {
  return system.stacks.flatMap((spec) => {
    const template = templates.get(spec.template);
    return template === undefined ? [] : [{ spec, template }];
  });
}

function templateOf({ templates }: DeployRequest, spec: StackSpec): TemplateFacts {
  const template = templates.get(spec.template);
  if (template !== undefined) return template;
  throw new ConfigError(`there is no ${spec.template} among the templates`, {
    hint: 'make them with `lakewright synth`, or name their directory with --templates',
  });
}

function chosenOf(
  { system, only, with: optional, vpc }: DeployRequest,
  standing: ReadonlyMap<string, StackDescription>,
): Set<string> {
  if (only !== undefined) return new Set(only);
  const asked = new Set(optional ?? system.withByDefault);
  const isNewVpc = vpc === 'new' || (vpc === undefined && !standing.has(system.network.stack));
  const wanted = system.stacks.filter(
    ({ key, when }) =>
      standing.has(key) ||
      when === 'always' ||
      (when === 'new VPC' && isNewVpc) ||
      (when === 'asked for' && asked.has(key)),
  );
  return new Set(wanted.map(({ key }) => key));
}

function checkNeeds(places: readonly Place[], standing: ReadonlyMap<string, StackDescription>): void {
  const there = new Set([...standing.keys(), ...places.map(({ spec }) => spec.key)]);
  for (const { spec, name } of places) {
    // Only who has no VPC of his own needs that one.
    const missing = spec.needs.find((key) => key !== 'vpc' && !there.has(key));
    if (missing !== undefined) {
      throw new BadInputError(`${name} needs ${missing}, which is not there`, {
        hint: `deploy it first: --only ${missing}, or add it to --with`,
      });
    }
  }
}

async function networkFor(
  engine: Engine,
  { system, vpc, given }: DeployRequest,
  chosen: ReadonlySet<string>,
): Promise<GivenValue[]> {
  if (vpc === undefined || vpc === 'new' || !chosen.has(system.network.stack)) return [];
  if (chosen.has('vpc')) {
    throw new BadInputError(`--vpc ${vpc}: this environment has a VPC of its own`, {
      hint: 'leave --vpc out, or choose another --env',
    });
  }
  return networkOf(system.network, vpc, await engine.account.subnets(vpc), given);
}

/** What other stacks say for the parameters of this one. */
export function wiredValues(
  { system, environment }: DeployRequest,
  { standing, places }: Scope,
  spec: StackSpec,
): Record<string, WiredValue> {
  const values: Record<string, WiredValue> = {};
  for (const [parameter, wire] of Object.entries(spec.wiring)) {
    if (wire === 'environment') {
      values[parameter] = { value: environment, from: 'the environment' };
      continue;
    }
    const key = 'of' in wire ? wire.of : wire.nameOf;
    const other = system.stacks.find((known) => known.key === key) as StackSpec;
    const name = stackName(other, environment);
    if ('nameOf' in wire) {
      values[parameter] = { value: name, from: `the name of ${name}` };
      continue;
    }
    const stack = standing.get(key);
    if (stack === undefined && !places.some((place) => place.spec.key === key)) continue;
    const isMade = stack !== undefined && !['not made', 'working'].includes(stateOf(stack));
    // An output that a stack leaves out is empty: CloudFormation exports nothing empty.
    const value = isMade ? (stack.outputs[wire.output] ?? '') : undefined;
    values[parameter] = { value, from: `${wire.output} of ${name}` };
  }
  return values;
}
