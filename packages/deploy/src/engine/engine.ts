import type { DeploymentAccount, StackEvent, Stacks } from '@lakewright/core';
import { Backoff, ConfigError, LimitError, type StackDescription, UnavailableError } from '@lakewright/core';
import { InterruptedError } from './errors.ts';
import { ENVIRONMENT_TAG, SYSTEM_TAG } from './system.ts';

/** What is told while the engine is at work. */
export type Progress =
  | { readonly kind: 'stack'; readonly stack: string; readonly text: string }
  | { readonly kind: 'event'; readonly stack: string; readonly event: StackEvent };

/** What the engine has of the world. */
export interface Engine {
  readonly stacks: Stacks;
  readonly account: DeploymentAccount;
  /** Aborted when a person no longer waits. */
  readonly signal: AbortSignal;
  now(): number;
  /** Resolves after `ms`, or sooner when `signal` is aborted. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  report(progress: Progress): void;
}

/** Minutes that the engine waits for one step: CloudFormation itself gives up a service of ECS after 3 hours. */
const MAX_WAIT_MINUTES = 240;
const FIRST_LOOK_MS = 500;
const LONGEST_LOOK_MS = 10_000;
/** Looks in a row that may fail as nothing answers, after the tries that each of them makes itself. */
const MAX_LOST_LOOKS = 10;

/**
 * Asks `look` until it answers something else than undefined, with growing pauses. A look that nothing answered is made
 * again, so that hours of waiting do not end with a moment of throttling. Throws InterruptedError when the person no
 * longer waits, LimitError `maxWaitMinutes` after MAX_WAIT_MINUTES, and UnavailableError when nothing answers at all.
 */
export async function poll<T>(engine: Engine, doing: string, look: () => Promise<T | undefined>): Promise<T> {
  const backoff = new Backoff(FIRST_LOOK_MS, LONGEST_LOOK_MS);
  const deadline = engine.now() + MAX_WAIT_MINUTES * 60_000;
  let lost = 0;
  for (;;) {
    checkWaiting(engine, doing);
    try {
      const answer = await look();
      if (answer !== undefined) return answer;
      lost = 0;
    } catch (error) {
      if (!(error instanceof UnavailableError) || ++lost > MAX_LOST_LOOKS) throw error;
    }
    if (engine.now() > deadline) {
      throw new LimitError('maxWaitMinutes', `still ${doing} after ${MAX_WAIT_MINUTES} minutes`, {
        hint: 'look at it in the console; run the same command again to go on waiting',
      });
    }
    await engine.pause(backoff.failed(), engine.signal);
  }
}

/** Throws InterruptedError when the person no longer waits: before each thing that is begun. */
export function checkWaiting(engine: Engine, doing: string): void {
  if (engine.signal.aborted) throw new InterruptedError(doing);
}

export function isOurs(stack: StackDescription, system: string, environment: string): boolean {
  return stack.tags[SYSTEM_TAG] === system && stack.tags[ENVIRONMENT_TAG] === environment;
}

/** Throws ConfigError for a stack that carries another's tags, or none of ours. */
export function checkOurs(stack: StackDescription, system: string, environment: string): void {
  if (isOurs(stack, system, environment)) return;
  const { [SYSTEM_TAG]: otherSystem, [ENVIRONMENT_TAG]: other } = stack.tags;
  const whose =
    otherSystem === undefined && other === undefined
      ? 'it was not made by lakewright'
      : `it belongs to ${otherSystem ?? 'another system'}, environment ${other ?? 'unknown'}`;
  throw new ConfigError(`${stack.name} is there already, and ${whose}: it is left alone`, {
    hint: 'choose another name with --env; `lakewright aws update-images` works for stacks made by hand',
  });
}
