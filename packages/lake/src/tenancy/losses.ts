import { ConfigError } from '@lakewright/core';
import type { Catalog, Holdings } from '../catalog/index.ts';
import { bucketBase } from './places.ts';

/** A bucket that an organization has no profile for any more. */
export interface LostBucket {
  readonly organization: string;
  readonly bucket: string;
}

/**
 * Throws ConfigError when an organization still has data in a bucket that it is to lose, naming all of them: queries
 * for these segments would fail, and these raw objects would wait for ever. What is published in between is not seen.
 */
export async function assertNothingLost(
  catalog: Pick<Catalog, 'holdings'>,
  lost: readonly LostBucket[],
): Promise<void> {
  const needed: string[] = [];
  for (const { organization, bucket } of lost) {
    const held = await catalog.holdings(organization, bucketBase(bucket));
    if (held.segments === 0 && held.rawObjects === 0) continue;
    needed.push(`organization ${organization} still has ${amountOf(held)} in bucket ${bucket}`);
  }
  if (needed.length === 0) return;
  throw new ConfigError(`the storage profiles leave out what is needed: ${needed.join('; ')}`, {
    hint: 'keep the profile, with a higher instance_num than the one that takes its place; or leave the data behind with --abandon-data',
  });
}

function amountOf({ segments, rawObjects }: Holdings): string {
  const parts = [
    ...(segments > 0 ? [`${segments} ${segments === 1 ? 'segment' : 'segments'}`] : []),
    ...(rawObjects > 0
      ? [`${rawObjects} raw ${rawObjects === 1 ? 'object that is' : 'objects that are'} not ingested`]
      : []),
  ];
  return parts.join(' and ');
}
