import { LimitError } from '@lakewright/core';
import { CancelledError } from '../errors.ts';

/** Ends work that takes too long or that nobody waits for any more. */
export interface Watchdog {
  /** Aborted when the work was given up. */
  readonly signal: AbortSignal;
  /** `work`, or the reason for which it was given up, whichever comes first. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Throws the reason when the work was given up. */
  check(): void;
  /** Stops watching. */
  stop(): void;
}

/** An interrupt that comes between two statements is lost on the next: repeat it until the work ends. */
const REPEAT_MS = 50;

/**
 * Watches for `seconds` and for `signal`, then calls `interrupt` until stopped. `limit` names the limit
 * that `seconds` is.
 */
export function watch(
  options: { readonly limit: string; readonly seconds: number; readonly signal?: AbortSignal },
  interrupt: () => void,
): Watchdog {
  let reason: Error | undefined;
  let repeat: NodeJS.Timeout | undefined;
  let giveUp: (reason: Error) => void = () => {};
  const aborted = new AbortController();
  const givenUp = new Promise<never>((_resolve, reject) => {
    giveUp = reject;
  });
  givenUp.catch(() => {});

  const end = (why: Error) => {
    if (reason !== undefined) return;
    reason = why;
    giveUp(why);
    aborted.abort(why);
    interrupt();
    repeat = setInterval(interrupt, REPEAT_MS);
  };
  const onAbort = () => end(new CancelledError());
  const timer = setTimeout(
    () =>
      end(
        new LimitError(options.limit, `the query took longer than ${options.seconds} s`, {
          hint: 'narrow it with start and end, or with conditions on timestamp or service_name',
        }),
      ),
    options.seconds * 1000,
  );
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted) onAbort();

  return {
    signal: aborted.signal,
    race: (work) => Promise.race([givenUp, work]),
    check() {
      if (reason !== undefined) throw reason;
    },
    stop() {
      clearTimeout(timer);
      clearInterval(repeat);
      options.signal?.removeEventListener('abort', onAbort);
    },
  };
}
