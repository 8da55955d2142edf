import { type Estimate, estimate } from '../estimate/estimate.ts';
import { makeChangeSet } from './change-set.ts';
import { type ChangeLine, linesOf, linesOfNew } from './difference.ts';
import type { Engine } from './engine.ts';
import { type Forecast, forecast, type Planned } from './forecast.ts';
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
  /** What a month of these stacks costs when they are as they should be. */
  readonly estimate: Estimate;
}

/**
 * Reads what is there, compares it with what is wanted, and changes nothing. Throws BadInputError for values that no
 * parameter has, or that CloudFormation would refuse, alone or together.
 */
export async function planDeployment(engine: Engine, request: DeployRequest): Promise<Plan> {
  const scope = await scopeOf(engine, request);
  checkGiven(request.given, scope.places, known(request));
  const planned = scope.places.map((place) => ({ place, parameters: parametersOf(request, scope, place) }));
  const expected = forecast(request, scope, planned, await engine.account.identity());
  const stacks: StackPlan[] = [];
  for (const each of planned) {
    engine.report({ kind: 'stack', stack: each.place.name, text: 'looking at it' });
    stacks.push(await planStack(engine, request, each, expected));
  }
  const { system, environment } = request;
  const costs = estimate(scope.places.flatMap(({ spec }) => expected.get(spec.key) ?? []));
  return { system: system.name, environment, stacks, estimate: costs };
}

async function planStack(
  engine: Engine,
  request: DeployRequest,
  { place, parameters }: Planned,
  expected: Forecast,
): Promise<StackPlan> {
  const { existing, spec, name } = place;
  const state = stateOf(existing);
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
  const made = linesOfNew(expected.get(spec.key)?.resources ?? {});
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
