import { LimitError } from '@lakewright/core';

/** The time that a handler has for one object: until it is over by the clock, by the worker's end, or by itself. */
export class HandlerTime {
  /** Aborted when the time is over, for whatever reason. */
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #stop: AbortSignal;
  readonly #onStop: () => void;

  constructor(seconds: number, stop: AbortSignal) {
    this.signal = this.#controller.signal;
    const late = new LimitError('timeout', `the handler took longer than ${seconds} s`);
    // Not AbortSignal.timeout, which lives on until its time even when the object is long done.
    this.#timer = setTimeout(() => this.#controller.abort(late), seconds * 1000);
    this.#stop = stop;
    this.#onStop = () => this.#controller.abort(stop.reason);
    stop.addEventListener('abort', this.#onStop, { once: true });
    if (stop.aborted) this.#onStop();
  }

  /** What `work` resolves with, or the reason why the time was over before. Work that goes on is left behind. */
  async within<T>(work: Promise<T>): Promise<T> {
    // Nobody waits for it when the time is over, so its failure would end the process.
    work.catch(() => undefined);
    return Promise.race([work, this.#aborted()]);
  }

  /** The handler has answered or failed: nothing of it may go on. */
  over(): void {
    clearTimeout(this.#timer);
    this.#stop.removeEventListener('abort', this.#onStop);
    this.#controller.abort(new Error('the handler has ended'));
  }

  #aborted(): Promise<never> {
    return rejectedAt(this.signal);
  }
}

/** Rejects with the signal's reason as soon as it is aborted. */
export function rejectedAt(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  // Whoever races this with something faster never looks at it.
  promise.catch(() => undefined);
  if (signal.aborted) reject(signal.reason);
  else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return promise;
}
