import { messageOf, type ObjectStore, PreconditionError, UnavailableError } from '@lakewright/core';
import type { Place } from '../places.ts';
import { SEGMENT_PREFIX } from '../segment-keys.ts';
import type { SweepContext } from './context.ts';

/** The object that says which lake looks for orphans in a bucket. */
const MARK = `${SEGMENT_PREFIX}lake.json`;

export function isMark(key: string, { base }: Place): boolean {
  return key === base + MARK;
}

/**
 * Whether what no row names in `place` may be an orphan of this lake. A bucket may hold a second lake, whose
 * segments no row here names: so the first lake that looks puts its mark there, unless `dryRun`, and every other
 * leaves the bucket's unnamed objects alone. So does one that cannot read or put the mark. A data directory has
 * one lake. Throws UnavailableError.
 */
export async function isOurs(context: SweepContext, place: Place, dryRun: boolean): Promise<boolean> {
  if (place.organizations === undefined) return true;
  const { catalog, logger, store } = context;
  const mark = JSON.stringify({ madeAtMs: await catalog.sweeps.madeAtMs() });
  try {
    const found = await markOf(store, place, dryRun ? undefined : mark);
    if (found === undefined || found === mark) return true;
    logger.log('warn', 'a bucket belongs to another lake: nothing in it is taken for an orphan', {
      mark: place.base + MARK,
    });
  } catch (error) {
    if (error instanceof UnavailableError) throw error;
    logger.log('warn', 'a bucket cannot be marked: nothing in it is taken for an orphan', {
      mark: place.base + MARK,
      error: messageOf(error),
    });
  }
  return false;
}

/** The mark that is there, or `wanted`, which is put where there is none. */
async function markOf(
  store: ObjectStore,
  { base }: Place,
  wanted: string | undefined,
): Promise<string | undefined> {
  const key = base + MARK;
  if (wanted !== undefined && (await store.head(key)) === undefined) {
    try {
      await store.put(key, Buffer.from(wanted), { contentType: 'application/json', only: 'absent' });
    } catch (error) {
      if (!(error instanceof PreconditionError)) throw error;
    }
  }
  return (await store.head(key)) === undefined ? undefined : Buffer.from(await store.get(key)).toString();
}
