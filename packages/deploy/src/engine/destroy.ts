import { ConfigError, type StackDescription, type StackResource } from '@lakewright/core';
import { checkOurs, checkWaiting, type Engine, poll } from './engine.ts';
import { failureOf, follow, lastEvent } from './follow.ts';
import { type LeftOver, leftOvers } from './left-overs.ts';
import { findStack, standingStacks } from './scope.ts';
import { stateOf } from './states.ts';
import { checkEnvironment, type System, stackName } from './system.ts';
import { templateFacts } from './template-facts.ts';
import { branchesOf, physicalIds, type StackBranch } from './tree.ts';

export interface DestroyRequest {
  readonly system: System;
  readonly environment: string;
  /** Keys; undefined for all. */
  readonly only: readonly string[] | undefined;
  /** Buckets that the stacks made go with everything in them. */
  readonly deleteData: boolean;
}

/** What would be deleted, in this order, and what would stay. Plain data. */
export interface DestroyPlan {
  readonly environment: string;
  readonly stacks: readonly {
    readonly key: string;
    readonly stack: string;
    /** The very stack that was looked at, and when it was last changed: what was changed since is not deleted. */
    readonly id: string;
    readonly changedAtMs: number | undefined;
    readonly status: string;
    /** Names of buckets that go with their content. */
    readonly buckets: readonly string[];
    /** ARNs of services that are stopped first. */
    readonly services: readonly string[];
  }[];
  readonly left: readonly LeftOver[];
}

export interface DestroyReport {
  readonly deleted: readonly string[];
  readonly left: readonly LeftOver[];
}

/**
 * Reads what is there of a system and would be deleted. Throws ConfigError for a stack that is not ours, that is protected
 * from its deletion, or that another one needs which would stay: CloudFormation would refuse it, and by then its buckets
 * would be empty.
 */
export async function planDestroy(engine: Engine, request: DestroyRequest): Promise<DestroyPlan> {
  const { system, environment, only, deleteData } = request;
  checkEnvironment(environment);
  const standing = await standingStacks(engine, system, environment);
  const stacks: DestroyPlan['stacks'][number][] = [];
  const left: LeftOver[] = [];
  for (const { key } of system.stacks.toReversed()) {
    const stack = standing.get(key);
    if (stack === undefined || only?.includes(key) === false) continue;
    checkOurs(stack, system.name, environment);
    checkUnprotected(stack);
    checkUnneeded(request, key, stack.name, standing);
    const branches = await branchesOf(engine, stack);
    const buckets = deleteData ? physicalIds(branches, 'AWS::S3::Bucket') : [];
    stacks.push({
      key,
      stack: stack.name,
      id: stack.id,
      changedAtMs: stack.changedAtMs,
      status: stack.status,
      buckets,
      services: physicalIds(branches, 'AWS::ECS::Service'),
    });
    const stays = await leftBy(engine, stack, branches);
    left.push(...stays.filter(({ physicalId }) => !buckets.includes(physicalId)));
  }
  if (only === undefined) left.push(...(await leftBefore(engine, request, standing)));
  return { environment, stacks, left };
}

/**
 * Deletes the stacks of a plan: stops what writes, empties buckets where that was asked for, and deletes in the reverse
 * order of making. A second run takes up what a killed one began. Throws StackFailedError, InterruptedError, and ConfigError
 * for a stack that is another than the one of the plan by now, or was changed since.
 */
export async function destroy(
  engine: Engine,
  request: DestroyRequest,
  plan: DestroyPlan,
): Promise<DestroyReport> {
  // All of them before anything is done: half an install is worse than a refusal.
  for (const planned of plan.stacks) await standingAsPlanned(engine, request, planned);
  await stopServices(
    engine,
    plan.stacks.flatMap(({ services }) => services),
  );
  for (const planned of plan.stacks) await deleteStack(engine, request, planned);
  const left: LeftOver[] = [];
  for (const item of plan.left) if (await isThere(engine, item)) left.push(item);
  return { deleted: plan.stacks.map(({ stack }) => stack), left };
}

async function stopServices(engine: Engine, arns: readonly string[]): Promise<void> {
  const running = (await engine.account.services(arns)).filter(
    (service) => service.desired + service.running > 0,
  );
  if (running.length === 0) return;
  const names = running.map(({ name }) => name).join(', ');
  engine.report({ kind: 'stack', stack: 'services', text: `stopping ${names}` });
  for (const { arn } of running) {
    checkWaiting(engine, 'stopping services');
    await engine.account.stopService(arn);
  }
  await poll(engine, 'stopping services', async () => {
    const left = await engine.account.services(running.map(({ arn }) => arn));
    return left.every((service) => service.running === 0) ? true : undefined;
  });
}

type PlannedStack = DestroyPlan['stacks'][number];

/** The stack of a plan as it is now; undefined when it is gone. Throws ConfigError when it is not what was agreed to. */
async function standingAsPlanned(
  engine: Engine,
  { system, environment }: DestroyRequest,
  planned: PlannedStack,
): Promise<StackDescription | undefined> {
  const stack = await findStack(engine, system, environment, planned.stack);
  if (stack === undefined || stateOf(stack) === 'absent') return undefined;
  checkOurs(stack, system.name, environment);
  checkUnprotected(stack);
  if (stack.id === planned.id && stack.changedAtMs === planned.changedAtMs) return stack;
  const how = stack.id === planned.id ? 'was changed' : 'was made anew';
  throw new ConfigError(`${planned.stack} ${how} by somebody else since it was looked at: it is left alone`, {
    hint: 'run the same command again, and look at what it would delete now',
  });
}

