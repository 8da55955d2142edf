import type { RunningService, StackDescription } from '@lakewright/core';
import { type Engine, isOurs, poll } from './engine.ts';
import { StackFailedError } from './errors.ts';
import { standingStacks } from './scope.ts';
import { type StackState, stateOf, wayOut } from './states.ts';
import { type StoppedService, stoppedServices } from './stopped.ts';
import { checkEnvironment, type StackSpec, type System, stackName } from './system.ts';
import { branchesOf, physicalIds, type StackBranch } from './tree.ts';

/** One stack as it is now. */
export interface StackStatus {
  readonly key: string;
  readonly stack: string;
  readonly state: StackState | 'drifted' | 'degraded' | "somebody else's";
  /** CloudFormation's word; undefined where there is no stack. */
  readonly status: string | undefined;
  /** Whether the system is not complete without it. */
  readonly required: boolean;
  readonly why: string | undefined;
  readonly hint: string | undefined;
  readonly changedAtMs: number | undefined;
  readonly drift: { readonly status: string; readonly checkedAtMs: number | undefined } | undefined;
  /** Resources that are not as the template says. */
  readonly drifted: readonly string[];
  readonly services: readonly Omit<RunningService, 'arn'>[];
  readonly outputs: Readonly<Record<string, string>>;
}

export interface SystemStatus {
  readonly system: string;
  readonly environment: string;
  /** `complete` only when every required stack and every one that is there is as it should be. */
  readonly state: 'absent' | 'partial' | 'complete';
  readonly stacks: readonly StackStatus[];
}

export interface StatusRequest {
  readonly system: System;
  readonly environment: string;
  /** Have CloudFormation compare what is there with the templates now, which takes minutes. */
  readonly drift: boolean;
}

/** What is there of a system. Reads, and with `drift` has CloudFormation read; changes nothing. */
export async function systemStatus(engine: Engine, request: StatusRequest): Promise<SystemStatus> {
  const { system, environment } = request;
  checkEnvironment(environment);
  const standing = await standingStacks(engine, system, environment);
  const stacks: StackStatus[] = [];
  for (const spec of system.stacks) {
    stacks.push(await stackStatus(engine, request, spec, standing));
  }
  const own = stacks.filter(({ state }) => state !== 'absent' && state !== "somebody else's");
  const good = stacks.every(
    ({ state, required }) => state === 'complete' || (state === 'absent' && !required),
  );
  const state = own.length === 0 ? 'absent' : good ? 'complete' : 'partial';
  return { system: system.name, environment, state, stacks };
}

async function stackStatus(
  engine: Engine,
  { system, environment, drift }: StatusRequest,
  spec: StackSpec,
  standing: ReadonlyMap<string, StackDescription>,
): Promise<StackStatus> {
  const name = stackName(spec, environment);
  const found = standing.get(spec.key);
  const empty = {
    key: spec.key,
    stack: name,
    required: spec.when === 'always',
    status: found?.status,
    why: undefined,
    hint: undefined,
    changedAtMs: found?.changedAtMs,
    drift: undefined,
    drifted: [],
    services: [],
    outputs: {},
  };
  if (found === undefined) return { ...empty, state: 'absent' };
  if (!isOurs(found, system.name, environment)) {
    const why = `${name} was not made by lakewright for this environment`;
    return { ...empty, state: "somebody else's", why };
  }
  const state = stateOf(found);
  const settled = state === 'complete' || state === 'rolled back';
  const before = await branchesOf(engine, found);
  if (drift && settled) for (const branch of before) await lookForDrift(engine, branch);
  const branches = drift && settled ? await branchesOf(engine, found) : before;
  const looked = (drift && settled ? await engine.stacks.describe(found.id) : found) ?? found;
  const drifted = branches
    .flatMap(({ resources }) => resources)
    .filter((resource) => resource.drift === 'MODIFIED' || resource.drift === 'DELETED')
    .map((resource) => `${resource.logicalId} (${resource.type}) ${resource.drift?.toLowerCase()}`);
  const arns = physicalIds(branches, 'AWS::ECS::Service');
  const services = arns.length === 0 ? [] : await engine.account.services(arns);
  const stopped = state === 'complete' ? await stoppedServices(engine, branches, services) : [];
  const inside = state === 'complete' ? await troubleInside(engine, branches.slice(1)) : undefined;
  const told = {
    ...empty,
    drift: looked.drift,
    drifted,
    services: services.map(({ name: service, desired, running }) => ({ name: service, desired, running })),
    outputs: found.outputs,
  };
  return { ...told, ...judgement(state, looked, { drifted, services, known: arns.length, stopped, inside }) };
}

