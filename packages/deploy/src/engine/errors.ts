import { LakewrightError } from '@lakewright/core';

/** CloudFormation tried and did not succeed. The message names the first resource that failed, and why. */
export class StackFailedError extends LakewrightError {
  readonly stackName: string;
  constructor(stack: string, message: string, options?: { hint?: string }) {
    super('STACK_FAILED', message, options);
    this.stackName = stack;
  }
}

/** A person ended the waiting. CloudFormation goes on by itself. */
export class InterruptedError extends LakewrightError {
  constructor(doing: string) {
    super('INTERRUPTED', `stopped waiting while ${doing}`, {
      hint: 'CloudFormation goes on with what it began; run the same command again to take it up',
    });
  }
}
