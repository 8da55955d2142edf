import type { StackDescription, StackEvent } from '@lakewright/core';
import { type Engine, poll } from './engine.ts';
import { StackFailedError } from './errors.ts';
import { firstFailure, hintFor } from './failure.ts';

/** A stack at which CloudFormation came to an end, and what happened meanwhile. */
export interface Followed {
  /** Undefined when the stack is gone without a trace. */
  readonly stack: StackDescription | undefined;
  readonly events: readonly StackEvent[];
}

/** The id of a stack's last event, to see what comes after it. */
export async function lastEvent(engine: Engine, stackId: string): Promise<string | undefined> {
  return (await engine.stacks.events(stackId)).at(-1)?.id;
}

/**
 * Waits until CloudFormation is done with a stack, and reports its events. `after` is the last event before the work
 * was asked for, so that an old end is not taken for the new one. Without `after` all events count and only the new
 * ones from now on are reported.
 */
export async function follow(
  engine: Engine,
  stackId: string,
  doing: string,
  after?: { readonly event: string | undefined },
): Promise<Followed> {
  const events: StackEvent[] = [];
  let last = after?.event;
  let told = after !== undefined;
  const stack = await poll(engine, doing, async () => {
    const found = await engine.stacks.describe(stackId);
    if (found === undefined) return { found };
    const news = await engine.stacks.events(stackId, last);
    events.push(...news);
    last = news.at(-1)?.id ?? last;
    if (told) for (const event of news) engine.report({ kind: 'event', stack: found.name, event });
    told = true;
    // The last end of all: nothing comes after it, and for one that was never made CloudFormation tells of no event.
    if (found.status === 'DELETE_COMPLETE') return { found };
    if (found.status.endsWith('_IN_PROGRESS')) return undefined;
    // The two are read one after the other, and either may be behind: an end is one when both say the same.
    const own = events.findLast((event) => event.physicalId === stackId);
    return own?.status === found.status ? { found } : undefined;
  });
  return { stack: stack.found, events };
}

/** The error for a stack that did not come to the end that was wanted. */
export async function failureOf(
  engine: Engine,
  name: string,
  stackId: string,
  followed: Followed,
): Promise<Error> {
  const failure = await firstFailure(engine.stacks, stackId, followed.events);
  const status = followed.stack?.status ?? 'gone';
  if (failure === undefined) {
    const reason = followed.stack?.statusReason;
    return new StackFailedError(
      name,
      `${name} ended as ${status}${reason === undefined ? '' : `: ${reason}`}`,
      {
        hint: reason === undefined ? undefined : hintFor(reason),
      },
    );
  }
  if (failure.logicalId === name) {
    return new StackFailedError(name, `${name} ended as ${status}: ${failure.reason}`, {
      hint: hintFor(failure.reason),
    });
  }
  const inside = failure.stack === name ? '' : ` of ${failure.stack}`;
  return new StackFailedError(
    name,
    `${name} ended as ${status}. First ${failure.logicalId}${inside} (${failure.type}) failed: ${failure.reason}`,
    { hint: hintFor(failure.reason) },
  );
}
