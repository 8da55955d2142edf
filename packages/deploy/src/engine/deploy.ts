import { ConfigError, type StackDescription } from '@lakewright/core';
import { agreedOn, makeChangeSet } from './change-set.ts';
import { type ChangeLine, gravity, holdsData, linesOf } from './difference.ts';
import { checkOurs, checkWaiting, type Engine, poll } from './engine.ts';
import { StackFailedError } from './errors.ts';
import { failureOf, follow, lastEvent } from './follow.ts';
import type { ParameterPlan } from './parameters.ts';
import { changeSetFor, type Plan, parametersOf, planDeployment, type StackPlan } from './plan.ts';
import { type DeployRequest, type Place, type Scope, scopeOf } from './scope.ts';
import { stateOf, wayOut } from './states.ts';
import { tellStopped } from './stopped.ts';

/** What was done with one stack, as it was read back. */
export interface StackResult {
  readonly key: string;
  readonly stack: string;
  readonly did: 'created' | 'updated' | 'unchanged';
  readonly status: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** What a person is asked on the way. */
export interface Questions {
  /** Whether the plan is to be carried out. */
  approve(plan: Plan): Promise<boolean>;
  /** Whether a stack may be changed in ways that the plan did not show, or more gravely than it did. */
  approveMore(stack: string, changes: readonly ChangeLine[]): Promise<boolean>;
}

/** Each of ours comes to an end in so many turns: a wait, a deletion, the making. More is a stack that never rests. */
const MAX_TURNS = 6;

/**
 * Brings the stacks of a system to what is wanted, one after the other, and answers what was done; undefined when a
 * person said no. Each stack is looked at anew before it is touched, so that a second run takes up what a killed one
 * began. Throws StackFailedError at the first stack that fails, InterruptedError when the person no longer waits.
 */
export async function deploy(
  engine: Engine,
  request: DeployRequest,
  questions: Questions,
): Promise<StackResult[] | undefined> {
  const plan = await planDeployment(engine, request);
  const blocked = plan.stacks.find(({ action }) => action === 'blocked');
  if (blocked !== undefined) throw new ConfigError(blocked.why ?? blocked.stack, { hint: blocked.hint });
  const idle = plan.stacks.every(({ action }) => action === 'none');
  if (!idle && !(await questions.approve(plan))) return undefined;
  const results: StackResult[] = [];
  for (const planned of plan.stacks) results.push(await applyStack(engine, request, planned, questions));
  return results;
}

async function applyStack(
  engine: Engine,
  request: DeployRequest,
  planned: StackPlan,
  questions: Questions,
): Promise<StackResult> {
  const { key } = planned;
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const scope = await scopeOf(engine, { ...request, only: [key] });
    const place = scope.places[0];
    const { existing, name } = place;
    switch (stateOf(existing)) {
      case 'working':
        await waitFor(engine, existing as StackDescription);
        break;
      case 'not made':
        checkNobodyElse(planned, existing as StackDescription);
        await clearAway(engine, existing as StackDescription);
        break;
      case 'stuck': {
        const { why, hint } = wayOut(existing as StackDescription);
        throw new ConfigError(why, { hint });
      }
      case 'absent':
        checkExpected(planned);
        return execute(engine, request, scope, place, planned, questions);
      default:
        checkOurs(existing as StackDescription, request.system.name, request.environment);
        return execute(engine, request, scope, place, planned, questions);
    }
    engine.report({ kind: 'stack', stack: name, text: 'looking at it again' });
  }
  throw new StackFailedError(key, `${key} does not come to rest`, {
    hint: 'somebody else may be at work on it',
  });
}

/** Made anew it would be empty, and with the templates' values: nobody agreed to that. */
function checkExpected({ stack, action }: StackPlan): void {
  if (action !== 'update' && action !== 'none') return;
  throw new ConfigError(`${stack} was deleted by somebody else since the plan was made`, {
    hint: 'deploy again to make it anew: with its values, as --set or --params, as they are gone with it',
  });
}

/** A stack that was not there when the plan was made, and has a change set now, is about to be made by another person. */
function checkNobodyElse({ stack, status }: StackPlan, existing: StackDescription): void {
  if (existing.status !== 'REVIEW_IN_PROGRESS' || status !== undefined) return;
  throw new ConfigError(`${stack} is being made by somebody else: it was not there when the plan was made`, {
    hint: 'wait for the other deployment, then run the same command again',
  });
}

async function waitFor(engine: Engine, stack: StackDescription): Promise<void> {
  engine.report({ kind: 'stack', stack: stack.name, text: `${stack.status} already: waiting for its end` });
  await follow(engine, stack.id, `waiting for ${stack.name}`);
}

