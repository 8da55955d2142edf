import {
  isLater,
  type ObjectCreated,
  type ObjectDescription,
  type ObjectStore,
  type Rule,
} from '@lakewright/core';
import { CompletionError } from './errors.ts';
import { REFINE_LIMITS } from './limits.ts';

/** Names of a completion's metadata: which object, of those that had its key, it completes. */
const ETAG = 'input-etag';
const VERSION = 'input-version';
const SEQUENCER = 'input-sequencer';

type Prefixes = Pick<Rule, 'inputPrefix' | 'completePrefix'>;

/** Where the completion of an input is: its path below the input prefix, below the complete prefix. */
export function completionKey(rule: Prefixes, inputKey: string): string {
  return `${rule.completePrefix}${inputKey.slice(rule.inputPrefix.length)}.json`;
}

/** The key of the input that a completion is of. */
export function inputKeyOf(rule: Prefixes, completion: string): string {
  return rule.inputPrefix + completion.slice(rule.completePrefix.length, -'.json'.length);
}

/**
 * The keys in a completion record, without the leading slash that other writers put there. Throws
 * CompletionError naming `key`; the record's text is not in the message.
 */
export function parseCompletion(key: string, body: Uint8Array): string[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new CompletionError(key, 'is not JSON');
  }
  if (!Array.isArray(value)) throw new CompletionError(key, 'is not an array');
  return value.map((entry, i) => {
    const output = typeof entry === 'string' ? entry.replace(/^\/+/, '') : '';
    if (output === '') throw new CompletionError(key, `its element ${i} is not a key`);
    return output;
  });
}

/** What the completion of an input says about it before it is processed. */
export type CompletionState =
  | { readonly kind: 'open'; readonly current: ObjectDescription | undefined }
  /** These very bytes are completed. */
  | { readonly kind: 'done' }
  /** A later version under the same key is completed. */
  | { readonly kind: 'superseded' };

/** How far the input is: `input` as the store describes it, `event` as the notification tells of it. */
export async function completionState(
  store: ObjectStore,
  rule: Prefixes,
  input: ObjectDescription,
  event: Pick<ObjectCreated, 'sequencer'>,
): Promise<CompletionState> {
  const current = await store.describe(completionKey(rule, input.key));
  if (current === undefined) return { kind: 'open', current };
  if (completes(current, input)) return { kind: 'done' };
  const completed = current.metadata[SEQUENCER];
  // Without versions the object under the key is the only one there is, whatever the order of events.
  const ordered = input.versionId !== undefined && event.sequencer !== undefined && completed !== undefined;
  if (ordered && isLater(completed, event.sequencer)) return { kind: 'superseded' };
  return { kind: 'open', current };
}

/** Whether the object that an event tells of, gone by now, was completed before. */
export async function wasCompleted(
  store: ObjectStore,
  rule: Prefixes,
  { key, etag, versionId }: ObjectCreated,
): Promise<boolean> {
  const completion = await store.describe(completionKey(rule, key));
  return completion !== undefined && etag !== undefined && completes(completion, { etag, versionId });
}

/** Whether a completion is of this very object. */
export function completes(
  completion: ObjectDescription,
  input: Pick<ObjectDescription, 'etag' | 'versionId'>,
): boolean {
  const { metadata } = completion;
  return metadata[ETAG] === input.etag && (metadata[VERSION] ?? undefined) === input.versionId;
}

/**
 * Writes the completion record of `input`: the last thing that happens to an object, and what makes it done.
 * It replaces `current` and nothing else. Throws PreconditionError when another worker wrote it meanwhile.
 */
export async function writeCompletion(
  store: ObjectStore,
  rule: Prefixes,
  input: ObjectDescription,
  event: Pick<ObjectCreated, 'sequencer'>,
  content: { outputs: readonly string[]; current: ObjectDescription | undefined },
): Promise<string> {
  const key = completionKey(rule, input.key);
  const body = JSON.stringify(content.outputs);
  if (body.length > REFINE_LIMITS.maxCompletionBytes) {
    throw new CompletionError(key, `would be longer than ${REFINE_LIMITS.maxCompletionBytes} bytes`);
  }
  const metadata: Record<string, string> = { [ETAG]: input.etag };
  if (input.versionId !== undefined) metadata[VERSION] = input.versionId;
  if (event.sequencer !== undefined) metadata[SEQUENCER] = event.sequencer;
  await store.put(key, new TextEncoder().encode(body), {
    contentType: 'application/json',
    metadata,
    only: content.current === undefined ? 'absent' : { etag: content.current.etag },
  });
  return key;
}
