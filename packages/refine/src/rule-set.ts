import {
  BadInputError,
  NotFoundError,
  type ObjectInfo,
  type ObjectStore,
  type PutOptions,
  parseNotification,
  type Queue,
  type QueueCounts,
  type Rule,
} from '@lakewright/core';
import { completionKey } from './completion.ts';

/** A rule set as its users work with it: over the store and queue themselves, or over HTTP. */
export interface RuleSet {
  readonly rule: RuleView;
  /** Stores an input at `path` below the input prefix; the worker hears of it. */
  push(path: string, body: AsyncIterable<Uint8Array>, options: PutOptions): Promise<PushedObject>;
  /** Every completion whose key sorts after `startAfter`, by key. */
  completions(startAfter?: string): AsyncIterable<ObjectInfo>;
  /** An input, output or completion. Throws NotFoundError, also for a key that is none of these. */
  open(key: string): Promise<RuleSetObject>;
  /** Removes an input, output or completion; what is not there is no error. */
  remove(key: string): Promise<void>;
  counts(): Promise<QueueCounts>;
  /** Up to `max` dead letters. */
  deadLetters(max: number): Promise<DeadLetterView[]>;
  /** Hands every dead letter out anew; answers how many. */
  redrive(): Promise<number>;
}

/** What users see of a rule. */
export type RuleView = Pick<
  Rule,
  | 'name'
  | 'inputPrefix'
  | 'outputPrefix'
  | 'completePrefix'
  | 'handler'
  | 'batchSize'
  | 'concurrency'
  | 'maxReceives'
  | 'timeoutSeconds'
>;

export type PushedObject = Pick<ObjectInfo, 'key' | 'etag' | 'size'>;

export interface RuleSetObject {
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface DeadLetterView {
  readonly id: string;
  /** The objects that its message tells of; none when the message cannot be read. */
  readonly keys: readonly string[];
  readonly receives: number;
  /** Milliseconds since the epoch. */
  readonly sentAtMs: number;
  readonly reason: string | undefined;
}

export interface RuleSetParts {
  readonly rule: Rule;
  readonly store: ObjectStore;
  /** Opened when it is needed: who pushes and polls need not see it. */
  readonly queue: () => Promise<Queue>;
  /** Tells the queue of an input that was pushed; where the bucket's own events do that, nothing. */
  readonly announce: (object: ObjectInfo) => Promise<void>;
}

/** The rule set over its store and its queue. */
export function ruleSet({ rule, store, queue, announce }: RuleSetParts): RuleSet {
  const check = (key: string): string => {
    const prefixes = [rule.inputPrefix, ...rule.outputPrefixes];
    checkPath(key);
    if (prefixes.some((prefix) => key.startsWith(prefix))) return key;
    throw new NotFoundError(`${JSON.stringify(key)} is no object of rule ${rule.name}`, {
      hint: `its objects are below ${prefixes.join(', ')}`,
    });
  };
  return {
    rule: viewOf(rule),
    async push(path, body, options) {
      checkPath(path);
      // An input whose completion has no possible key could never be completed.
      await store.head(completionKey(rule, rule.inputPrefix + path));
      const info = await store.put(rule.inputPrefix + path, body, options);
      await announce(info);
      return info;
    },
    completions: (startAfter) => store.list(rule.completePrefix, { startAfter }),
    open: async (key) => store.open(check(key)),
    remove: async (key) => store.delete(check(key)),
    counts: async () => (await queue()).counts(),
    async deadLetters(max) {
      const dead = await (await queue()).deadLetters(max);
      return dead.map(({ id, body, receives, sentAtMs, reason }) => ({
        id,
        keys: keysOf(body),
        receives,
        sentAtMs,
        reason,
      }));
    },
    redrive: async () => (await queue()).redrive(),
  };
}

function viewOf(rule: Rule): RuleView {
  const { outputPrefixes: _, ...view } = rule;
  return view;
}

/**
 * Throws BadInputError for a path with empty parts, `.` or `..`: stores and clients on the way read those in
 * different ways, and one of them could lead into another rule's objects.
 */
export function checkPath(path: string): void {
  if (!path.split('/').some((part) => part === '' || part === '.' || part === '..')) return;
  throw new BadInputError(`${JSON.stringify(path)} is no path of an object`, {
    hint: 'write it like folder/name.txt: no empty part, no . and no ..',
  });
}

function keysOf(body: string): string[] {
  try {
    const notification = parseNotification(body);
    return notification.kind === 'created' ? notification.objects.map(({ key }) => key) : [];
  } catch {
    // A message that nobody understands is a dead letter for that very reason.
    return [];
  }
}
