import type { RunningService, StackDescription } from '@lakewright/core';
import { evaluate } from '../template/evaluate.ts';
import { parseTemplate } from '../template/parse.ts';
import type { Engine } from './engine.ts';
import { branchesOf, physicalIds, type StackBranch } from './tree.ts';

/** A service that asks for no tasks, though its template has some. */
export interface StoppedService {
  readonly name: string;
  /** Tasks that the template asks for. */
  readonly wanted: number;
  /** A command that starts it again. */
  readonly start: string;
}

/**
 * Services that somebody stopped: a person, or a `destroy` that went no further. CloudFormation compares templates and
 * not what there is, so that it calls such a stack complete and finds no changes in it.
 */
export async function stoppedServices(
  engine: Engine,
  branches: readonly StackBranch[],
  services: readonly RunningService[],
): Promise<StoppedService[]> {
  const idle = new Map(
    services.flatMap((service) => (service.desired === 0 ? [[service.arn, service]] : [])),
  );
  const stopped: StoppedService[] = [];
  for (const branch of branches) {
    const own = branch.resources.filter(({ physicalId }) => physicalId !== undefined && idle.has(physicalId));
    if (own.length === 0) continue;
    const wanted = await wantedTasks(engine, branch);
    for (const { logicalId, physicalId } of own) {
      const service = idle.get(physicalId ?? '') as RunningService;
      const count = wanted(logicalId);
      if (count > 0) stopped.push({ name: service.name, wanted: count, start: startOf(service, count) });
    }
  }
  return stopped;
}

/** Says which services of a stack are stopped: a deployment changes nothing in that, as nobody was asked. */
export async function tellStopped(
  engine: Engine,
  stack: Pick<StackDescription, 'id' | 'name'>,
): Promise<void> {
  const branches = await branchesOf(engine, stack);
  const arns = physicalIds(branches, 'AWS::ECS::Service');
  if (arns.length === 0) return;
  const services = await engine.account.services(arns);
  for (const { name, start } of await stoppedServices(engine, branches, services)) {
    engine.report({
      kind: 'stack',
      stack: stack.name,
      text: `${name} stays stopped; start it with: ${start}`,
    });
  }
}

/** The tasks of each service by the template and the values that the stack has. ECS itself takes one for none said. */
async function wantedTasks(
  engine: Engine,
  { id, name }: StackBranch,
): Promise<(logicalId: string) => number> {
  const stack = await engine.stacks.describe(id);
  const template = parseTemplate(await engine.stacks.template(id), name);
  const { resources } = evaluate(template, { stackName: name, parameters: stack?.parameters });
  return (logicalId) => Number(resources[logicalId]?.properties.DesiredCount ?? 1);
}

/** `arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME`. */
function startOf({ arn, name }: RunningService, count: number): string {
  const cluster = arn.split('/').at(-2) ?? 'CLUSTER';
  return `aws ecs update-service --cluster ${cluster} --service ${name} --desired-count ${count}`;
}
