import type { StackEvent, Stacks } from '@lakewright/core';
import { NESTED_STACK } from './system.ts';

/** The resource at which a stack failed. */
export interface Failure {
  /** The stack that it is in: a nested one, perhaps. */
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly reason: string;
}

/** What CloudFormation says of resources that it gave up because another one failed. */
const CANCELLED = /^Resource (creation|update|deletion) cancelled/i;
/** What begins a try. */
const BEGINNINGS = new Set(['CREATE_IN_PROGRESS', 'UPDATE_IN_PROGRESS', 'DELETE_IN_PROGRESS']);

/**
 * The first resource that failed in the last try, followed into nested stacks: what comes after it was only given up.
 * Undefined when no event says so.
 */
export async function firstFailure(
  stacks: Pick<Stacks, 'events'>,
  stackId: string,
  events: readonly StackEvent[],
): Promise<Failure | undefined> {
  const begun = events.findLastIndex((event) => event.physicalId === stackId && BEGINNINGS.has(event.status));
  const tried = events.slice(Math.max(begun, 0));
  const failed = tried.filter(
    ({ status, reason }) => status.endsWith('_FAILED') && !CANCELLED.test(reason ?? ''),
  );
  const first = failed.find((event) => event.physicalId !== stackId) ?? failed[0] ?? tried.find(isRollback);
  if (first === undefined) return undefined;
  const isNested =
    first.type === NESTED_STACK && first.physicalId !== undefined && first.physicalId !== stackId;
  if (isNested && first.physicalId !== undefined) {
    const inside = await stacks.events(first.physicalId).catch(() => []);
    const deeper = await firstFailure(stacks, first.physicalId, inside);
    if (deeper !== undefined) return deeper;
  }
  return {
    stack: first.stackName,
    logicalId: first.logicalId,
    type: first.type,
    reason: first.reason ?? 'CloudFormation does not say why',
  };
}

/** What an output or an export breaks is said of the stack alone. */
function isRollback({ status, reason }: StackEvent): boolean {
  return status.endsWith('ROLLBACK_IN_PROGRESS') && reason !== undefined;
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /not authorized to perform|AccessDenied|Access Denied|UnauthorizedOperation/i,
    'the one who deploys lacks this right: see `lakewright aws policy`',
  ],
  [
    /already exists/i,
    'something of this name is there, perhaps kept from an earlier install: remove it, or use --env',
  ],
  [
    /Circuit Breaker|did not stabilize|exceeded.*attempts/i,
    'its tasks do not stay up: read their log group, and the stopped tasks of the service in ECS',
  ],
  [
    /limit exceeded|LimitExceeded|quota|maximum number/i,
    'raise this quota in Service Quotas, or free some of it',
  ],
  [
    /cannot be deleted as it is in use by|Export .* in use/i,
    'another stack uses what this one exports: deploy or destroy that one first',
  ],
  [
    /CannotPullContainer|pull image/i,
    'the image cannot be fetched from the private subnets: check its name and the way out',
  ],
];

/** What to do about a failure, for the reasons that come most; undefined for others. */
export function hintFor(reason: string): string | undefined {
  return HINTS.find(([pattern]) => pattern.test(reason))?.[1];
}
