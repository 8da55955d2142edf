import { type Logger, messageOf, Waker } from '@lakewright/core';
import type { Tenancy } from '@lakewright/lake';
import { type Authenticator, authenticator } from '@lakewright/otlp';

/** Between two looks at the keys: so long a key that was taken away still opens. */
const REFRESH_MS = 15_000;

/**
 * An authenticator over the keys in the database, looked up again and again until `signal` is aborted. While the
 * database does not answer the keys are those of the last look.
 */
export async function liveKeys(
  tenancy: Tenancy,
  logger: Logger,
  signal: AbortSignal,
): Promise<Authenticator> {
  let current = authenticator(await tenancy.apiKeys());
  const refresh = async (): Promise<void> => {
    const waker = new Waker();
    for (;;) {
      await waker.wait(REFRESH_MS, signal);
      if (signal.aborted) return;
      try {
        current = authenticator(await tenancy.apiKeys());
      } catch (error) {
        logger.log('warn', 'the API keys could not be looked up again', { error: messageOf(error) });
      }
    }
  };
  void refresh();
  return { enforced: true, organizationOf: (headers) => current.organizationOf(headers) };
}
