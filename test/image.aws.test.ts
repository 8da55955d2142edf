import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVICES } from '../packages/cli/src/services/registry.ts';
import { Container, runInImage } from './support/image/container.ts';
import { type ContainerDefinition, ourContainers } from './support/image/containers.ts';
import { type ImageTree, layOutImage, makeReadOnly } from './support/image/tree.ts';
import { LakeOnAws } from './support/lake-on-aws.ts';
import { freePorts } from './support/ports.ts';
import { waitFor } from './support/wait.ts';

const TENANT = {
  organization: '12340000-0000-4000-8000-000000000000',
  bucket: 'image-telemetry',
  key: 'key-of-the-image',
};

/** Ports as containers know them, and the variables that move them: on this machine all share one network. */
const PORTS = {
  query: [7101, 'LAKEWRIGHT_QUERY_PORT'],
  worker: [8081, 'QUERY_WORKER_PORT'],
  grpc: [4317, 'LAKEWRIGHT_OTLP_GRPC_PORT'],
  http: [4318, 'LAKEWRIGHT_OTLP_HTTP_PORT'],
  health: [8090, 'HEALTH_CHECK_PORT'],
} as const;
type Ports = Readonly<Record<keyof typeof PORTS, number>>;
const NAMES = Object.keys(PORTS) as (keyof typeof PORTS)[];

/** What templates say to Lakerunner's own image, and ours does not read. */
const IGNORED = new Set([
  ...['ECS_WORKER_SERVICE_NAME', 'QUERY_WORKER_CLUSTER_NAME'],
  ...['ORGANIZATION_ID', 'COLLECTOR_NAME', 'AWS_S3_BUCKET'],
]);

/** What writing where nobody may write looks like. */
const NOT_ALLOWED = /EACCES|EROFS|EPERM|permission denied/i;

const ofTemplates = ourContainers();

/** The container that runs this command: the templates', or as docs/services.md has it where none does. */
function containerOf(...command: string[]): ContainerDefinition {
  const isIt = (given: readonly string[] = []) => command.every((word, i) => given[i] === word);
  return (
    ofTemplates.find((container) => isIt(container.command)) ?? {
      name: `docs/services.md ${command.join(' ')}`,
      command,
      health: ['lakewright', 'sysinfo', '--check'],
      ...{ ports: [], user: '1000', readonlyRoot: true, mounts: ['/scratch'], stopTimeout: 30 },
      environment: new Map(),
    }
  );
}

const services = SERVICES.map(({ name }) => containerOf('lakewright', 'service', name));

