import type { Look } from './reader.ts';

/** A bucket, each part seen for itself: one may be let see its region and not its policy. */
export interface BucketFacts {
  readonly region: Look<string>;
  /** JSON. */
  readonly policy: Look<string>;
  readonly encryption: Look<BucketEncryption>;
  readonly lifecycle: Look<LifecycleFacts>;
}

export interface BucketEncryption {
  /** `AES256`, `aws:kms` or `aws:kms:dsse` */
  readonly algorithm: string;
  /** Id or ARN of the key; undefined where it is AWS' own. */
  readonly kmsKey: string | undefined;
}

export interface LifecycleFacts {
  readonly rules: readonly LifecycleRule[];
  /** The same rules in the same order, as S3 has them, to be put back with others. */
  readonly document: readonly Readonly<Record<string, unknown>>[];
}

export interface LifecycleRule {
  readonly id: string | undefined;
  readonly enabled: boolean;
  /** Empty: every object. */
  readonly prefix: string;
  /** Whether the rule is for some objects below its prefix only: those with a tag, or of a size. */
  readonly narrowed: boolean;
  /** Days after which an object is removed; undefined where the rule removes none. */
  readonly expirationDays: number | undefined;
  /** Days after which an unfinished upload is removed. */
  readonly abortDays: number | undefined;
}

/** Where a bucket's events go. */
export interface NotificationsFacts {
  readonly eventBridge: boolean;
  readonly rules: readonly NotificationRule[];
  /** The whole configuration as S3 has it, to be put back with more in it. */
  readonly document: Readonly<Record<string, unknown>>;
}

export interface NotificationRule {
  readonly id: string | undefined;
  readonly target: 'queue' | 'topic' | 'function';
  readonly targetArn: string;
  /** `s3:ObjectCreated:*` */
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffix: string;
}
