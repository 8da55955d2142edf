import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface RollupMetrics {
  readonly hours: Counter<'table' | 'outcome'>;
  readonly inputRows: Counter<'table'>;
  readonly rows: Counter<'table'>;
  readonly outputBytes: Counter<'table'>;
  readonly seconds: Histogram;
  readonly failures: Counter<'what'>;
  readonly due: Gauge;
  readonly oldestDue: Gauge;
}

export function rollupMetrics(registry: Registry): RollupMetrics {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name: `lakewright_rollup_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `lakewright_rollup_${name}`, help, registers });
  return {
    hours: counter('hours_total', 'Hours of points by what became of them', ['table', 'outcome']),
    inputRows: counter('input_rows_total', 'Rows of the segments that were read', ['table']),
    rows: counter('rows_total', 'Rows of rollups that were published', ['table']),
    outputBytes: counter('output_bytes_total', 'Bytes of rollups that were published', ['table']),
    seconds: new Histogram({
      name: 'lakewright_rollup_hour_seconds',
      help: 'Seconds from the claim of an hour until its rollup is published',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
      registers,
    }),
    failures: counter('failures_total', 'Times that the store or the catalog did not work', ['what']),
    due: gauge('due_hours', 'Hours that are due to be rolled up'),
    oldestDue: gauge('oldest_due_seconds', 'Seconds that the hour which has waited longest has been due'),
  };
}
