import type { Tenancy } from '@lakewright/lake';
import { type Authenticator, authenticator } from '@lakewright/otlp';
import type { TenancyWatch } from './watch.ts';

/**
 * An authenticator over the keys in the database as the last look of `watch` found them. Throws UnavailableError when
 * the first look fails.
 */
export async function liveKeys({
  tenancy,
  watch,
}: {
  readonly tenancy: Tenancy;
  readonly watch: TenancyWatch;
}): Promise<Authenticator> {
  let current = authenticator({ entries: [] });
  await watch.follow('api_keys', async () => {
    const found = authenticator(await tenancy.apiKeys());
    return () => {
      current = found;
    };
  });
  return { enforced: true, organizationOf: (headers) => current.organizationOf(headers) };
}