/** Deletes what never became a stack. Throws ConfigError when it has data after all. */
async function clearAway(engine: Engine, stack: StackDescription): Promise<void> {
  const resources = await engine.stacks.resources(stack.id);
  const data = resources.find(
    ({ type, status }) => holdsData(type) && /^(CREATE|UPDATE)_COMPLETE$/.test(status),
  );
  if (data !== undefined) {
    throw new ConfigError(`${stack.name} is in ${stack.status} and has ${data.logicalId} (${data.type})`, {
      hint: 'delete the stack yourself when nothing in it is needed: `lakewright aws destroy`, or the console',
    });
  }
  engine.report({ kind: 'stack', stack: stack.name, text: `${stack.status}: deleting it, to make it anew` });
  for (const { logicalId, physicalId, type, status } of resources) {
    if (status !== 'DELETE_SKIPPED') continue;
    const text = `${logicalId} (${type}) of the failed try stays in the account: ${physicalId}`;
    engine.report({ kind: 'stack', stack: stack.name, text });
  }
  const after = { event: await lastEvent(engine, stack.id) };
  await engine.stacks.delete(stack.id);
  const followed = await follow(engine, stack.id, `deleting ${stack.name}`, after);
  if (stateOf(followed.stack) !== 'absent') throw await failureOf(engine, stack.name, stack.id, followed);
}

async function execute(
  engine: Engine,
  request: DeployRequest,
  scope: Scope,
  place: Place,
  planned: StackPlan,
  questions: Questions,
): Promise<StackResult> {
  const { name, spec, existing } = place;
  const kind = stateOf(existing) === 'absent' ? 'CREATE' : 'UPDATE';
  const parameters = parametersOf(request, scope, place);
  checkKnown(name, parameters);
  const set = await makeChangeSet(engine, changeSetFor(request, place, kind, parameters));
  if (set === undefined) {
    engine.report({ kind: 'stack', stack: name, text: 'no changes' });
    await tellStopped(engine, existing as StackDescription);
    return resultOf(spec.key, 'unchanged', existing as StackDescription);
  }
  const more = kind === 'CREATE' ? [] : notShown(linesOf(set.changes), planned);
  if (more.length > 0 && !(await agreedOn(engine, set, () => questions.approveMore(name, more)))) {
    const what = more.map(({ verb, logicalId }) => `${verb} ${logicalId}`).join(', ');
    throw new ConfigError(`${name}: nothing was changed, as the plan did not say: ${what}`);
  }
  checkWaiting(engine, `${name} was to be ${kind === 'CREATE' ? 'created' : 'updated'}`);
  engine.report({ kind: 'stack', stack: name, text: kind === 'CREATE' ? 'creating' : 'updating' });
  const after = { event: await lastEvent(engine, set.stackId) };
  await engine.stacks.executeChangeSet(set.id);
  const doing = `${kind === 'CREATE' ? 'creating' : 'updating'} ${name}`;
  const followed = await follow(engine, set.stackId, doing, after);
  if (followed.stack?.status !== `${kind}_COMPLETE`)
    throw await failureOf(engine, name, set.stackId, followed);
  const stack = await readBack(engine, followed.stack, request);
  await tellStopped(engine, stack);
  return resultOf(spec.key, kind === 'CREATE' ? 'created' : 'updated', stack);
}

/** What a change set does beyond what a person saw: to other resources, or more gravely to the same. */
function notShown(lines: readonly ChangeLine[], { changes }: StackPlan): ChangeLine[] {
  const shown = new Map(changes.map((line) => [line.logicalId, gravity(line)]));
  return lines.filter((line) => gravity(line) > (shown.get(line.logicalId) ?? -1));
}

/** A value that another stack does not say yet is not left to the template's default. */
function checkKnown(name: string, { decisions }: ParameterPlan): void {
  const unknown = decisions.find(({ source, value }) => source === 'wired' && value === undefined);
  if (unknown === undefined) return;
  throw new ConfigError(`${name}: ${unknown.name} is ${unknown.shown.slice(1, -1)}, which is not there yet`, {
    hint: 'deploy that stack first, or wait until CloudFormation is done with it',
  });
}

/** The stack as everybody finds it by its name now. */
async function readBack(
  engine: Engine,
  { id, name }: StackDescription,
  { system, environment }: DeployRequest,
): Promise<StackDescription> {
  const stack = await poll(engine, `reading back ${name}`, () => engine.stacks.describe(name));
  checkOurs(stack, system.name, environment);
  if (stack.id !== id) throw new StackFailedError(name, `${name} was made anew by somebody else meanwhile`);
  return stack;
}

function resultOf(key: string, did: StackResult['did'], stack: StackDescription): StackResult {
  return { key, stack: stack.name, did, status: stack.status, outputs: stack.outputs };
}
