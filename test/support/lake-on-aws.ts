/** A lake in an emulated AWS: a real PostgreSQL, buckets whose notifications reach a queue, and its services. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { promisify } from 'node:util';
import {
  postgresPrograms,
  startPostgres,
  type TestServer,
} from '../../packages/local/test/postgres-server.ts';
import { type Moto, startMoto } from './moto.ts';
import { freePorts } from './ports.ts';
import { capture, LAKEWRIGHT, lakewright, NODE } from './runtime.ts';
import { waitFor } from './wait.ts';

const run = promisify(execFile);
const QUEUE = 'lakerunner-ingest';

/** An organization with a bucket and a key of its own. */
export interface Tenant {
  readonly organization: string;
  readonly bucket: string;
  readonly key: string;
}

export const ACME: Tenant = {
  organization: '11110000-0000-4000-8000-000000000000',
  bucket: 'acme-telemetry',
  key: 'acme-key-0123456789',
};
export const BETA: Tenant = {
  organization: '22220000-0000-4000-8000-000000000000',
  bucket: 'beta-telemetry',
  key: 'beta-key-0123456789',
};

export class LakeOnAws {
  readonly moto: Moto;
  readonly tenants: readonly Tenant[];
  readonly env: Readonly<Record<string, string>>;
  /** Where the query API looks for query workers. */
  readonly workerPorts: readonly number[];
  readonly queryUrl: string;
  readonly otlpUrl: string;
  readonly #postgres: TestServer;
  readonly #services = new Map<string, ServiceProcess>();

  private constructor(
    moto: Moto,
    postgres: TestServer,
    tenants: readonly Tenant[],
    env: Record<string, string>,
    workerPorts: readonly number[],
    urls: { query: string; otlp: string },
  ) {
    this.moto = moto;
    this.#postgres = postgres;
    this.tenants = tenants;
    this.env = env;
    this.workerPorts = workerPorts;
    this.queryUrl = urls.query;
    this.otlpUrl = urls.otlp;
  }

  /** `directory` is for scratch; `lakewright.yaml` there is the services' configuration. */
  static async start(options: {
    directory: string;
    config: string;
    tenants: readonly Tenant[];
    visibilitySeconds: number;
    lease: string;
  }): Promise<LakeOnAws> {
    const programs = postgresPrograms();
    if (programs === undefined) throw new Error('there is no initdb on this machine: install PostgreSQL');
    const [moto, postgres] = await Promise.all([startMoto(), startPostgres(programs)]);
    const [query, otlpHttp, otlpGrpc, ...workers] = await freePorts(5);
    const { tenants } = options;
    const queueUrl = await makeQueue(moto, options.visibilitySeconds);
    for (const { bucket } of tenants) await makeBucket(moto, bucket);
    const yaml = JSON.stringify(
      tenants.map(({ organization, bucket }) => ({
        organization_id: organization,
        bucket,
        region: 'us-east-1',
      })),
    );
    const keys = JSON.stringify(
      tenants.map(({ organization, key }) => ({ organization_id: organization, keys: [key] })),
    );
    const server = new URL(postgres.url);
    const env = {
      ...moto.env,
      LRDB_HOST: server.hostname,
      LRDB_PORT: server.port,
      LRDB_USER: server.username,
      LRDB_DBNAME: 'postgres',
      LRDB_SSLMODE: 'disable',
      SQS_QUEUE_URL: queueUrl,
      SQS_REGION: 'us-east-1',
      HEALTH_CHECK_PORT: '0',
      LAKEWRIGHT_HOST: '127.0.0.1',
      LAKEWRIGHT_QUERY_PORT: String(query),
      LAKEWRIGHT_QUERY_WORKERS: workers.map((port) => `http://127.0.0.1:${port}`).join(','),
      TOKEN_HMAC256_KEY: randomBytes(32).toString('hex'),
      LAKEWRIGHT_OTLP_HTTP_PORT: String(otlpHttp),
      LAKEWRIGHT_OTLP_GRPC_PORT: String(otlpGrpc),
      LAKEWRIGHT_SCRATCH: options.directory,
      LAKEWRIGHT_CONFIG: options.config,
      LAKEWRIGHT_LEASE: options.lease,
      LAKEWRIGHT_LOG_LEVEL: 'info',
      STORAGE_PROFILE_FILE: 'env:STORAGE_PROFILES_ENV',
      STORAGE_PROFILES_ENV: yaml,
      API_KEYS_FILE: 'env:API_KEYS_ENV',
      API_KEYS_ENV: keys,
    };
    return new LakeOnAws(moto, postgres, tenants, env, workers, {
      query: `http://127.0.0.1:${query}`,
      otlp: `http://127.0.0.1:${otlpHttp}`,
    });
  }

