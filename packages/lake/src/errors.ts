import { ConfigError, LakewrightError } from '@lakewright/core';

/** Something in the store that cannot be worked with: `key` names it, `reason` says what is wrong with it. */
abstract class KeyError extends LakewrightError {
  readonly key: string;
  readonly reason: string;
  constructor(code: string, key: string, reason: string, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
    this.key = key;
    this.reason = reason;
  }
}

/** A raw object that cannot be turned into records. The message says where it is bad. */
export class BadObjectError extends KeyError {
  constructor(key: string, reason: string, options?: { cause?: unknown }) {
    super('BAD_OBJECT', key, reason, reason, options);
  }
}

/** A segment that compaction has to leave as it is. */
export class UnmergeableError extends KeyError {
  constructor(key: string, reason: string, options?: { cause?: unknown }) {
    super('UNMERGEABLE', key, reason, `segment ${key}: ${reason}`, options);
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

/** A segment that cannot be rolled up. */
export class UnreadableSegmentError extends KeyError {
  constructor(key: string, reason: string, options?: { cause?: unknown }) {
    super('UNREADABLE_SEGMENT', key, reason, `segment ${key}: ${reason}`, options);
  }
}
