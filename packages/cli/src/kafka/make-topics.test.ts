import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { ConfigError, LakewrightError, UnavailableError } from '@lakewright/core';
import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { type BrokerOptions, KafkaBroker, type RELEASES } from '../../test/kafka-broker.ts';
import type { TopicsReport } from './make-topics.ts';
import { makeTopics } from './make-topics.ts';
import { kafkaWork } from './work.ts';

const LOGS = 'lakerunner.objstore.ingest.logs';
const METRICS = 'lakerunner.objstore.ingest.metrics';
const PASSWORD = 'p@ss,w=rd:é';
const USERS = { lake: PASSWORD };
const SASL = {
  LAKERUNNER_KAFKA_SASL_ENABLED: 'true',
  LAKERUNNER_KAFKA_SASL_USERNAME: 'lake',
  LAKERUNNER_KAFKA_SASL_PASSWORD: PASSWORD,
};
const TLS = { LAKERUNNER_KAFKA_TLS_ENABLED: 'true' };
const [key, cert] = ['key', 'cert'].map((name) =>
  readFileSync(new URL(`../../test/certificate/${name}.pem`, import.meta.url), 'utf8'),
);

const brokers: KafkaBroker[] = [];
afterEach(async () => {
  await Promise.all(brokers.splice(0).map((broker) => broker.close()));
});

async function started(options?: BrokerOptions): Promise<KafkaBroker> {
  const broker = await KafkaBroker.start(options);
  brokers.push(broker);
  return broker;
}

/** Where nobody listens. */
async function deadBroker(): Promise<string> {
  const broker = await KafkaBroker.start();
  const { address } = broker;
  await broker.close();
  return address;
}

interface Made {
  readonly report: TopicsReport;
  readonly told: readonly string[];
}

async function make(addresses: string, env: Record<string, string> = {}): Promise<Made> {
  const work = await kafkaWork({ LAKERUNNER_KAFKA_BROKERS: addresses, ...env }, async () => undefined);
  if (work === undefined) throw new Error('no brokers are configured');
  const told: string[] = [];
  return { report: await makeTopics(work, (line) => told.push(line)), told };
}

async function failure(addresses: string, env?: Record<string, string>): Promise<LakewrightError> {
  const error = await make(addresses, env).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof LakewrightError) return error;
  throw new Error(`no error of ours: ${error}`);
}

