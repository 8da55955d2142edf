import { LakewrightError } from '@lakewright/core';

/** A raw object that cannot be turned into records. `key` names it; the message says where it is bad. */
export class BadObjectError extends LakewrightError {
  readonly key: string;
  constructor(key: string, reason: string, options?: { cause?: unknown }) {
    super('BAD_OBJECT', reason, options);
    this.key = key;
  }
}