describe('the image, in an account of its own', () => {
  let tree: ImageTree;
  let lake: LakeOnAws;
  beforeAll(async () => {
    tree = layOutImage();
    makeReadOnly(tree);
    const config = join(tree.root, 'scratch/lakewright.yaml');
    writeFileSync(config, 'lake: {}\n');
    lake = await LakeOnAws.start({
      ...{ directory: join(tree.root, 'scratch'), config, tenants: [TENANT] },
      ...{ visibilitySeconds: 30, lease: '30s' },
    });
    const setup = containerOf('lakewright', 'setup');
    const { code, stderr } = await runInImage(
      tree,
      setup.command ?? [],
      environmentOf(setup, await somePorts()),
    );
    expect(code, stderr).toBe(0);
  });
  afterAll(async () => {
    await lake?.stop();
    tree?.remove();
  });

  /** What the task definition gives; what is another resource's there is the emulated account's here. */
  function environmentOf(
    { name, environment }: ContainerDefinition,
    ports: Ports,
    more: Record<string, string> = {},
  ): Record<string, string> {
    const known: Record<string, string> = {
      ...lake.env,
      LRDB_PASSWORD: 'of nobody',
      LAKEWRIGHT_ORGANIZATION_ID: TENANT.organization,
      LAKEWRIGHT_COLLECTOR: 'lakerunner',
      LAKEWRIGHT_API_KEY: TENANT.key,
      LAKEWRIGHT_URL: `http://127.0.0.1:${ports.query}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${ports.http}`,
      QUERY_WORKER_SERVICE_NAME: `localhost:${ports.worker}`,
    };
    const given: Record<string, string> = environment.size > 0 ? {} : { ...lake.env };
    for (const [variable, value = known[variable]] of environment) {
      if (value !== undefined) given[variable] = value;
      else if (!IGNORED.has(variable)) throw new Error(`${name}: the test has no ${variable}`);
    }
    // The database here speaks no TLS.
    if ('LRDB_SSLMODE' in given) given.LRDB_SSLMODE = lake.env.LRDB_SSLMODE;
    const moved = NAMES.map((port) => [PORTS[port][1], String(ports[port])]);
    return { ...lake.moto.env, ...given, ...Object.fromEntries(moved), ...more };
  }

  it('carries what the sample app sends through its services to an answer', async () => {
    const ports = await somePorts();
    const health = await freePorts(4);
    const workers = { LAKEWRIGHT_QUERY_WORKERS: '', QUERY_WORKER_SERVICE_NAME: `localhost:${ports.worker}` };
    const running = ['otel-gateway', 'ingest-logs', 'query-worker', 'query-api'].map((name, i) => {
      const service = containerOf('lakewright', 'service', name);
      const more = name === 'query-api' ? workers : {};
      return new Container(
        tree,
        service.command ?? [],
        environmentOf(service, { ...ports, health: health[i] }, more),
      );
    });
    try {
      for (const port of [ports.http, ports.query]) {
        await waitFor('the servers', () => listens(port), 60_000);
      }
      const app = containerOf('lakewright', 'demo');
      const target = {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${ports.http}`,
        LAKEWRIGHT_API_KEY: TENANT.key,
      };
      running.unshift(new Container(tree, app.command ?? [], environmentOf(app, ports, target)));
      await waitFor('rows', async () => (await countLogs(ports.query)) > 100, 60_000);
      for (const container of running) expect(await container.end('SIGTERM'), container.log).toBe(0);
      for (const container of running) expect(container.log).not.toMatch(NOT_ALLOWED);
    } finally {
      await Promise.all(running.map((container) => container.end('SIGKILL')));
    }
  });

  it.each(services)('$name starts, is healthy, serves, and ends at SIGTERM', async (definition) => {
    const { command = [], health, ports: served, stopTimeout } = definition;
    const ports = await somePorts();
    const container = new Container(tree, command, environmentOf(definition, ports));
    const ended = () => !container.running;
    try {
      if (health === undefined) throw new Error('it has no health command');
      await waitFor('health', async () => ended() || (await container.exec(health)).code === 0, 60_000);
      for (const port of served) {
        const name = NAMES.find((name) => PORTS[name][0] === port);
        if (name === undefined) throw new Error(`what listens on ${port}?`);
        await waitFor(`port ${port}`, () => ended() || listens(ports[name]));
      }
      const readyz = `http://127.0.0.1:${ports.health}/readyz`;
      await waitFor('readiness', async () => ended() || (await fetch(readyz)).ok);
      expect(container.running, container.log).toBe(true);
      expect(container.log).not.toMatch(NOT_ALLOWED);
      const code = await Promise.race([
        container.end('SIGTERM'),
        delay(stopTimeout * 1000, 'late', { ref: false }),
      ]);
      expect(code, container.log).toBe(0);
    } finally {
      await container.end('SIGKILL');
    }
  });
});

async function somePorts(): Promise<Ports> {
  const free = await freePorts(NAMES.length);
  return Object.fromEntries(NAMES.map((name, i) => [name, free[i]])) as Ports;
}

async function countLogs(port: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TENANT.key}` },
    body: JSON.stringify({ query: 'SELECT count(*) FROM logs' }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return Number((JSON.parse(text) as { rows: unknown[][] }).rows[0][0]);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
