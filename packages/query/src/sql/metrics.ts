import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Admission } from './admission.ts';
import type { SqlStats } from './result.ts';

/** What the engine counts. */
export interface SqlMetrics {
  answered(stats: SqlStats): void;
  /** `code` is the error's. */
  failed(code: string): void;
}

/** Registers the engine's metrics, all named `lakewright_sql_*`. */
export function sqlMetrics(registry: Registry, admission: Admission): SqlMetrics {
  const registers = [registry];
  const queries = new Counter({
    name: 'lakewright_sql_queries_total',
    help: 'SQL queries by outcome: ok, or the code of the error',
    labelNames: ['outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'lakewright_sql_query_seconds',
    help: 'time from the request to the complete result, of queries that were answered',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const rowCount = counter('lakewright_sql_rows_total', 'rows answered');
  const segmentCount = counter('lakewright_sql_segments_total', 'segments read');
  const byteCount = counter('lakewright_sql_segment_bytes_total', 'bytes of the files of the segments read');
  const readCount = counter('lakewright_sql_read_bytes_total', 'bytes of those that were needed');
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge('lakewright_sql_running', 'SQL queries that run', () => admission.running);
  gauge('lakewright_sql_waiting', 'SQL queries that wait for their turn', () => admission.waiting);

  return {
    answered({ elapsedMs, rowsReturned, segments, bytes, bytesRead }) {
      queries.inc({ outcome: 'ok' });
      seconds.observe(elapsedMs / 1000);
      rowCount.inc(rowsReturned);
      segmentCount.inc(segments);
      byteCount.inc(bytes);
      readCount.inc(bytesRead);
    },
    failed: (code) => queries.inc({ outcome: code }),
  };
}
