import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface RawMetrics {
  readonly commits: Counter<'signal' | 'outcome'>;
  readonly records: Counter<'signal'>;
  readonly bodyBytes: Counter<'signal'>;
  readonly storedBytes: Counter<'signal'>;
  readonly seconds: Histogram;
  readonly waitingBytes: Gauge;
}

export function rawMetrics(registry: Registry): RawMetrics {
  const registers = [registry];
  return {
    commits: new Counter({
      name: 'lakewright_raw_commits_total',
      help: 'Group commits of accepted requests',
      labelNames: ['signal', 'outcome'],
      registers,
    }),
    records: new Counter({
      name: 'lakewright_raw_records_total',
      help: 'Records made durable as raw objects',
      labelNames: ['signal'],
      registers,
    }),
    bodyBytes: new Counter({
      name: 'lakewright_raw_body_bytes_total',
      help: 'Bytes of request bodies made durable, before compression',
      labelNames: ['signal'],
      registers,
    }),
    storedBytes: new Counter({
      name: 'lakewright_raw_stored_bytes_total',
      help: 'Bytes of raw objects stored, after compression',
      labelNames: ['signal'],
      registers,
    }),
    seconds: new Histogram({
      name: 'lakewright_raw_commit_seconds',
      help: 'Seconds from the start of a group commit until it is durable',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    waitingBytes: new Gauge({
      name: 'lakewright_raw_waiting_bytes',
      help: 'Bytes of request bodies that wait for their commit or are in it',
      registers,
    }),
  };
}
