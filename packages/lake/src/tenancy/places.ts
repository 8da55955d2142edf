import { type Place, Places } from '../places.ts';
import type { StorageProfile } from './profiles.ts';

/** What the lake keys of a bucket's objects begin with. */
export function bucketBase(bucket: string): string {
  return `s3://${bucket}/`;
}

/**
 * The places that storage profiles make: one for each bucket, open to the organizations that have a profile
 * there. A dropped file outside of any organization's folder belongs to the bucket's organization when that is
 * the only one. What is made for an organization goes to the bucket of its profile with the lowest number.
 */
export function placesOf(profiles: readonly StorageProfile[]): Places {
  const buckets = Map.groupBy(profiles, ({ bucket }) => bucket);
  const places = [...buckets].map(([bucket, own]): Place => {
    const organizations = new Set(own.map(({ organization }) => organization));
    const [only, ...others] = organizations;
    return {
      base: bucketBase(bucket),
      organizations,
      dropsBelongTo: others.length === 0 ? only : undefined,
    };
  });
  const homes = new Map<string, string>();
  for (const { organization, bucket } of [...profiles].sort((a, b) => b.instance - a.instance)) {
    homes.set(organization, bucketBase(bucket));
  }
  return new Places(places, homes);
}