  /** Runs one `lakewright` command against this lake to its end. */
  lakewright(args: readonly string[], env: Record<string, string> = {}) {
    return lakewright(args, { ...this.env, ...env });
  }

  /** Announces the objects of every bucket to the queue from now on. */
  async notify(): Promise<void> {
    const configuration = JSON.stringify({
      QueueConfigurations: [
        { QueueArn: `arn:aws:sqs:us-east-1:123456789012:${QUEUE}`, Events: ['s3:ObjectCreated:*'] },
      ],
    });
    for (const { bucket } of this.tenants) {
      await aws(
        this.moto,
        ...['s3api', 'put-bucket-notification-configuration', '--bucket', bucket],
        ...['--notification-configuration', configuration],
      );
    }
  }

  /** Sends bodies to the ingest queue. */
  async send(bodies: readonly string[]): Promise<void> {
    for (let from = 0; from < bodies.length; from += 10) {
      const entries = bodies.slice(from, from + 10).map((body, i) => ({ Id: String(i), MessageBody: body }));
      await aws(
        this.moto,
        ...['sqs', 'send-message-batch', '--queue-url', this.env.SQS_QUEUE_URL],
        ...['--entries', JSON.stringify(entries)],
      );
    }
  }

  /** Starts a service, or starts it again; `label` tells it from others of the same name. */
  serve(name: string, env: Record<string, string> = {}, label = name): ServiceProcess {
    const before = this.#services.get(label)?.log ?? '';
    const service = new ServiceProcess(name, { ...this.env, ...env }, before);
    this.#services.set(label, service);
    return service;
  }

  /** What runs, or has ended, by label. */
  get services(): ReadonlyMap<string, ServiceProcess> {
    return this.#services;
  }

  /** Rows of a query in a tenant's name. Throws when it is refused. */
  async sql(tenant: Tenant, sql: string): Promise<Record<string, unknown>[]> {
    const response = await fetch(`${this.queryUrl}/api/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${tenant.key}` },
      body: JSON.stringify({ query: sql }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status}: ${text}`);
    const { columns, rows } = JSON.parse(text) as { columns: { name: string }[]; rows: unknown[][] };
    return rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])));
  }

  /** Waits until the query API answers. */
  async ready(): Promise<void> {
    const ended = () => [...this.#services.values()].find(({ running }) => !running);
    await waitFor(
      'the query API',
      async () => ended() !== undefined || (await fetch(`${this.queryUrl}/healthz`)).ok,
      180_000,
    );
    const service = ended();
    if (service !== undefined) throw new Error(`${service.name} ended: ${service.log.slice(-2000)}`);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#services.values()].map((service) => service.end('SIGKILL')));
    await this.moto.stop();
    this.#postgres.stop();
  }
}

/** A running `lakewright service`. */
export class ServiceProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #output: { stdout: string; stderr: string };
  readonly #before: string;

  constructor(name: string, env: Record<string, string>, before: string) {
    this.name = name;
    this.#before = before;
    this.#child = spawn(NODE, [LAKEWRIGHT, 'service', name], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#output = capture(this.#child);
  }

  /** What it and its predecessors of the same name wrote. */
  get log(): string {
    return this.#before + this.#output.stderr;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (this.running) {
      const exit = once(this.#child, 'exit');
      this.#child.kill(signal);
      await exit;
    }
    return this.#child.exitCode;
  }
}

async function makeBucket(moto: Moto, bucket: string): Promise<void> {
  await aws(moto, 's3api', 'create-bucket', '--bucket', bucket);
}

async function makeQueue(moto: Moto, visibilitySeconds: number): Promise<string> {
  await aws(moto, 'sqs', 'create-queue', '--queue-name', `${QUEUE}-dlq`);
  const attributes = JSON.stringify({
    VisibilityTimeout: String(visibilitySeconds),
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: `arn:aws:sqs:us-east-1:123456789012:${QUEUE}-dlq`,
      maxReceiveCount: 20,
    }),
  });
  const made = await aws(moto, 'sqs', 'create-queue', '--queue-name', QUEUE, '--attributes', attributes);
  return (made as { QueueUrl: string }).QueueUrl;
}

/** The `aws` command, its answer parsed. */
export async function aws(moto: Moto, ...args: string[]): Promise<unknown> {
  // The aws command of version 1 has an address of its own for SQS, whatever AWS_ENDPOINT_URL says.
  const { stdout } = await run('aws', [...args, '--endpoint-url', moto.url, '--output', 'json'], {
    env: { ...process.env, ...moto.env },
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.trim() === '' ? undefined : JSON.parse(stdout);
}
