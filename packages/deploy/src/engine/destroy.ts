import type { StackDescription } from '@lakewright/core';
import { checkOurs, type Engine, poll } from './engine.ts';
import { failureOf, follow, lastEvent } from './follow.ts';
import { type LeftOver, leftOvers } from './left-overs.ts';
import { standingStacks } from './scope.ts';
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

/** Reads what is there of a system and would be deleted. Throws ConfigError for a stack that is not ours. */
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
    const branches = await branchesOf(engine, stack);
    const buckets = deleteData ? physicalIds(branches, 'AWS::S3::Bucket') : [];
    stacks.push({
      key,
      stack: stack.name,
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
 * order of making. A second run takes up what a killed one began. Throws StackFailedError and InterruptedError.
 */
export async function destroy(
  engine: Engine,
  request: DestroyRequest,
  plan: DestroyPlan,
): Promise<DestroyReport> {
  await stopServices(
    engine,
    plan.stacks.flatMap(({ services }) => services),
  );
  for (const { stack, buckets } of plan.stacks) {
    await deleteStack(engine, request, stack, buckets);
  }
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
  for (const { arn } of running) await engine.account.stopService(arn);
  await poll(engine, 'stopping services', async () => {
    const left = await engine.account.services(running.map(({ arn }) => arn));
    return left.every((service) => service.running === 0) ? true : undefined;
  });
}

async function deleteStack(
  engine: Engine,
  { system, environment }: DestroyRequest,
  name: string,
  buckets: readonly string[],
): Promise<void> {
  let stack = await engine.stacks.describe(name);
  if (stack !== undefined && stateOf(stack) === 'working' && stack.status !== 'DELETE_IN_PROGRESS') {
    engine.report({ kind: 'stack', stack: name, text: `${stack.status}: waiting for its end` });
    stack = (await follow(engine, stack.id, `waiting for ${name}`)).stack;
  }
  if (stack === undefined || stateOf(stack) === 'absent') return;
  checkOurs(stack, system.name, environment);
  // Before the stack: a bucket that goes later is not known to a second run.
  for (const bucket of buckets) {
    engine.report({ kind: 'stack', stack: name, text: `emptying s3://${bucket}` });
    await engine.account.deleteBucket(bucket, (removed) =>
      engine.report({ kind: 'stack', stack: name, text: `removed ${removed} objects of s3://${bucket}` }),
    );
  }
  engine.report({ kind: 'stack', stack: name, text: 'deleting' });
  const after = { event: await lastEvent(engine, stack.id) };
  const begun = stack.status === 'DELETE_IN_PROGRESS';
  if (!begun) await engine.stacks.delete(stack.id);
  const followed = await follow(engine, stack.id, `deleting ${name}`, begun ? undefined : after);
  if (stateOf(followed.stack) !== 'absent') throw await failureOf(engine, name, stack.id, followed);
}

/** What a stack leaves by its template when it is deleted. */
async function leftBy(
  engine: Engine,
  stack: StackDescription,
  branches: readonly StackBranch[],
): Promise<LeftOver[]> {
  if (stateOf(stack) === 'not made') return [];
  const left: LeftOver[] = [];
  for (const { id, name, resources } of branches) {
    const body = await engine.stacks.template(id);
    if (body !== '') left.push(...leftOvers(name, templateFacts(name, body), resources));
  }
  return left;
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
  return type === 'AWS::S3::Bucket' ? engine.account.bucketExists(physicalId) : true;
}
