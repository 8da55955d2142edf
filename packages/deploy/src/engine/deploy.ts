import { ConfigError, type StackDescription } from '@lakewright/core';
import { makeChangeSet } from './change-set.ts';
import { type ChangeLine, holdsData, linesOf } from './difference.ts';
import { checkOurs, type Engine, poll } from './engine.ts';
import { StackFailedError } from './errors.ts';
import { failureOf, follow, lastEvent } from './follow.ts';
import { changeSetFor, type Plan, parametersOf, planDeployment } from './plan.ts';
import { type DeployRequest, type Place, type Scope, scopeOf } from './scope.ts';
import { stateOf, wayOut } from './states.ts';

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
  /** Whether data may be lost that the plan did not name: `changes` replace or remove what holds it. */
  approveLoss(stack: string, changes: readonly ChangeLine[]): Promise<boolean>;
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
  for (const { key } of plan.stacks) {
    const known = plan.stacks.find((stack) => stack.key === key)?.changes ?? [];
    results.push(await applyStack(engine, request, key, known, questions));
  }
  return results;
}

async function applyStack(
  engine: Engine,
  request: DeployRequest,
  key: string,
  known: readonly ChangeLine[],
  questions: Questions,
): Promise<StackResult> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const scope = await scopeOf(engine, { ...request, only: [key] });
    const place = scope.places[0];
    const { existing, name } = place;
    switch (stateOf(existing)) {
      case 'working':
        await waitFor(engine, existing as StackDescription);
        break;
      case 'not made':
        await clearAway(engine, existing as StackDescription);
        break;
      case 'stuck': {
        const { why, hint } = wayOut(existing as StackDescription);
        throw new ConfigError(why, { hint });
      }
      case 'absent':
        return execute(engine, request, scope, place, 'CREATE', known, questions);
      default:
        checkOurs(existing as StackDescription, request.system.name, request.environment);
        return execute(engine, request, scope, place, 'UPDATE', known, questions);
    }
    engine.report({ kind: 'stack', stack: name, text: 'looking at it again' });
  }
  throw new StackFailedError(key, `${key} does not come to rest`, {
    hint: 'somebody else may be at work on it',
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
  kind: 'CREATE' | 'UPDATE',
  known: readonly ChangeLine[],
  questions: Questions,
): Promise<StackResult> {
  const { name, spec, existing } = place;
  const parameters = parametersOf(request, scope, place);
  const set = await makeChangeSet(engine, changeSetFor(request, place, kind, parameters));
  if (set === undefined) {
    engine.report({ kind: 'stack', stack: name, text: 'no changes' });
    return resultOf(spec.key, 'unchanged', existing as StackDescription);
  }
  const losses = linesOf(set.changes).filter(
    (line) => line.losesData && !known.some((seen) => seen.logicalId === line.logicalId && seen.losesData),
  );
  if (losses.length > 0 && !(await questions.approveLoss(name, losses))) {
    await engine.stacks.deleteChangeSet(set.id);
    const lost = losses.map(({ logicalId }) => logicalId).join(', ');
    throw new ConfigError(`${name}: nothing was changed, as the data of ${lost} would be lost`);
  }
  engine.report({ kind: 'stack', stack: name, text: kind === 'CREATE' ? 'creating' : 'updating' });
  const after = { event: await lastEvent(engine, set.stackId) };
  await engine.stacks.executeChangeSet(set.id);
  const doing = `${kind === 'CREATE' ? 'creating' : 'updating'} ${name}`;
  const followed = await follow(engine, set.stackId, doing, after);
  if (followed.stack?.status !== `${kind}_COMPLETE`)
    throw await failureOf(engine, name, set.stackId, followed);
  return resultOf(
    spec.key,
    kind === 'CREATE' ? 'created' : 'updated',
    await readBack(engine, followed.stack, request),
  );
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
