import {
  isSettled,
  type ObjectInfo,
  PrefixScanner,
  type Repetition,
  repeatListing,
  type ScanReceiver,
} from '@lakewright/core';
import type { NewRawObject } from '../catalog/index.ts';
import type { Place } from '../places.ts';
import { describeRaw } from '../raw/describe.ts';
import { isReceived, minutePrefix, RAW_PREFIX, RAW_RULES } from '../raw/keys.ts';
import { announceBatch } from './announcer.ts';
import type { DiscoveryContext } from './context.ts';

/** Minutes before the present one that a listing of the latest objects looks at. */
const RECENT_MINUTES = 2;
/** Unknown keys that are logged; the rest are only counted. */
const UNKNOWN_LOGGED = 100;

/**
 * Finds raw objects of which nobody told: dropped files, and received objects whose announcement was lost
 * with the process. Runs until `signal` is aborted; failures are logged and tried again. `onFound` is called
 * after new objects were announced.
 */
export async function reconcile(
  context: DiscoveryContext,
  onFound: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { clock, places, settings, store } = context;
  const receiver = new RawReceiver(context, onFound);
  const received = new PrefixScanner(store, receiver);
  const dropped = new PrefixScanner(store, receiver);
  const drops = RAW_RULES.filter((rule) => rule.signal !== undefined);
  /** When each place is to be listed as a whole again: at once where it never was, or its organizations changed. */
  const nextFullMs = new WeakMap<Place, number>();
  await Promise.all([
    repeatListing(
      repetition(context, 'received objects', settings.recentListingMs),
      async () => {
        const now = clock.now();
        await forEach(places.all, async (place) => {
          if (now < (nextFullMs.get(place) ?? 0)) {
            for (const prefix of receiver.recentPrefixes(place, now)) await received.scan(prefix, signal);
          } else {
            await received.scan(place.base + RAW_PREFIX, signal);
            nextFullMs.set(place, now + settings.fullListingMs);
          }
        });
      },
      signal,
    ),
    repeatListing(
      repetition(context, 'dropped files', settings.dropListingMs),
      async () => {
        await forEach(places.all, async ({ base }) => {
          for (const { inputPrefix } of drops) await dropped.scan(base + inputPrefix, signal);
        });
      },
      signal,
    ),
  ]);
}

/** Does `work` for each place, whatever became of those before: one must not hide the others. Throws the first failure. */
async function forEach(places: readonly Place[], work: (place: Place) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (const place of places) await work(place).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

function repetition(
  { settings, logger, metrics }: DiscoveryContext,
  what: string,
  intervalMs: number,
): Repetition {
  const { backoffMs, maxBackoffMs } = settings;
  const onFailure = () => metrics.failures.inc({ what: 'listing' });
  return { what, intervalMs, backoffMs, maxBackoffMs, logger, onFailure };
}

/** Makes raw objects of what listings find, and announces them to the catalog. */
class RawReceiver implements ScanReceiver<NewRawObject> {
  readonly #context: DiscoveryContext;
  readonly #onFound: () => void;
  /** Below which prefixes objects were found, so that their latest minutes can be listed. */
  readonly #groups = new Map<string, { base: string; organization: string; collector: string }>();
  readonly #unknown = new Set<string>();

  constructor(context: DiscoveryContext, onFound: () => void) {
    this.#context = context;
    this.#onFound = onFound;
  }

  /** Where the objects of the latest minutes are in a place, of every organization and collector found so far. */
  recentPrefixes({ base }: Place, nowMs: number): string[] {
    const groups = [...this.#groups.values()].filter((group) => group.base === base);
    return groups.flatMap((group) =>
      Array.from(
        { length: RECENT_MINUTES + 1 },
        (_, i) => base + minutePrefix(group, nowMs - (RECENT_MINUTES - i) * 60_000),
      ),
    );
  }

  candidate(info: ObjectInfo): NewRawObject | undefined {
    const { clock, places, settings } = this.#context;
    const received = isReceived(info.key, places);
    if (!received && !isSettled(info, clock.now(), settings.settleMs)) return undefined;
    const object = describeRaw(info, places);
    if (object === undefined) {
      // Names with a dot in front are how half-written dropped files are hidden on purpose.
      if (received) this.#noteUnknown(info.key);
      return undefined;
    }
    if (received) this.#remember(info.key, object);
    return object;
  }

  #remember(key: string, { organization, collector }: NewRawObject): void {
    const base = this.#context.places.of(key)?.base ?? '';
    this.#groups.set(`${base}${organization}/${collector}`, { base, organization, collector });
  }

  unknown(objects: readonly NewRawObject[]): Promise<NewRawObject[]> {
    return this.#context.catalog.unknownObjects(objects);
  }

  async announce(objects: readonly NewRawObject[]): Promise<void> {
    await announceBatch(this.#context, objects);
    this.#onFound();
  }

  #noteUnknown(key: string): void {
    if (this.#unknown.has(key)) return;
    if (this.#unknown.size < UNKNOWN_LOGGED) {
      this.#unknown.add(key);
      this.#context.logger.log('warn', 'a key among the raw objects has no known layout', { key });
    }
    this.#context.metrics.unknownKeys.inc();
  }
}
