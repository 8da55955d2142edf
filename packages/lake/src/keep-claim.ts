import { type Logger, messageOf, Waker } from '@lakewright/core';

/** A claim that somebody is at work on. */
export interface KeptClaim {
  /** For the log: `the claim of <what> could not be renewed`. */
  readonly what: string;
  readonly leaseMs: number;
  readonly logger: Logger;
  renew(): Promise<void>;
}

/**
 * Renews a claim three times in each lease until `signal` is aborted. A failure is logged and the claim renewed at
 * the next time; it never rejects.
 */
export async function keepClaim(claim: KeptClaim, signal: AbortSignal): Promise<void> {
  const { what, leaseMs, logger } = claim;
  const waker = new Waker();
  for (;;) {
    await waker.wait(leaseMs / 3, signal);
    if (signal.aborted) return;
    await claim.renew().catch((error: unknown) => {
      logger.log('warn', `the claim of ${what} could not be renewed`, { error: messageOf(error) });
    });
  }
}
