import { Counter, type Registry } from 'prom-client';

export interface PubSubMetrics {
  readonly messages: Counter<'outcome'>;
  readonly objects: Counter<'outcome'>;
  readonly failures: Counter;
}

export function pubSubMetrics(registry: Registry): PubSubMetrics {
  const registers = [registry];
  return {
    messages: new Counter({
      name: 'lakewright_pubsub_messages_total',
      help: 'Messages by what became of them',
      labelNames: ['outcome'],
      registers,
    }),
    objects: new Counter({
      name: 'lakewright_pubsub_objects_total',
      help: 'Objects of which messages told, by what became of them',
      labelNames: ['outcome'],
      registers,
    }),
    failures: new Counter({
      name: 'lakewright_pubsub_failures_total',
      help: 'Times that the queue, the store or the catalog did not work',
      registers,
    }),
  };
}
