import type { StackDescription } from '@lakewright/core';

/** What can be done with a stack. */
export type StackState =
  /** There is none. */
  | 'absent'
  /** CloudFormation is at work on it. */
  | 'working'
  /** As the last deployment wanted it. */
  | 'complete'
  /** The last update failed; it is as before that, and can be updated. */
  | 'rolled back'
  /** It was never made: a change set that nobody executed, or a creation that failed. It is deleted and made anew. */
  | 'not made'
  /** An update failed and was not rolled back; it can be updated. */
  | 'update failed'
  /** Only a person can go on. */
  | 'stuck';

const STATES: Readonly<Record<string, StackState>> = {
  CREATE_COMPLETE: 'complete',
  UPDATE_COMPLETE: 'complete',
  IMPORT_COMPLETE: 'complete',
  UPDATE_ROLLBACK_COMPLETE: 'rolled back',
  IMPORT_ROLLBACK_COMPLETE: 'rolled back',
  REVIEW_IN_PROGRESS: 'not made',
  CREATE_FAILED: 'not made',
  ROLLBACK_COMPLETE: 'not made',
  ROLLBACK_FAILED: 'not made',
  UPDATE_FAILED: 'update failed',
  DELETE_COMPLETE: 'absent',
};

/** The state of a stack by CloudFormation's word for it. */
export function stateOf(stack: Pick<StackDescription, 'status'> | undefined): StackState {
  if (stack === undefined) return 'absent';
  const known = STATES[stack.status];
  if (known !== undefined) return known;
  return stack.status.endsWith('_IN_PROGRESS') ? 'working' : 'stuck';
}

/** Why a stack cannot go on by itself, and what to do: for `stuck`. */
export function wayOut({ name, status, statusReason }: StackDescription): { why: string; hint: string } {
  const why = `${name} is in ${status}${statusReason === undefined ? '' : `: ${statusReason}`}`;
  if (status === 'UPDATE_ROLLBACK_FAILED') {
    return {
      why: `${why}. An update failed, and going back from it failed as well`,
      hint:
        `mend what the events name, then: aws cloudformation continue-update-rollback --stack-name ${name} ` +
        '(with --resources-to-skip for what cannot be mended), and deploy again',
    };
  }
  if (status === 'DELETE_FAILED') {
    return {
      why: `${why}. It was being deleted, and something could not be`,
      hint: 'finish it with `lakewright aws destroy`, then deploy again',
    };
  }
  return { why, hint: `look at its events: aws cloudformation describe-stack-events --stack-name ${name}` };
}
