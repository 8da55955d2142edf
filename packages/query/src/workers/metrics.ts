import { Counter, Gauge, type Registry } from 'prom-client';

/** What a worker counts. */
export interface WorkerMetrics {
  /** `outcome` is ok, or the code of the error. */
  ended(outcome: string): void;
  answered(answer: { readonly rows: number; readonly bytes: number }): void;
}

/** Registers a worker's metrics, all named `lakewright_worker_*`. */
export function workerMetrics(registry: Registry, running: () => number): WorkerMetrics {
  const registers = [registry];
  const units = new Counter({
    name: 'lakewright_worker_units_total',
    help: 'units by outcome: ok, or the code of the error',
    labelNames: ['outcome'],
    registers,
  });
  const rows = new Counter({ name: 'lakewright_worker_rows_total', help: 'rows in answers', registers });
  const bytes = new Counter({
    name: 'lakewright_worker_answer_bytes_total',
    help: 'bytes of answers',
    registers,
  });
  gauge(registry, 'lakewright_worker_running', 'units that run', running);
  return {
    ended: (outcome) => units.inc({ outcome }),
    answered(answer) {
      rows.inc(answer.rows);
      bytes.inc(answer.bytes);
    },
  };
}

/** What the query API counts of its workers. */
export interface DispatchMetrics {
  /** `outcome` is ok, busy, failed (tried elsewhere) or refused (the unit's own fault). */
  asked(outcome: 'ok' | 'busy' | 'failed' | 'refused'): void;
}

/** Registers the query API's metrics of its workers, all named `lakewright_dispatch_*`. */
export function dispatchMetrics(
  registry: Registry,
  state: { readonly ready: () => number; readonly waiting: () => number; readonly inFlight: () => number },
): DispatchMetrics {
  const attempts = new Counter({
    name: 'lakewright_dispatch_attempts_total',
    help: 'units sent to a worker by outcome',
    labelNames: ['outcome'],
    registers: [registry],
  });
  gauge(registry, 'lakewright_dispatch_workers', 'query workers that are ready', state.ready);
  gauge(registry, 'lakewright_dispatch_waiting', 'units that wait for a place', state.waiting);
  gauge(registry, 'lakewright_dispatch_in_flight', 'units on workers', state.inFlight);
  return { asked: (outcome) => attempts.inc({ outcome }) };
}

function gauge(registry: Registry, name: string, help: string, value: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(value());
    },
  });
}
