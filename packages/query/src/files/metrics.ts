import { Counter, Gauge, type Registry } from 'prom-client';

/** What is counted of segments that are read from a remote store. */
export interface CacheMetrics {
  /** One request was answered with so many bytes. */
  readonly read: (bytes: number) => void;
}

/** Registers the cache's metrics, all named `lakewright_segment_*`; `cachedBytes` is asked when they are read. */
export function cacheMetrics(registry: Registry, cachedBytes: () => number): CacheMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'lakewright_segment_reads_total',
    help: 'range reads of segments that the store answered',
    registers,
  });
  const bytes = new Counter({
    name: 'lakewright_segment_read_bytes_total',
    help: 'bytes of segments that were read from the store',
    registers,
  });
  new Gauge({
    name: 'lakewright_segment_cached_bytes',
    help: 'bytes of parts of segments on the disk of this machine',
    registers,
    collect() {
      this.set(cachedBytes());
    },
  });
  return {
    read: (count) => {
      requests.inc();
      bytes.inc(count);
    },
  };
}
