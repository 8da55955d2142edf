import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface CompactMetrics {
  readonly merges: Counter<'table' | 'outcome'>;
  readonly inputs: Counter<'table'>;
  readonly inputBytes: Counter<'table'>;
  readonly outputBytes: Counter<'table'>;
  readonly rows: Counter<'table'>;
  readonly seconds: Histogram;
  readonly failures: Counter<'what'>;
  readonly waiting: Gauge;
}

export function compactMetrics(registry: Registry): CompactMetrics {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name: `lakewright_compact_${name}`, help, labelNames, registers });
  return {
    merges: counter('merges_total', 'Merges by what became of them', ['table', 'outcome']),
    inputs: counter('input_segments_total', 'Segments that merges replaced', ['table']),
    inputBytes: counter('input_bytes_total', 'Bytes of the segments that merges replaced', ['table']),
    outputBytes: counter('output_bytes_total', 'Bytes of merged segments', ['table']),
    rows: counter('rows_total', 'Rows of merged segments', ['table']),
    seconds: new Histogram({
      name: 'lakewright_compact_merge_seconds',
      help: 'Seconds from the claim of a merge until it is published',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
      registers,
    }),
    failures: counter('failures_total', 'Times that the store or the catalog did not work', ['what']),
    waiting: new Gauge({
      name: 'lakewright_compact_small_segments',
      help: 'Live segments that are not full',
      registers,
    }),
  };
}
