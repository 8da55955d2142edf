import { joinedStore, type Logger, messageOf, type ObjectStore } from '@lakewright/core';
import { bucketBase, howOf, LivePlaces, placesOf, type StorageProfile } from '@lakewright/lake';

/**
 * Milliseconds for which a bucket that no profile names any more is still read and written by what was begun before:
 * longer than the longest query, and than nearly every merge.
 */
export const LEAVE_MS = 15 * 60_000;

/** The store of one bucket, until it is closed. */
export interface BucketStore extends ObjectStore {
  close(): Promise<void>;
}

interface OpenBucket {
  readonly base: string;
  /** How its profiles say that it is used. */
  readonly how: string;
  readonly store: BucketStore;
}

export interface BucketsOptions {
  /** The store of a profile's bucket. Throws ConfigError for what cannot work. */
  readonly open: (profile: StorageProfile) => BucketStore | Promise<BucketStore>;
  /** Called for a key of a bucket that is not open, before it is refused. */
  readonly lookFor: (key: string) => Promise<void>;
  readonly logger: Logger;
  readonly leaveMs?: number;
}

/** The buckets of the storage profiles, as one store and as places that follow the profiles. */
export class Buckets {
  readonly places = new LivePlaces(placesOf([]));
  readonly store: ObjectStore;
  readonly #options: BucketsOptions;
  /** The stores behind `store`, those of buckets that are left among them. */
  readonly #parts = new Map<string, ObjectStore>();
  #used = new Map<string, OpenBucket>();
  #left: (OpenBucket & { readonly closeAtMs: number })[] = [];
  #profiles: string | undefined;

  constructor(options: BucketsOptions) {
    this.#options = options;
    this.store = joinedStore(this.#parts, options.lookFor);
  }

  /**
   * Uses these profiles from now on. New work knows them alone; what was begun before finds the buckets that are gone
   * for `leaveMs`, after which a later call closes them. One call at a time. Throws ConfigError for a bucket that cannot
   * be opened, and everything stays as it was.
   */
  async use(profiles: readonly StorageProfile[]): Promise<void> {
    await this.#closeLeft(performance.now());
    const text = JSON.stringify(profiles);
    if (text === this.#profiles) return;
    const wanted = await this.#opened(profiles);
    const left = [...this.#used.values()].filter(({ base, store }) => wanted.get(base)?.store !== store);
    const added = [...wanted.values()].filter(({ base, store }) => this.#used.get(base)?.store !== store);
    for (const { base, store } of added) this.#parts.set(base, store);
    const closeAtMs = performance.now() + (this.#options.leaveMs ?? LEAVE_MS);
    this.#left = this.#left.filter(({ store }) => !added.some((bucket) => bucket.store === store));
    this.#left.push(...left.map((bucket) => ({ ...bucket, closeAtMs })));
    this.#used = wanted;
    this.places.become(placesOf(profiles));
    if (this.#profiles !== undefined) {
      this.#options.logger.log('info', 'the storage profiles changed', {
        profiles: profiles.length,
        opened: added.map(({ base }) => base),
        left: left.map(({ base }) => base),
      });
    }
    this.#profiles = text;
  }

  /** Closes all buckets. */
  async close(): Promise<void> {
    await Promise.all([...this.#used.values(), ...this.#left].map(({ store }) => store.close()));
  }

  /** The bucket of each profile: one that is open if it is used in the same way, or else a new one. */
  async #opened(profiles: readonly StorageProfile[]): Promise<Map<string, OpenBucket>> {
    const wanted = new Map<string, OpenBucket>();
    const fresh: OpenBucket[] = [];
    try {
      for (const profile of profiles) {
        const base = bucketBase(profile.bucket);
        if (wanted.has(base)) continue;
        const how = howOf(profile);
        const known = [...this.#used.values(), ...this.#left].find(
          (bucket) => bucket.base === base && bucket.how === how,
        );
        const bucket = known ?? { base, how, store: await this.#options.open(profile) };
        if (known === undefined) fresh.push(bucket);
        wanted.set(base, bucket);
      }
    } catch (error) {
      await Promise.allSettled(fresh.map(({ store }) => store.close()));
      throw error;
    }
    return wanted;
  }

  async #closeLeft(nowMs: number): Promise<void> {
    const due = this.#left.filter(({ closeAtMs }) => closeAtMs <= nowMs);
    this.#left = this.#left.filter(({ closeAtMs }) => closeAtMs > nowMs);
    for (const { base, store } of due) {
      if (this.#parts.get(base) === store) this.#parts.delete(base);
      try {
        await store.close();
      } catch (error) {
        this.#options.logger.log('warn', 'a bucket could not be closed', { base, error: messageOf(error) });
      }
    }
  }
}