/** What is in a stack, as far as it tells whether all is well. */
interface Within {
  readonly drifted: readonly string[];
  readonly services: readonly RunningService[];
  /** Services that the stack has. */
  readonly known: number;
  readonly stopped: readonly StoppedService[];
  readonly inside: string | undefined;
}

function judgement(
  state: StackState,
  stack: StackDescription,
  { drifted, services, known, stopped, inside }: Within,
): Pick<StackStatus, 'state'> & Partial<StackStatus> {
  if (state === 'stuck') return { state, ...wayOut(stack) };
  if (state === 'rolled back') {
    const why = `the last update failed${stack.statusReason === undefined ? '' : `: ${stack.statusReason}`}`;
    return { state, why, hint: 'it is as it was before; deploy again when the cause is mended' };
  }
  if (state !== 'complete') return { state, why: stack.statusReason };
  if (inside !== undefined) return { state: 'degraded', why: inside };
  if (stack.drift?.status === 'DRIFTED' || drifted.length > 0) {
    return {
      state: 'drifted',
      why: drifted.length === 0 ? 'something was changed by hand' : drifted.join(', '),
    };
  }
  const short = services.filter(({ running, desired }) => running < desired);
  if (short.length > 0 || services.length < known || stopped.length > 0) {
    const list = short.map(({ name, running, desired }) => `${name} runs ${running} of ${desired} tasks`);
    const gone = services.length < known ? [`${known - services.length} services are gone`] : [];
    const idle = stopped.map(
      ({ name, wanted }) => `${name} is stopped, and its template asks for ${wanted} tasks`,
    );
    const hint = stopped.length === 0 ? {} : { hint: stopped.map(({ start }) => start).join('\n  ') };
    return { state: 'degraded', why: [...list, ...gone, ...idle].join(', '), ...hint };
  }
  return { state };
}

/** What is wrong with stacks inside a complete one: somebody worked on them directly. */
async function troubleInside(engine: Engine, nested: readonly StackBranch[]): Promise<string | undefined> {
  const troubles: string[] = [];
  for (const { id, name } of nested) {
    const stack = await engine.stacks.describe(id);
    if (stateOf(stack) !== 'complete') troubles.push(`${name} is ${stack?.status ?? 'gone'}`);
  }
  return troubles.length === 0 ? undefined : troubles.join(', ');
}

/** CloudFormation looks at the resources of one stack alone, and not at those of stacks inside it. */
async function lookForDrift(engine: Engine, { id, name }: StackBranch): Promise<void> {
  engine.report({ kind: 'stack', stack: name, text: 'looking for drift' });
  const detection = await engine.stacks.detectDrift(id);
  const { status, reason } = await poll(engine, `looking for drift of ${name}`, async () => {
    const said = await engine.stacks.driftDetection(detection);
    return said.status === 'DETECTION_IN_PROGRESS' ? undefined : said;
  });
  if (status === 'DETECTION_COMPLETE') return;
  throw new StackFailedError(name, `whether ${name} drifted could not be found out: ${reason ?? status}`, {
    hint: 'who looks for drift must be allowed to read every resource of the stack',
  });
}
