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

/** What a service runs as when no template runs it: as docs/services.md has it. */
function plain(service: string): ContainerDefinition {
  return {
    name: `docs/services.md ${service}`,
    command: ['lakewright', 'service', service],
    health: ['lakewright', 'sysinfo', '--check'],
    ...{ ports: [], user: '1000', readonlyRoot: true, mounts: ['/scratch'], stopTimeout: 30 },
    environment: new Map(),
  };
}

const ofTemplates = ourContainers();
const serviceOf = ({ command = [] }: ContainerDefinition) =>
  command[1] === 'service' ? command[2] : undefined;
const run = new Set(ofTemplates.map(serviceOf));
const containers = [
  ...ofTemplates.filter((container) => serviceOf(container) !== undefined),
  ...SERVICES.filter(({ name }) => !run.has(name)).map(({ name }) => plain(name)),
];

/** Ports as containers know them, and the variables that move them: on this machine all share one network. */
const PORTS: Readonly<Record<number, string>> = {
  7101: 'LAKEWRIGHT_QUERY_PORT',
  8081: 'QUERY_WORKER_PORT',
  4317: 'LAKEWRIGHT_OTLP_GRPC_PORT',
  4318: 'LAKEWRIGHT_OTLP_HTTP_PORT',
  8090: 'HEALTH_CHECK_PORT',
};

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
    const { code, stderr } = await runInImage(tree, ['lakewright', 'setup'], lake.env);
    expect(code, stderr).toBe(0);
  });
  afterAll(async () => {
    await lake?.stop();
    tree?.remove();
  });

  /** The environment that the task definition gives, with what is another resource's from the emulated account. */
  function environmentOf({ name, environment }: ContainerDefinition, ports: ReadonlyMap<number, number>) {
    const moved = Object.entries(PORTS).map(([port, variable]) => [
      variable,
      String(ports.get(Number(port))),
    ]);
    const given = new Map(environment.size > 0 ? environment : Object.entries(lake.env));
    // The emulated database speaks no TLS.
    if (given.has('LRDB_SSLMODE')) given.set('LRDB_SSLMODE', lake.env.LRDB_SSLMODE);
    const known: Record<string, string> = {
      ...lake.env,
      LRDB_PASSWORD: 'of nobody',
      QUERY_WORKER_SERVICE_NAME: `localhost:${ports.get(8081)}`,
    };
    for (const [variable, value] of given) {
      if (value !== undefined || IGNORED.has(variable)) continue;
      if (!(variable in known)) throw new Error(`${name}: the test has no ${variable}`);
      given.set(variable, known[variable]);
    }
    return { ...lake.moto.env, ...Object.fromEntries(given), ...Object.fromEntries(moved) } as Record<
      string,
      string
    >;
  }

  it('carries what the sample app sends through its services to an answer', async () => {
    const [http, grpc, query, worker, ...health] = await freePorts(8);
    const env = {
      ...lake.env,
      LAKEWRIGHT_OTLP_HTTP_PORT: String(http),
      LAKEWRIGHT_OTLP_GRPC_PORT: String(grpc),
      LAKEWRIGHT_ORGANIZATION_ID: TENANT.organization,
      LAKEWRIGHT_QUERY_PORT: String(query),
      QUERY_WORKER_PORT: String(worker),
      LAKEWRIGHT_QUERY_WORKERS: '',
      QUERY_WORKER_SERVICE_NAME: `localhost:${worker}`,
    };
    const running = ['otel-gateway', 'ingest-logs', 'query-worker', 'query-api'].map((name, i) => {
      const command = ['lakewright', 'service', name];
      return new Container(tree, command, { ...env, HEALTH_CHECK_PORT: String(health[i]) });
    });
    try {
      for (const port of [http, query]) await waitFor('the servers', () => listens(port), 60_000);
      const app = new Container(tree, ['lakewright', 'demo', '--rate', '100'], {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${http}`,
        LAKEWRIGHT_API_KEY: TENANT.key,
      });
      running.unshift(app);
      await waitFor('rows', async () => (await countLogs(query)) > 100, 60_000);
      for (const container of running) expect(await container.end('SIGTERM'), container.log).toBe(0);
      for (const container of running) expect(container.log).not.toMatch(NOT_ALLOWED);
    } finally {
      await Promise.all(running.map((container) => container.end('SIGKILL')));
    }
  });

  it.each(containers)('$name starts, is healthy, serves, and ends at SIGTERM', async (definition) => {
    const { command = [], health, ports: served, stopTimeout } = definition;
    const numbers = Object.keys(PORTS).map(Number);
    const free = await freePorts(numbers.length);
    const ports = new Map(numbers.map((port, i) => [port, free[i]]));
    const container = new Container(tree, command, environmentOf(definition, ports));
    try {
      if (health === undefined) throw new Error('it has no health command');
      await waitFor(
        'health',
        async () => !container.running || (await container.exec(health)).code === 0,
        60_000,
      );
      for (const port of served) {
        await waitFor(`port ${port}`, () => !container.running || listens(ports.get(port) ?? 0));
      }
      const readyz = `http://127.0.0.1:${ports.get(8090)}/readyz`;
      await waitFor('readiness', async () => !container.running || (await fetch(readyz)).ok);
      expect(container.running, container.log).toBe(true);
      expect(container.log).not.toMatch(NOT_ALLOWED);
      const late = AbortSignal.timeout(stopTimeout * 1000);
      const code = await Promise.race([container.end('SIGTERM'), delay(2 ** 30, 'late', { signal: late })]);
      expect(code, container.log).toBe(0);
    } finally {
      await container.end('SIGKILL');
    }
  });
});

/** What writing where nobody may write looks like. */
const NOT_ALLOWED = /EACCES|EROFS|EPERM|permission denied/i;

/** Variables of Lakerunner's own image, which ours does not read. */
const IGNORED = new Set(['ECS_WORKER_SERVICE_NAME', 'QUERY_WORKER_CLUSTER_NAME']);

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
