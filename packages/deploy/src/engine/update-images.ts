import { BadInputError, ConfigError, NotFoundError, type StackDescription } from '@lakewright/core';
import { agreedOn, makeChangeSet } from './change-set.ts';
import { type ChangeLine, linesOf } from './difference.ts';
import { checkWaiting, type Engine } from './engine.ts';
import { failureOf, follow, lastEvent } from './follow.ts';
import { checkGiven, type GivenValue } from './given.ts';
import { type ParameterDecision, parameterInputs, planParameters } from './parameters.ts';
import { stateOf, wayOut } from './states.ts';
import type { StackSpec } from './system.ts';
import { type TemplateFacts, templateFacts } from './template-facts.ts';

export interface ImagesRequest {
  /** The stack's own name: it may be one that was made by hand. */
  readonly stack: string;
  readonly spec: StackSpec;
  /** The new template, whose defaults are the images of this release. */
  readonly template: TemplateFacts;
  /** For every image; undefined for the template's defaults. */
  readonly image: string | undefined;
  readonly given: readonly GivenValue[];
}

export interface ImagesPlan {
  readonly stack: string;
  readonly parameters: readonly ParameterDecision[];
  readonly changes: readonly ChangeLine[];
}

/**
 * Moves the images of one stack, and leaves its template and every other parameter as they are. `approve` is shown what
 * would change; `unchanged` when nothing would, undefined when the answer was no.
 */
export async function updateImages(
  engine: Engine,
  request: ImagesRequest,
  approve: (plan: ImagesPlan) => Promise<boolean>,
): Promise<'updated' | 'unchanged' | undefined> {
  const existing = await standing(engine, request.stack);
  const { decisions } = await imageParameters(engine, request, existing);
  const set = await makeChangeSet(engine, {
    stack: existing.name,
    kind: 'UPDATE',
    template: 'previous',
    parameters: parameterInputs(decisions),
    nested: false,
    tags: undefined,
  });
  if (set === undefined) return 'unchanged';
  const changed = decisions.filter((decision) => decision.changed);
  const plan = { stack: existing.name, parameters: changed, changes: linesOf(set.changes) };
  if (!(await agreedOn(engine, set, () => approve(plan)))) return undefined;
  checkWaiting(engine, `${existing.name} was to be updated`);
  const after = { event: await lastEvent(engine, existing.id) };
  await engine.stacks.executeChangeSet(set.id);
  const followed = await follow(engine, existing.id, `updating ${existing.name}`, after);
  if (followed.stack?.status !== 'UPDATE_COMPLETE') {
    throw await failureOf(engine, existing.name, existing.id, followed);
  }
  return 'updated';
}

async function standing(engine: Engine, name: string): Promise<StackDescription> {
  let stack = await engine.stacks.describe(name);
  if (stack !== undefined && stateOf(stack) === 'working') {
    engine.report({ kind: 'stack', stack: name, text: `${stack.status} already: waiting for its end` });
    stack = (await follow(engine, stack.id, `waiting for ${name}`)).stack;
  }
  if (stack === undefined || ['absent', 'not made'].includes(stateOf(stack))) {
    throw new NotFoundError(`there is no stack ${name}`, {
      hint: 'check its name, the account and the region',
    });
  }
  if (stateOf(stack) !== 'stuck') return stack;
  const { why, hint } = wayOut(stack);
  throw new ConfigError(why, { hint });
}

async function imageParameters(
  engine: Engine,
  { spec, template, image, given }: ImagesRequest,
  existing: StackDescription,
) {
  const own = templateFacts(existing.name, await engine.stacks.template(existing.id));
  const images = own.parameters.filter(({ name }) => name.endsWith('Image')).map(({ name }) => name);
  if (images.length === 0) {
    throw new BadInputError(`${existing.name} has no parameter that names an image`, {
      hint: 'name the stack of the services or of the setup task',
    });
  }
  const defaults = new Map(template.parameters.map(({ name, default: fallback }) => [name, fallback]));
  const moved = images.flatMap((name): GivenValue[] => {
    const value = image ?? defaults.get(name);
    return value === undefined || value === '' ? [] : [{ name, value, stack: undefined }];
  });
  const place = { spec, template: own };
  const all = [...moved, ...given];
  checkGiven(all, [place], [place]);
  return planParameters({
    key: spec.key,
    stack: existing.name,
    template: own,
    existing,
    given: all,
    wired: {},
  });
}
