import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks `condition` again and again until it answers something else than undefined or false, and returns
 * that. Fails with `what` and the last error when it does not within `timeoutMs`.
 */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await condition();
      if (answer !== undefined && answer !== false) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`after ${timeoutMs} ms still waiting for ${what}`, { cause: last });
    }
    await delay(50);
  }
}
