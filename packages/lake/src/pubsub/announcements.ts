import {
  type Logger,
  type ObjectCreated,
  type ObjectInfo,
  type ObjectStore,
  parseNotification,
} from '@lakewright/core';
import type { NewRawObject } from '../catalog/index.ts';
import type { Places } from '../places.ts';
import { describeRaw } from '../raw/describe.ts';
import { type ParsedRawKey, parseRawKey } from '../raw/keys.ts';
import { SEGMENT_PREFIX } from '../segment-keys.ts';
import { bucketBase } from '../tenancy/places.ts';
import type { PubSubMetrics } from './metrics.ts';
import { Strangers } from './strangers.ts';

export interface AnnouncementMeans {
  readonly store: ObjectStore;
  readonly places: Places;
  readonly logger: Logger;
  readonly metrics: PubSubMetrics;
}

/** Makes raw objects of what messages tell. */
export class Announcements {
  readonly #means: AnnouncementMeans;
  readonly #strangers: Strangers;

  constructor(means: AnnouncementMeans) {
    this.#means = means;
    this.#strangers = new Strangers(means.logger, means.metrics);
  }

  /**
   * The raw objects that a message tells of; none for a test event, for objects that are none of ingest's, and
   * for what is gone again. Throws BadInputError when nobody understands the message, UnavailableError when
   * the store does not answer.
   */
  async of(body: string): Promise<NewRawObject[]> {
    const { logger, metrics } = this.#means;
    const notification = parseNotification(body);
    if (notification.kind === 'nothing') {
      metrics.objects.inc({ outcome: 'nothing' });
      logger.log('info', 'a message asks for nothing', { reason: notification.reason });
      return [];
    }
    const objects: NewRawObject[] = [];
    for (const created of notification.objects) {
      const object = await this.#objectOf(created);
      if (object !== undefined) objects.push(object);
    }
    return objects;
  }

  async #objectOf(created: ObjectCreated): Promise<NewRawObject | undefined> {
    const { places, metrics } = this.#means;
    const key = bucketBase(created.bucket) + created.key;
    const place = places.of(key);
    // The lake's own segments, and the folders that consoles make.
    if (place !== undefined && (created.key.startsWith(SEGMENT_PREFIX) || created.key.endsWith('/'))) {
      metrics.objects.inc({ outcome: 'own' });
      return undefined;
    }
    const parsed = place === undefined ? undefined : parseRawKey(key, place);
    if (parsed === undefined) {
      this.#strangers.note(created);
      return undefined;
    }
    const info = await this.#infoOf(created, key, parsed);
    if (info !== undefined) return describeRaw(info, places);
    metrics.objects.inc({ outcome: 'gone' });
    this.#means.logger.log('warn', 'an object was gone before it was ingested', { key });
    return undefined;
  }

  /** What neither the message nor the key says, the store is asked. */
  #infoOf(
    { etag, size }: ObjectCreated,
    key: string,
    { arrivedMs }: ParsedRawKey,
  ): Promise<ObjectInfo | undefined> {
    if (etag === undefined || size === undefined || arrivedMs === undefined) {
      return this.#means.store.head(key);
    }
    return Promise.resolve({ key, etag, size, lastModifiedMs: arrivedMs });
  }
}
