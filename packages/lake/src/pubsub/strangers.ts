import type { Logger, ObjectCreated } from '@lakewright/core';
import type { PubSubMetrics } from './metrics.ts';

/** Prefixes that are named one by one; the rest are only counted. */
const NAMED = 100;

/** Objects of which we hear and that are nobody's: counted, and each of their prefixes named once. */
export class Strangers {
  readonly #logger: Logger;
  readonly #metrics: PubSubMetrics;
  readonly #named = new Set<string>();

  constructor(logger: Logger, metrics: PubSubMetrics) {
    this.#logger = logger;
    this.#metrics = metrics;
  }

  note({ bucket, key }: ObjectCreated): void {
    this.#metrics.objects.inc({ outcome: 'unknown' });
    const folders = key.split('/').slice(0, -1).slice(0, 2);
    const prefix = `s3://${[bucket, ...folders].join('/')}/`;
    if (this.#named.has(prefix)) return;
    if (this.#named.size >= NAMED) return;
    this.#named.add(prefix);
    this.#logger.log('warn', 'objects of an unknown prefix or organization are not ingested', {
      prefix,
      key,
      hint: 'the storage profiles say whose objects a bucket holds; keys begin with otel-raw/<organization>/, logs-raw/, metrics-raw/ or traces-raw/',
    });
  }
}
