import {
  BadInputError,
  type Logger,
  NotFoundError,
  type ObjectCreated,
  type ObjectDescription,
  type ObjectStore,
  PreconditionError,
  type Rule,
} from '@lakewright/core';
import { completionState, wasCompleted, writeCompletion } from './completion.ts';
import type { Handler, HandlerInput } from './handler.ts';
import { HandlerTime } from './handler-time.ts';
import { inputBody } from './input-body.ts';
import { Outputs } from './outputs.ts';

/** What turning objects into objects needs. */
export interface RefineDependencies {
  readonly rule: Rule;
  readonly handler: Handler;
  /** The name by which messages call `store`. */
  readonly bucket: string;
  readonly store: ObjectStore;
  readonly logger: Logger;
}

export type Outcome =
  | { readonly kind: 'completed'; readonly outputs: readonly string[] }
  /** These bytes were completed before: nothing was written. */
  | { readonly kind: 'already' }
  | { readonly kind: 'skipped'; readonly reason: string };

/**
 * Takes one object from its notification to its completion record. Outputs are written first and the
 * completion last, under keys that follow from the object, so that doing it again, after a crash or at once
 * in another worker, ends in the same objects. Throws what the handler throws, NotFoundError when the object
 * is gone, PreconditionError when it changed under the handler, and UnavailableError.
 */
export async function processObject(
  dependencies: RefineDependencies,
  event: ObjectCreated,
  signal: AbortSignal,
): Promise<Outcome> {
  const { rule, store, bucket } = dependencies;
  const reason = skipReason(rule, event.key);
  if (reason !== undefined) return { kind: 'skipped', reason };
  if (event.bucket !== bucket) {
    throw new BadInputError(`the message is about bucket ${event.bucket}, this worker serves ${bucket}`);
  }
  const { versionId } = event;
  const input = await store.describe(event.key, { versionId });
  if (input === undefined) {
    if (await wasCompleted(store, rule, event)) return { kind: 'already' };
    throw new NotFoundError(`${event.key} is gone from ${bucket}`, {
      hint: 'put it there again, then redrive its dead letter',
    });
  }
  const state = await completionState(store, rule, input, event);
  if (state.kind === 'done') return { kind: 'already' };
  if (state.kind === 'superseded') {
    return { kind: 'skipped', reason: 'a later version of the object is completed' };
  }
  const outputs = await handle(dependencies, input, signal);
  return complete(dependencies, input, event, { outputs, current: state.current });
}

function skipReason(rule: Rule, key: string): string | undefined {
  if (rule.outputPrefixes.some((prefix) => key.startsWith(prefix))) return 'an output of this rule';
  if (!key.startsWith(rule.inputPrefix)) return `not below ${rule.inputPrefix}`;
  return key.endsWith('/') ? 'a folder marker' : undefined;
}

/** Runs the handler within its time; what it puts after that, or after it has failed, is refused. */
async function handle(
  { rule, handler, bucket, store, logger }: RefineDependencies,
  description: ObjectDescription,
  stop: AbortSignal,
): Promise<string[]> {
  const { key, versionId, etag, size, contentType, metadata } = description;
  const time = new HandlerTime(rule.timeoutSeconds, stop);
  const { signal } = time;
  const source = { bucket, key, version: versionId ?? etag };
  const body = inputBody(store, description);
  const outputs = new Outputs(store, rule, { source, description, body }, signal);
  const input: HandlerInput = { bucket, key, versionId, etag, size, contentType, metadata, body };
  const work = async () => outputs.end(await handler(input, outputs.put, { signal, logger }));
  try {
    return await time.within(work());
  } finally {
    time.over();
  }
}

async function complete(
  { rule, store, logger }: RefineDependencies,
  input: ObjectDescription,
  event: ObjectCreated,
  content: { outputs: readonly string[]; current: ObjectDescription | undefined },
): Promise<Outcome> {
  try {
    const key = await writeCompletion(store, rule, input, event, content);
    logger.log('info', 'completed', { key, outputs: content.outputs });
    return { kind: 'completed', outputs: content.outputs };
  } catch (error) {
    if (!(error instanceof PreconditionError)) throw error;
    // Another worker was first: with the same outputs, or with those of another version.
    const state = await completionState(store, rule, input, event);
    if (state.kind === 'open') throw error;
    return state.kind === 'done'
      ? { kind: 'already' }
      : { kind: 'skipped', reason: 'a later version of the object is completed' };
  }
}
