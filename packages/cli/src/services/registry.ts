import type { ServiceFunction } from './workers.ts';

/** A service as the command line offers it; its code is loaded when it is run. */
export interface Service {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<ServiceFunction>;
}

const workers = () => import('./workers.ts');
const servers = () => import('./servers.ts');

const POINT_TABLES = ['gauge', 'sum', 'histogram', 'exp_histogram', 'summary'] as const;

export const SERVICES: readonly Service[] = [
  {
    name: 'otel-gateway',
    description: 'receives OTLP over HTTP and gRPC and stores it as raw objects',
    load: async () => (await servers()).otelGateway,
  },
  {
    name: 'pubsub-sqs',
    description: 'hears of raw objects from an SQS queue, and finds what no message told of',
    load: async () => (await workers()).pubsubSqs,
  },
  {
    name: 'ingest-logs',
    description: 'turns raw logs into segments',
    load: async () => (await workers()).ingest('logs'),
  },
  {
    name: 'ingest-metrics',
    description: 'turns raw metrics into segments',
    load: async () => (await workers()).ingest('metrics'),
  },
  {
    name: 'ingest-traces',
    description: 'turns raw traces into segments',
    load: async () => (await workers()).ingest('traces'),
  },
  {
    name: 'compact-logs',
    description: 'merges small segments of logs',
    load: async () => (await workers()).compact(['logs']),
  },
  {
    name: 'compact-metrics',
    description: 'merges small segments of metrics',
    load: async () => (await workers()).compact(POINT_TABLES),
  },
  {
    name: 'compact-traces',
    description: 'merges small segments of traces',
    load: async () => (await workers()).compact(['traces']),
  },
  {
    name: 'rollup-metrics',
    description: 'rolls metrics up into windows of 10 s to 3600 s',
    load: async () => (await workers()).rollupMetrics,
  },
  {
    name: 'sweeper',
    description:
      'removes what is replaced, left over, or past its retention, and publishes the Iceberg tables',
    load: async () => (await workers()).sweeper,
  },
  {
    name: 'query-api',
    description: 'answers queries over HTTP',
    load: async () => (await servers()).queryApi,
  },
  {
    name: 'query-worker',
    description: 'reads segments for the query API',
    load: async () => (await servers()).queryWorker,
  },
];