describe('makeTopics', () => {
  it.each<keyof typeof RELEASES>(['1.0', '3.9', '4.0'])(
    'makes them in Kafka %s, and only once',
    async (release) => {
      const broker = await started({
        release,
        topics: [{ name: 'somebody.elses', partitions: 1, replicas: 1 }],
      });
      const first = await make(broker.address);
      expect(first.report).toMatchObject({ kept: [], differ: [] });
      expect(first.report.created).toHaveLength(7);
      expect(first.told).toHaveLength(7);
      expect(first.told[0]).toBe(`topic ${LOGS} made: 16 partitions, 3 replicas`);
      expect(broker.topics.size).toBe(8);
      expect(broker.topics.get(LOGS)).toEqual({
        name: LOGS,
        partitions: 16,
        replicas: 3,
        options: { 'cleanup.policy': 'delete', 'retention.ms': '604800000' },
      });
      const again = await make(broker.address);
      expect(again).toEqual({ report: { created: [], kept: first.report.created, differ: [] }, told: [] });
      expect(broker.askedFor).toEqual([]);
      await waitFor('connections to end', () => broker.open === 0);
    },
  );

  it('leaves what is there, and names what differs', async () => {
    const there = [
      { name: LOGS, partitions: 4, replicas: 1 },
      { name: METRICS, partitions: 16, replicas: 3, hidden: true },
    ];
    const broker = await started({ topics: there });
    const { report, told } = await make(broker.address);
    expect(report.created).toHaveLength(5);
    expect(report.kept).toEqual([METRICS]);
    expect(report.differ).toEqual([
      { name: LOGS, existing: { partitions: 4, replicas: 1 }, wanted: { partitions: 16, replicas: 3 } },
    ]);
    expect(told.at(-1)).toMatch(`topic ${LOGS} stays at 4 partitions and 1 replicas`);
    for (const topic of there) expect(broker.topics.get(topic.name)).toEqual(topic);
  });

  it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('authenticates with %s', async (mechanism) => {
    for (const release of ['1.0', '4.0'] as const) {
      const broker = await started({ release, users: USERS, mechanisms: [mechanism] });
      const { report } = await make(broker.address, { ...SASL, LAKERUNNER_KAFKA_SASL_MECHANISM: mechanism });
      expect(report.created).toHaveLength(7);
      await waitFor('connections to end', () => broker.open === 0);
    }
  });

  it.each([
    ['a wrong password', { LAKERUNNER_KAFKA_SASL_PASSWORD: 'wrong-secret' }],
    ['an unknown user', { LAKERUNNER_KAFKA_SASL_USERNAME: 'nobody' }],
    [
      'a wrong password in the clear',
      { LAKERUNNER_KAFKA_SASL_MECHANISM: 'PLAIN', LAKERUNNER_KAFKA_SASL_PASSWORD: 'wrong-secret' },
    ],
    ['a mechanism that is not there', { LAKERUNNER_KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512' }],
  ])('names the broker and the user of %s, and no password', async (_what, env) => {
    const broker = await started({ users: USERS, mechanisms: ['PLAIN', 'SCRAM-SHA-256'] });
    const error = await failure(broker.address, { ...SASL, ...env });
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toContain(broker.address);
    expect(error.hint).toContain('LAKERUNNER_KAFKA_SASL_USERNAME');
    for (const secret of [PASSWORD, 'wrong-secret']) {
      expect(`${error.stack}${error.hint}${JSON.stringify(error.cause)}`).not.toContain(secret);
    }
    expect(broker.topics.size).toBe(0);
    await waitFor('connections to end', () => broker.open === 0);
  });

  it('refuses a certificate that nobody vouches for, unless it is told not to look', async () => {
    const broker = await started({ tls: { key, cert }, users: USERS });
    const error = await failure(broker.address, { ...TLS, ...SASL });
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toContain(broker.address);
    expect(error.hint).toContain('NODE_EXTRA_CA_CERTS');
    const unseen = { ...TLS, ...SASL, LAKERUNNER_KAFKA_TLS_SKIP_VERIFY: 'true' };
    expect((await make(broker.address, unseen)).report.created).toHaveLength(7);
  });

  it.each<[string, BrokerOptions, Record<string, string>]>([
    ['a broker without TLS', {}, TLS],
    ['a broker with TLS', { tls: { key, cert } }, { LAKERUNNER_KAFKA_CONNECTION_TIMEOUT: '300ms' }],
    ['a broker that wants to know who it is', { users: USERS }, {}],
  ])('is told by name when it speaks otherwise than %s', async (_what, options, env) => {
    const broker = await started(options);
    const error = await failure(broker.address, env);
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error.message).toContain(broker.address);
    expect(error.hint).toContain('LAKERUNNER_KAFKA_TLS_ENABLED');
  });

  it('asks the next broker when one is away', async () => {
    const broker = await started();
    const { report } = await make([await deadBroker(), await deadBroker(), broker.address].join(','));
    expect(report.created).toHaveLength(7);
  });

  it.each([
    ['nobody answers', async () => ({ at: await deadBroker(), named: undefined })],
    [
      'the address that a broker advertises does not answer',
      async () => {
        const dead = await deadBroker();
        const advertised = { host: '127.0.0.1', port: Number(dead.split(':')[1]) };
        return { at: (await started({ advertised })).address, named: dead };
      },
    ],
  ])('names the broker when %s', async (_when, arrange) => {
    const { at, named } = await arrange();
    const error = await failure(at);
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error.message).toContain(named ?? at);
    expect(error.hint).toContain('advertise');
  });

  it.each([
    [38, ConfigError, 'LAKERUNNER_KAFKA_TOPICS_DEFAULTS_REPLICATIONFACTOR'],
    [37, ConfigError, 'partitionCount'],
    [40, ConfigError, 'options'],
    [29, ConfigError, 'Create'],
    [44, ConfigError, 'policy'],
    [7, UnavailableError, 'try again'],
  ])('names the topic that is refused with %i, and goes on from there', async (number, kind, hint) => {
    const refused: Record<string, number> = { [METRICS]: number };
    const broker = await started({ refused });
    const error = await failure(broker.address);
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain(broker.address);
    expect(error.message).toContain(`topic ${METRICS}: `);
    expect(error.hint).toContain(hint);
    expect([...broker.topics.keys()]).toEqual([LOGS]);
    delete refused[METRICS];
    const { report } = await make(broker.address);
    expect([report.kept, report.created.length]).toEqual([[LOGS], 6]);
  });

  it('makes none while a partition of the cluster has no leader, and says so', async () => {
    const broker = await started({ topics: [{ name: 'x', partitions: 1, replicas: 1, leaderless: true }] });
    const error = await failure(broker.address);
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error.message).toContain(`${broker.address}: There is no leader`);
    expect(error.hint).toContain('Kafka answers');
    expect(broker.topics.size).toBe(1);
  });

  it('writes nothing by itself', async () => {
    const broker = await started();
    const script = `
      import { makeTopics } from ${JSON.stringify(new URL('make-topics.ts', import.meta.url))};
      import { kafkaWork } from ${JSON.stringify(new URL('work.ts', import.meta.url))};
      await makeTopics(await kafkaWork(process.env, async () => undefined), () => {});`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { PATH: process.env.PATH, LAKERUNNER_KAFKA_BROKERS: broker.address },
    });
    const written = Promise.all([text(child.stdout), text(child.stderr)]);
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await written).toEqual(['', '']);
    expect(broker.topics.size).toBe(7);
  });
});
