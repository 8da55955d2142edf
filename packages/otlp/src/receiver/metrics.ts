import { Counter, Gauge, type Registry } from 'prom-client';

/** The receivers' metrics in `registry`; made once, however many receivers share it. */
export function receiverMetrics(registry: Registry): ReceiverMetrics {
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    (registry.getSingleMetric(name) as Counter<Label> | undefined) ??
    new Counter({ name, help, labelNames, registers: [registry] });
  const gauge = (name: string, help: string) =>
    (registry.getSingleMetric(name) as Gauge | undefined) ?? new Gauge({ name, help, registers: [registry] });
  return {
    requests: counter('lakewright_otlp_requests_total', 'OTLP export requests answered', [
      'signal',
      'transport',
      'code',
    ]),
    records: counter('lakewright_otlp_records_total', 'Records acknowledged as durable', ['signal']),
    rejected: counter('lakewright_otlp_rejected_records_total', 'Records left out of acknowledged requests', [
      'signal',
    ]),
    requestBytes: counter('lakewright_otlp_request_bytes_total', 'Bytes of requests after decompression', []),
    inFlight: gauge('lakewright_otlp_requests_in_flight', 'Requests between arrival and answer'),
    bytesInFlight: gauge(
      'lakewright_otlp_request_bytes_in_flight',
      'Bytes of the bodies of requests in flight',
    ),
  };
}

export interface ReceiverMetrics {
  readonly requests: Counter<'signal' | 'transport' | 'code'>;
  readonly records: Counter<'signal'>;
  readonly rejected: Counter<'signal'>;
  readonly requestBytes: Counter;
  readonly inFlight: Gauge;
  readonly bytesInFlight: Gauge;
}
