import { INSTALL_CHECKS, STACK_CHECKS } from './checks/index.ts';
import type { DeployedStack, Deployment, Finding } from './deployment.ts';

/** A finding and the name of the check that made it. */
export interface Named extends Finding {
  readonly check: string;
}

const KNOWN = new WeakMap<DeployedStack, readonly Named[]>();

/** What all checks find in an install. What a stack says by itself is looked at once, however many installs have it. */
export function findingsOf(deployment: Deployment): Named[] {
  return [...deployment.stacks.flatMap(ofStack), ...run(INSTALL_CHECKS, deployment)];
}

function ofStack(stack: DeployedStack): readonly Named[] {
  const known = KNOWN.get(stack) ?? run(STACK_CHECKS, { stacks: [stack] });
  KNOWN.set(stack, known);
  return known;
}

function run(checks: typeof STACK_CHECKS, deployment: Deployment): Named[] {
  return Object.entries(checks).flatMap(([check, look]) =>
    look(deployment).map((each) => ({ ...each, check })),
  );
}
