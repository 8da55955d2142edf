import { Counter, Histogram, type Registry } from 'prom-client';

export interface RefineMetrics {
  readonly objects: Counter<'rule' | 'outcome'>;
  readonly failures: Counter<'rule' | 'what'>;
  readonly batchSeconds: Histogram<'rule'>;
}

/** The metrics of all workers of a process. */
export function refineMetrics(registry: Registry): RefineMetrics {
  const registers = [registry];
  return {
    objects: new Counter({
      name: 'lakewright_refine_objects_total',
      help: 'Objects by what became of them: completed, already, skipped, failed',
      labelNames: ['rule', 'outcome'],
      registers,
    }),
    failures: new Counter({
      name: 'lakewright_refine_failures_total',
      help: 'Times that the queue or a listing did not work',
      labelNames: ['rule', 'what'],
      registers,
    }),
    batchSeconds: new Histogram({
      name: 'lakewright_refine_batch_seconds',
      help: 'Seconds from receiving a batch until its messages are deleted or put back',
      labelNames: ['rule'],
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 900],
      registers,
    }),
  };
}