async function deleteStack(engine: Engine, request: DestroyRequest, planned: PlannedStack): Promise<void> {
  const { stack: name, buckets } = planned;
  let stack = await standingAsPlanned(engine, request, planned);
  if (stack !== undefined && stateOf(stack) === 'working' && stack.status !== 'DELETE_IN_PROGRESS') {
    engine.report({ kind: 'stack', stack: name, text: `${stack.status}: waiting for its end` });
    stack = (await follow(engine, stack.id, `waiting for ${name}`)).stack;
  }
  if (stack === undefined || stateOf(stack) === 'absent') return;
  // Before the stack: a bucket that goes later is not known to a second run.
  for (const bucket of buckets) await deleteBucket(engine, name, bucket);
  checkWaiting(engine, `deleting ${name}`);
  engine.report({ kind: 'stack', stack: name, text: 'deleting' });
  const after = { event: await lastEvent(engine, stack.id) };
  const begun = stack.status === 'DELETE_IN_PROGRESS';
  if (!begun) await engine.stacks.delete(stack.id);
  const followed = await follow(engine, stack.id, `deleting ${name}`, begun ? undefined : after);
  if (stateOf(followed.stack) !== 'absent') throw await failureOf(engine, name, stack.id, followed);
}

/** Empties a bucket and deletes it; between any two pages of objects the person may stop it. */
async function deleteBucket(engine: Engine, stack: string, bucket: string): Promise<void> {
  const doing = `emptying s3://${bucket}`;
  checkWaiting(engine, doing);
  engine.report({ kind: 'stack', stack, text: doing });
  await engine.account.deleteBucket(bucket, (removed) => {
    engine.report({ kind: 'stack', stack, text: `removed ${removed} objects of s3://${bucket}` });
    checkWaiting(engine, doing);
  });
}

/** Before a bucket is emptied: CloudFormation itself says so only when the stack is to be deleted. */
function checkUnprotected({ name, terminationProtected }: StackDescription): void {
  if (!terminationProtected) return;
  throw new ConfigError(`${name} is protected from its deletion: nothing was deleted`, {
    hint:
      'where it is to go all the same: aws cloudformation update-termination-protection ' +
      `--no-enable-termination-protection --stack-name ${name}`,
  });
}

/** What a stack exports cannot go while another one imports it. */
function checkUnneeded(
  { system, only }: DestroyRequest,
  key: string,
  name: string,
  standing: ReadonlyMap<string, StackDescription>,
): void {
  if (only === undefined) return;
  const others = system.stacks.filter(
    (other) => other.needs.includes(key) && standing.has(other.key) && !only.includes(other.key),
  );
  if (others.length === 0) return;
  const keys = others.map((other) => other.key).join(', ');
  throw new ConfigError(`${name} is needed by ${keys}: nothing was deleted`, {
    hint: `name ${keys} in --only, too, or leave --only out`,
  });
}

/** What a stack leaves by its template when it is deleted. */
async function leftBy(
  engine: Engine,
  stack: StackDescription,
  branches: readonly StackBranch[],
): Promise<LeftOver[]> {
  // Nothing was made yet, and there is no template.
  if (stack.status === 'REVIEW_IN_PROGRESS') return [];
  const left: LeftOver[] = [];
  for (const { id, name, resources } of branches) {
    const body = await engine.stacks.template(id);
    if (body === '') continue;
    // What is to be kept is kept by the rollback of a creation, too, and only that.
    const there = stateOf(stack) === 'not made' ? resources.filter(isThereStill) : resources;
    left.push(...leftOvers(name, templateFacts(name, body), there));
  }
  return left;
}

function isThereStill({ status }: StackResource): boolean {
  return status !== 'DELETE_COMPLETE';
}

/** What stacks of this environment left that are deleted already: by an earlier run, perhaps one that was killed. */
async function leftBefore(
  engine: Engine,
  { system, environment }: DestroyRequest,
  standing: ReadonlyMap<string, StackDescription>,
): Promise<LeftOver[]> {
  const names = system.stacks
    .filter(({ key }) => !standing.has(key))
    .map((spec) => stackName(spec, environment));
  const left: LeftOver[] = [];
  for (const { id } of await engine.stacks.deleted(names)) {
    const stack = await engine.stacks.describe(id);
    if (stack === undefined) continue;
    try {
      checkOurs(stack, system.name, environment);
    } catch {
      continue;
    }
    const items = await leftBy(engine, stack, await branchesOf(engine, stack));
    for (const item of items) if (await isThere(engine, item)) left.push(item);
  }
  return left;
}

/** Whether it is really there, where that can be asked. */
async function isThere(engine: Engine, { type, physicalId }: LeftOver): Promise<boolean> {
  if (type !== 'AWS::S3::Bucket') return true;
  try {
    return await engine.account.bucketExists(physicalId);
  } catch (error) {
    // Who may not look is told that it stays: what was deleted is to be told, too.
    if (error instanceof ConfigError) return true;
    throw error;
  }
}
