import type { StackDescription, StackResource } from '@lakewright/core';
import type { Engine } from './engine.ts';
import { NESTED_STACK } from './system.ts';

/** A stack, or one inside it, with the resources that are its own. */
export interface StackBranch {
  readonly id: string;
  readonly name: string;
  readonly resources: readonly StackResource[];
}

/** A stack and every one inside it, the outermost first. */
export async function branchesOf(
  engine: Engine,
  { id, name }: Pick<StackDescription, 'id' | 'name'>,
): Promise<StackBranch[]> {
  const resources = await engine.stacks.resources(id);
  const branches: StackBranch[] = [{ id, name, resources }];
  for (const { type, physicalId, logicalId, status } of resources) {
    if (type !== NESTED_STACK || physicalId === undefined || status === 'DELETE_COMPLETE') continue;
    branches.push(...(await branchesOf(engine, { id: physicalId, name: `${name}/${logicalId}` })));
  }
  return branches;
}

/** What resources of a type are called in the account: one that is deleted may be another's by now. */
export function physicalIds(branches: readonly StackBranch[], wanted: string): string[] {
  return branches.flatMap(({ resources }) =>
    resources.flatMap(({ type, physicalId, status }) =>
      type === wanted && physicalId !== undefined && status !== 'DELETE_COMPLETE' ? [physicalId] : [],
    ),
  );
}
