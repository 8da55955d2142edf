import { ConfigError, LakewrightError } from '@lakewright/core';

/** A raw object that cannot be turned into records. `key` names it; the message says where it is bad. */
export class BadObjectError extends LakewrightError {
  readonly key: string;
  constructor(key: string, reason: string, options?: { cause?: unknown }) {
    super('BAD_OBJECT', reason, options);
    this.key = key;
  }
}

/** A segment that compaction has to leave as it is. `key` names it; the message says what is wrong with it. */
export class UnmergeableError extends LakewrightError {
  readonly key: string;
  constructor(key: string, reason: string, options?: { cause?: unknown }) {
    super('UNMERGEABLE', `segment ${key}: ${reason}`, options);
    this.key = key;
  }
}

/** Some of the objects or segments that were claimed are not their owner's any more: nothing was published. */
export class ClaimLostError extends LakewrightError {
  constructor(lost: number, what = 'objects') {
    super('CLAIM_LOST', `${lost} of the claimed ${what} belong to somebody else or are done`);
  }
}

/** Nobody has made the tables that a service uses, or an older program did. */
export class NotSetUpError extends ConfigError {
  constructor(what: string) {
    super(`the database has no ${what}, or one of an older version`, { hint: 'run lakewright setup first' });
  }
}

/** A segment that cannot be rolled up. `key` names it; the message says what is wrong with it. */
export class UnreadableSegmentError extends LakewrightError {
  readonly key: string;
  constructor(key: string, reason: string, options?: { cause?: unknown }) {
    super('UNREADABLE_SEGMENT', `segment ${key}: ${reason}`, options);
    this.key = key;
  }
}
