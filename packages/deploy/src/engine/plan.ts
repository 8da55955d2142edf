import { makeChangeSet } from './change-set.ts';
import { type ChangeLine, linesOf, linesOfTemplate } from './difference.ts';
import type { Engine } from './engine.ts';
import { checkGiven } from './given.ts';
import { type ParameterDecision, type ParameterPlan, parameterInputs, planParameters } from './parameters.ts';
import { type DeployRequest, known, type Place, type Scope, scopeOf, wiredValues } from './scope.ts';
import { type StackState, stateOf, wayOut } from './states.ts';
import { ENVIRONMENT_TAG, NESTED_STACK, SYSTEM_TAG } from './system.ts';

/** What would be done with one stack. Plain data: it is printed and compared, and nothing runs from it. */
export interface StackPlan {
  readonly key: string;
  readonly stack: string;
  readonly state: StackState;
  readonly status: string | undefined;
  readonly action: 'create' | 'delete and create' | 'update' | 'none' | 'wait, then compare' | 'blocked';
  readonly why: string | undefined;
  readonly hint: string | undefined;
  readonly parameters: readonly ParameterDecision[];
  readonly changes: readonly ChangeLine[];
  readonly notes: readonly string[];
}

export interface Plan {
  readonly system: string;
  readonly environment: string;
  readonly stacks: readonly StackPlan[];
}

/** Reads what is there, compares it with what is wanted, and changes nothing. */
export async function planDeployment(engine: Engine, request: DeployRequest): Promise<Plan> {
  const scope = await scopeOf(engine, request);
  checkGiven(request.given, scope.places, known(request));
  const plans: StackPlan[] = [];
  for (const place of scope.places) {
    engine.report({ kind: 'stack', stack: place.name, text: 'looking at it' });
    plans.push(await planStack(engine, request, scope, place));
  }
  return { system: request.system.name, environment: request.environment, stacks: plans };
}

async function planStack(
  engine: Engine,
  request: DeployRequest,
  scope: Scope,
  place: Place,
): Promise<StackPlan> {
  const { existing, spec, name, template } = place;
  const state = stateOf(existing);
  const parameters = parametersOf(request, scope, place);
  const base = {
    key: spec.key,
    stack: name,
    state,
    status: existing?.status,
    why: undefined,
    hint: undefined,
    parameters: parameters.decisions,
    notes: parameters.notes,
  };
  const made = linesOfTemplate(template);
  if (state === 'absent') return { ...base, action: 'create', changes: made };
  if (state === 'not made') {
    const why = `${name} is in ${existing?.status}: it was never made, so it is deleted and made anew`;
    return { ...base, action: 'delete and create', why, changes: made };
  }
  if (state === 'working') {
    return {
      ...base,
      action: 'wait, then compare',
      why: `CloudFormation is at work on it: ${existing?.status}`,
      changes: [],
    };
  }
  if (state === 'stuck' && existing !== undefined) {
    return { ...base, action: 'blocked', ...wayOut(existing), changes: [] };
  }
  const set = await makeChangeSet(engine, changeSetFor(request, place, 'UPDATE', parameters));
  if (set === undefined) return { ...base, action: 'none', changes: [] };
  await engine.stacks.deleteChangeSet(set.id);
  return { ...base, action: 'update', changes: linesOf(set.changes) };
}

/** A stack that was never made has no values worth keeping. */
export function parametersOf(request: DeployRequest, scope: Scope, place: Place): ParameterPlan {
  const { spec, name, template, existing } = place;
  const kept = stateOf(existing) === 'not made' ? undefined : existing;
  const wired = wiredValues(request, scope, spec);
  return planParameters({ key: spec.key, stack: name, template, existing: kept, given: scope.given, wired });
}

export function changeSetFor(
  { system, environment }: DeployRequest,
  { name, template, existing }: Place,
  kind: 'CREATE' | 'UPDATE',
  parameters: ParameterPlan,
) {
  const kept = kind === 'UPDATE' ? existing?.tags : {};
  return {
    stack: name,
    kind,
    template: { body: template.body },
    parameters: parameterInputs(parameters.decisions),
    // Of a stack that is made everything is new, nested or not; and CloudFormation cannot work out nested stacks whose
    // values come from one another before they are there.
    nested: kind === 'UPDATE' && template.resources.some(({ type }) => type === NESTED_STACK),
    tags: { ...kept, [SYSTEM_TAG]: system.name, [ENVIRONMENT_TAG]: environment },
  };
}
