import { BadInputError, ConfigError, type StackDescription } from '@lakewright/core';
import { isOurChangeSet } from './change-set.ts';
import { checkOurs, type Engine } from './engine.ts';
import type { GivenValue } from './given.ts';
import { networkOf } from './network.ts';
import type { WiredValue } from './parameters.ts';
import { stateOf } from './states.ts';
import {
  checkEnvironment,
  ENVIRONMENT_TAG,
  type StackSpec,
  SYSTEM_TAG,
  type System,
  stackName,
} from './system.ts';
import type { TemplateFacts } from './template-facts.ts';

/** What a person asks for. */
export interface DeployRequest {
  readonly system: System;
  readonly environment: string;
  /** By file name. */
  readonly templates: ReadonlyMap<string, TemplateFacts>;
  readonly given: readonly GivenValue[];
  /** Where our image is instead of where the templates have it: for every parameter whose default is our image. */
  readonly image?: string;
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
  const isInOther = isMade(standing.get(system.network.stack)) && !standing.has('vpc');
  const network = await networkFor(engine, request, chosen, isInOther);
  // What a person named comes last, and counts.
  return { places, standing, given: [...network, ...ownImages(places, request.image), ...given] };
}

/** Our image, whatever its registry and its version. */
const OUR_IMAGE = /\/lakewright:[^/]+$/;

function ownImages(places: readonly Place[], image: string | undefined): GivenValue[] {
  if (image === undefined) return [];
  return places.flatMap(({ spec, template }) =>
    template.parameters
      .filter(({ default: fallback }) => OUR_IMAGE.test(String(fallback ?? '')))
      .map(({ name }) => ({ name, value: image, stack: spec.key })),
  );
}

export async function standingStacks(
  engine: Engine,
  system: System,
  environment: string,
): Promise<Map<string, StackDescription>> {
  const found = new Map<string, StackDescription>();
  for (const spec of system.stacks) {
    const stack = await findStack(engine, system, environment, stackName(spec, environment));
    if (stateOf(stack) !== 'absent') found.set(spec.key, stack as StackDescription);
  }
  return found;
}

/**
 * The stack of a name. One for which there is only a change set yet has no tags in CloudFormation, whatever the change
 * set says: it counts as ours when all its change sets are, so that a second run takes up one that was killed there.
 */
export async function findStack(
  engine: Engine,
  system: System,
  environment: string,
  name: string,
): Promise<StackDescription | undefined> {
  const stack = await engine.stacks.describe(name);
  if (stack?.status !== 'REVIEW_IN_PROGRESS' || Object.keys(stack.tags).length > 0) return stack;
  const sets = await engine.stacks.changeSetNames(stack.id);
  if (!sets.every(isOurChangeSet)) return stack;
  return { ...stack, tags: { [SYSTEM_TAG]: system.name, [ENVIRONMENT_TAG]: environment } };
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
  { system, environment, vpc, given }: DeployRequest,
  chosen: ReadonlySet<string>,
  isInOther: boolean,
): Promise<GivenValue[]> {
  if (vpc === undefined || !chosen.has(system.network.stack)) return [];
  if (vpc === 'new') {
    if (isInOther) throw inOther(system, environment);
    return [];
  }
  if (chosen.has('vpc')) {
    throw new BadInputError(`--vpc ${vpc}: this environment has a VPC of its own`, {
      hint: 'leave --vpc out, or choose another --env',
    });
  }
  return networkOf(system.network, vpc, await engine.account.subnets(vpc), given);
}

/** A VPC that nothing moves into costs its gateways. */
function inOther({ network }: System, environment: string): BadInputError {
  return new BadInputError(
    `--vpc new: ${environment} is in another VPC already (${network.stack}), and stays there`,
    {
      hint: 'leave --vpc out, or choose another --env',
    },
  );
}

function isMade(stack: StackDescription | undefined): boolean {
  return !['absent', 'not made'].includes(stateOf(stack));
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
    const isSettled = isMade(stack) && stateOf(stack) !== 'working';
    // An output that a stack leaves out is empty: CloudFormation exports nothing empty.
    const value = isSettled ? (stack?.outputs[wire.output] ?? '') : undefined;
    values[parameter] = { value, from: `${wire.output} of ${name}` };
  }
  return values;
}
