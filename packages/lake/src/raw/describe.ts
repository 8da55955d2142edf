import type { ObjectInfo } from '@lakewright/core';
import type { NewRawObject } from '../catalog/index.ts';
import { ONE_PLACE, type Places } from '../places.ts';
import { parseRawKey } from './keys.ts';

/** The last whole millisecond whose nanoseconds fit 64 bits: the year 2262. */
const LAST_MS = 9_223_372_036_854;

/**
 * The raw object that a listing found, or undefined when its key is no raw object's. It arrived at the time
 * in its key, else when it was last changed; times that do not fit 64-bit nanoseconds become the nearest.
 */
export function describeRaw(info: ObjectInfo, places: Places = ONE_PLACE): NewRawObject | undefined {
  const place = places.of(info.key);
  const parsed = place === undefined ? undefined : parseRawKey(info.key, place);
  if (parsed === undefined) return undefined;
  const { organization, collector, signal, arrivedMs = info.lastModifiedMs } = parsed;
  const fitting = Math.min(Math.max(Math.trunc(arrivedMs), 0), LAST_MS);
  return {
    organization,
    collector,
    signal,
    key: info.key,
    etag: info.etag,
    size: info.size,
    arrivedNs: BigInt(fitting) * 1_000_000n,
  };
}
