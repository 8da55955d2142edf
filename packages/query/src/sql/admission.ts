import { LimitError } from '@lakewright/core';
import { CancelledError } from '../errors.ts';

/** Lets so many in at a time, and so many wait. */
export interface Admission {
  readonly running: number;
  readonly waiting: number;
  /**
   * Resolves when it is the caller's turn, to a function that ends it. Throws LimitError when too many
   * wait already, CancelledError when `signal` is aborted first.
   */
  enter(signal?: AbortSignal): Promise<() => void>;
}

/** First come, first served: `places` at a time and at most `queue` waiting. */
export function createAdmission(places: number, queue: number): Admission {
  let running = 0;
  const waiters: { admit(): void }[] = [];

  const leave = () => {
    running--;
    waiters.shift()?.admit();
  };
  const take = (): (() => void) => {
    running++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      leave();
    };
  };

  return {
    get running() {
      return running;
    },
    get waiting() {
      return waiters.length;
    },
    async enter(signal) {
      if (signal?.aborted) throw new CancelledError();
      if (running < places) return take();
      if (waiters.length >= queue) {
        throw new LimitError(
          'maxQueuedQueries',
          `${running} queries are running and ${waiters.length} wait already`,
          { hint: 'try again in a moment' },
        );
      }
      return new Promise((resolve, reject) => {
        const waiter = {
          admit() {
            signal?.removeEventListener('abort', give);
            resolve(take());
          },
        };
        const give = () => {
          waiters.splice(waiters.indexOf(waiter), 1);
          reject(new CancelledError());
        };
        signal?.addEventListener('abort', give, { once: true });
        waiters.push(waiter);
      });
    },
  };
}
