import { LakewrightError } from '@lakewright/core';

/** A raw object that cannot be turned into records. `key` names it; the message says where it is bad. */
export class BadObjectError extends LakewrightError {
  readonly key: string;
  constructor(key: string, reason: string, options?: { cause?: unknown }) {
    super('BAD_OBJECT', reason, options);
    this.key = key;
  }
}

/** Some of the objects to be marked done are not claimed by their owner any more: nothing was published. */
export class ClaimLostError extends LakewrightError {
  constructor(lost: number) {
    super('CLAIM_LOST', `${lost} of the claimed objects belong to somebody else or are done`);
  }
}
