import type { ObjectInfo } from '@lakewright/core';
import type { SweepScope } from '../catalog/index.ts';
import type { Amount } from '../catalog/sweeps.ts';
import type { Place } from '../places.ts';
import { parseSegmentKey, SEGMENT_PREFIX } from '../segment-keys.ts';
import type { SweepContext } from './context.ts';
import { isMark, isOurs } from './marks.ts';
import { NOTHING, plus } from './report.ts';

/** Keys that the catalog is asked about at once. */
const BATCH = 1000;

/** What was found among the segments that no row names. */
export interface FoundOrphans {
  readonly confirmed: readonly ObjectInfo[];
  readonly unconfirmed: Amount;
  readonly foreign: Amount;
}

/**
 * Finds objects that a merge or a cook left when it died before publishing them.
 *
 * Nothing may be removed that is about to be published. Whoever publishes holds a claim, and claims lapse long
 * before `orphanAgeMs`; but a machine that slept an hour makes everything an hour old at once. So an orphan is
 * seen twice, `orphanConfirmMs` of running time apart, and is the same object both times.
 *
 * What is older than the catalog was made by an earlier one, which may have been the only one to know of it:
 * that is left alone. So is, in a bucket, what is of an organization that has no profile there, and everything when
 * the bucket is another lake's: see isOurs.
 */
export class OrphanFinder {
  /** When each orphan was seen first, on the clock that stands still while the machine sleeps. */
  #seen = new Map<string, { etag: string; atMs: number }>();

  async find(context: SweepContext, scope: SweepScope, dryRun: boolean): Promise<FoundOrphans> {
    const { catalog, clock, settings, store } = context;
    // Of one moment: what is judged is judged by one set of profiles.
    const places = context.places.snapshot();
    const madeAtMs = await catalog.sweeps.madeAtMs();
    const oldMs = clock.now() - settings.orphanAgeMs;
    const below =
      scope.organization === undefined ? SEGMENT_PREFIX : `${SEGMENT_PREFIX}${scope.organization}/`;
    const ours = new Set<Place>();
    for (const place of places.all) if (await isOurs(context, place, dryRun)) ours.add(place);
    const prefixes = places.all.map(({ base }) => base + below);
    const found = { confirmed: [] as ObjectInfo[], unconfirmed: NOTHING, foreign: NOTHING };
    const seen = new Map<string, { etag: string; atMs: number }>();
    let batch: ObjectInfo[] = [];
    const look = async (): Promise<void> => {
      const unnamed = await catalog.sweeps.unnamedKeys(batch.map(({ key }) => key));
      for (const info of batch.filter(({ key }) => unnamed.has(key))) {
        const place = places.of(info.key);
        if (place === undefined || isMark(info.key, place)) continue;
        if (!ours.has(place) || !isSegmentIn(place, info) || info.lastModifiedMs < madeAtMs) {
          found.foreign = plus(found.foreign, amountOf(info));
        } else if (info.lastModifiedMs < oldMs) {
          const first = this.#firstSeen(context, info);
          seen.set(info.key, first);
          if (context.runningMs() - first.atMs >= settings.orphanConfirmMs) found.confirmed.push(info);
          else found.unconfirmed = plus(found.unconfirmed, amountOf(info));
        }
      }
      batch = [];
    };
    for (const prefix of prefixes) {
      for await (const info of store.list(prefix)) {
        batch.push(info);
        if (batch.length === BATCH) await look();
      }
    }
    await look();
    // What is not an orphan any more is forgotten; other organizations' were not looked at.
    for (const [key, first] of this.#seen) {
      if (!prefixes.some((prefix) => key.startsWith(prefix))) seen.set(key, first);
    }
    this.#seen = seen;
    return found;
  }

  #firstSeen({ runningMs }: SweepContext, { key, etag }: ObjectInfo): { etag: string; atMs: number } {
    const before = this.#seen.get(key);
    return before?.etag === etag ? before : { etag, atMs: runningMs() };
  }
}

/** Whether an object is a segment of an organization that has segments in `place`. */
function isSegmentIn(place: Place, { key }: ObjectInfo): boolean {
  const segment = parseSegmentKey(key, place);
  return segment !== undefined && place.organizations?.has(segment.organization) !== false;
}

function amountOf({ size }: ObjectInfo): Amount {
  return { count: 1, bytes: size };
}
