import type { Container } from './tasks.ts';

/** What a service of ours reads of its environment, and calls of AWS (docs/services.md, and the adapters' code). */
export interface Needs {
  /** Variables, plain or from secrets. */
  readonly variables: readonly string[];
  /** Actions of S3 and keys in the bucket; an empty key is the bucket itself. */
  readonly bucket: readonly (readonly [action: string, key: string])[];
  /** Actions on the ingest queue. */
  readonly queue?: readonly string[];
}

const DATABASE = ['LRDB_HOST', 'LRDB_PORT', 'LRDB_DBNAME', 'LRDB_USER', 'LRDB_PASSWORD'];
const LIST = ['s3:ListBucket', ''] as const;
const RAW = ['otel-raw/', 'logs-raw/', 'metrics-raw/', 'traces-raw/'];
const READ = ['s3:GetObject', 'db/a/segment.parquet'] as const;
const WRITE = [
  ['s3:PutObject', 'db/a/segment.parquet'],
  ['s3:AbortMultipartUpload', 'db/a/segment.parquet'],
] as const;

const INGEST: Needs = {
  variables: DATABASE,
  bucket: [...RAW.map((prefix) => ['s3:GetObject', `${prefix}a`] as const), ...WRITE],
};
const MERGE: Needs = { variables: DATABASE, bucket: [READ, ...WRITE] };
const QUERY: Needs = { variables: [...DATABASE, 'TOKEN_HMAC256_KEY'], bucket: [READ] };

const SERVICES: Readonly<Record<string, Needs>> = {
  'compact-logs': MERGE,
  'compact-metrics': MERGE,
  'compact-traces': MERGE,
  'ingest-logs': INGEST,
  'ingest-metrics': INGEST,
  'ingest-traces': INGEST,
  'otel-gateway': { variables: DATABASE, bucket: [['s3:PutObject', 'otel-raw/a']] },
  'pubsub-sqs': {
    variables: [...DATABASE, 'SQS_QUEUE_URL'],
    bucket: [LIST],
    queue: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'],
  },
  'query-api': { ...QUERY, variables: [...QUERY.variables, 'QUERY_WORKER_SERVICE_NAME'] },
  'query-worker': QUERY,
  'rollup-metrics': MERGE,
  sweeper: {
    variables: DATABASE,
    bucket: [LIST, READ, ['s3:PutObject', 'db/lake.json'], ['s3:DeleteObject', 'db/a/segment.parquet']],
  },
};

const SETUP: Needs = { variables: [...DATABASE, 'API_KEYS_FILE', 'STORAGE_PROFILE_FILE'], bucket: [] };

/** What a container needs that runs `lakewright service NAME` or `lakewright setup`; undefined for all others. */
export function needsOf({ command }: Container): Needs | undefined {
  const [program, verb, service] = command;
  if (program !== 'lakewright') return undefined;
  if (verb === 'setup') return SETUP;
  return verb === 'service' && Object.hasOwn(SERVICES, service) ? SERVICES[service] : undefined;
}

/** Whether a container is to say how it is: services do, one-off commands end. */
export function isService({ command }: Container): boolean {
  return command[0] === 'lakewright' && command[1] === 'service';
}
