/** Lets one loop wait until somebody wakes it, a time is over or it is to end. */
export class Waker {
  #woken = Promise.withResolvers<void>();

  /** Ends the wait; a wake while nobody waits ends the next wait at once. */
  wake(): void {
    this.#woken.resolve();
  }

  /** Resolves after `ms`, when woken, or when `signal` is aborted; it never rejects. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const ended = Promise.withResolvers<void>();
    const timer = setTimeout(ended.resolve, ms);
    const end = () => ended.resolve();
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    await Promise.race([this.#woken.promise, ended.promise]);
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    this.#woken = Promise.withResolvers<void>();
  }
}
