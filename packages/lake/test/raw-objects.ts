import { type Clock, DEFAULT_ORGANIZATION } from '@lakewright/core';
import type { NewRawObject } from '../src/catalog/index.ts';
import type { NewSegment, PlannedSegment } from '../src/types.ts';

export const ORGANIZATION = DEFAULT_ORGANIZATION;
export const OTHER_ORGANIZATION = '00000000-0000-4000-8000-000000000001';

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #now: number;
  constructor(now = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.#now = now;
  }
  now(): number {
    return this.#now;
  }
  advance(ms: number): void {
    this.#now += ms;
  }
}

/** The raw object `name`, which arrived at `arrivedMs`. */
export function rawObject(name: string, arrivedMs: number, more: Partial<NewRawObject> = {}): NewRawObject {
  return {
    organization: ORGANIZATION,
    collector: 'default',
    signal: 'logs',
    key: `otel-raw/${ORGANIZATION}/default/2026/01/02/03/04/logs_${name}.binpb.zst`,
    etag: 'e1',
    size: 100,
    arrivedNs: BigInt(arrivedMs) * 1_000_000n,
    ...more,
  };
}

/** Every service is last seen at its end, unless `more` says otherwise. */
export function segment(id: string, more: Partial<NewSegment> = {}): NewSegment {
  const { services = ['cart'], maxTimeNs = 200n } = more;
  return {
    organization: ORGANIZATION,
    table: 'logs',
    segmentId: id,
    key: `db/${ORGANIZATION}/logs/20260102/03/${id}.parquet`,
    rows: 10,
    bytes: 1000,
    minTimeNs: 100n,
    maxTimeNs,
    services,
    lastSeenNs: services.map(() => maxTimeNs),
    ...more,
  };
}

/** The segment as it is found after it was published. */
export function published({ lastSeenNs, services, ...rest }: NewSegment): PlannedSegment {
  return rest;
}
