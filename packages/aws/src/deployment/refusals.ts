import { BadInputError, NotFoundError } from '@lakewright/core';
import { awsError, isAwsError } from '../errors.ts';
import { partitionOf } from '../partitions.ts';

/** Where the stacks are. */
export interface Subject {
  readonly region: string | undefined;
}

/** Errors whose words come from CloudFormation's own rules: they name parameters and resources, and no secret. */
const REFUSALS = [
  'ValidationError',
  'AlreadyExistsException',
  'InsufficientCapabilitiesException',
  'InvalidChangeSetStatus',
  'InvalidChangeSetStatusException',
  'LimitExceededException',
  'InvalidOperationException',
];

/**
 * Whether CloudFormation says that there is no such stack: `Stack with id X does not exist`, `Stack [X] does not exist`.
 * It says in almost the same words that a subnet which a parameter names does not exist, and that is another thing.
 */
export function isAbsent(error: unknown): boolean {
  return (
    isAwsError(error, 'ValidationError') &&
    /^Stack (with id |with name |name |\[|'|:)?\S+ does not exist/i.test((error as Error).message)
  );
}

/** The error of the house for a request to CloudFormation that failed: `what` it was, as `look at`, and to which stack. */
export function refusal(
  error: unknown,
  { region }: Subject,
  what: string,
  action: string,
  stack: string,
): Error {
  const name = nameOf(stack);
  if (isAbsent(error) || isAwsError(error, 'ChangeSetNotFound', 'ChangeSetNotFoundException')) {
    return new NotFoundError(`could not ${what} ${name}: it is not there`);
  }
  if (isAwsError(error, ...REFUSALS)) {
    return new BadInputError(`could not ${what} ${name}: ${(error as Error).message}`);
  }
  const kind = action.includes('ChangeSet') && !action.startsWith('Create') ? 'changeSet' : 'stack';
  return awsError(error, {
    what: `${what} ${name}`,
    action: `cloudformation:${action}`,
    resource: `arn:${partitionOf(region)}:cloudformation:${region ?? '*'}:*:${kind}/${name}/*`,
  });
}

/** The name in an ARN of CloudFormation, or what is no ARN as it is. */
function nameOf(stack: string): string {
  return stack.startsWith('arn:') ? (stack.split('/')[1] ?? stack) : stack;
}
