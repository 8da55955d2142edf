import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface IngestMetrics {
  readonly objects: Counter<'signal' | 'outcome'>;
  readonly records: Counter<'signal'>;
  readonly rejected: Counter<'signal'>;
  readonly bytes: Counter<'signal'>;
  readonly segments: Counter<'table'>;
  readonly segmentBytes: Counter<'table'>;
  readonly freshness: Histogram;
  readonly failures: Counter<'what'>;
  readonly unknownKeys: Counter;
  readonly pending: Gauge;
  readonly oldestPending: Gauge;
}

export function ingestMetrics(registry: Registry): IngestMetrics {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter({ name: `lakewright_ingest_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `lakewright_ingest_${name}`, help, registers });
  return {
    objects: counter('objects_total', 'Raw objects by what became of them', ['signal', 'outcome']),
    records: counter('records_total', 'Records published in segments', ['signal']),
    rejected: counter('rejected_records_total', 'Records left out of ingested objects', ['signal']),
    bytes: counter('bytes_total', 'Bytes of ingested raw objects, as stored', ['signal']),
    segments: counter('segments_total', 'Segments published', ['table']),
    segmentBytes: counter('segment_bytes_total', 'Bytes of published segments', ['table']),
    freshness: new Histogram({
      name: 'lakewright_ingest_freshness_seconds',
      help: 'Seconds from the arrival of the oldest object of a claim until it can be queried',
      buckets: [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300],
      registers,
    }),
    failures: counter('failures_total', 'Times that the store or the catalog did not work', ['what']),
    unknownKeys: counter('unknown_keys_total', 'Keys among the raw objects whose layout is not known'),
    pending: gauge('pending_objects', 'Raw objects that wait to be ingested'),
    oldestPending: gauge('oldest_pending_seconds', 'Age of the raw object that waits longest'),
  };
}
