import {
  isSettled,
  type ObjectInfo,
  PrefixScanner,
  type Repetition,
  repeatListing,
  type ScanReceiver,
} from '@lakewright/core';
import type { NewRawObject } from '../catalog/index.ts';
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
  const bases = places.all.map(({ base }) => base);
  const receiver = new RawReceiver(context, onFound);
  const received = new PrefixScanner(store, receiver);
  const dropped = new PrefixScanner(store, receiver);
  const drops = RAW_RULES.filter((rule) => rule.signal !== undefined);
  let nextFullMs = 0;
  await Promise.all([
    repeatListing(
      repetition(context, 'received objects', settings.recentListingMs),
      async () => {
        const now = clock.now();
        if (now < nextFullMs) {
          for (const prefix of receiver.recentPrefixes(now)) await received.scan(prefix, signal);
          return;
        }
        for (const base of bases) await received.scan(base + RAW_PREFIX, signal);
        nextFullMs = now + settings.fullListingMs;
      },
      signal,
    ),
    repeatListing(
      repetition(context, 'dropped files', settings.dropListingMs),
      async () => {
        for (const base of bases) {
          for (const { inputPrefix } of drops) await dropped.scan(base + inputPrefix, signal);
        }
      },
      signal,
    ),
  ]);
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

  /** Where the objects of the latest minutes are, of every organization and collector found so far. */
  recentPrefixes(nowMs: number): string[] {
    return [...this.#groups.values()].flatMap((group) =>
      Array.from(
        { length: RECENT_MINUTES + 1 },
        (_, i) => group.base + minutePrefix(group, nowMs - (RECENT_MINUTES - i) * 60_000),
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
