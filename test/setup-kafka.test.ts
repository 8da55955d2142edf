import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lakewright } from '../packages/cli/test/harness.ts';
import { KafkaBroker } from '../packages/cli/test/kafka-broker.ts';
import { postgresPrograms, startPostgres } from '../packages/local/test/postgres-server.ts';

const NOBODY = 'postgres://lake@127.0.0.1:1/lrdb';
const CERTIFICATE = new URL('../packages/cli/test/certificate/', import.meta.url).pathname;

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lakewright-setup-kafka-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function fileOf(text: string): string {
  const path = join(home, 'topics.yaml');
  writeFileSync(path, text);
  return path;
}

describe('lakewright setup with Kafka', () => {
  it('says what it takes', async () => {
    const { stdout } = await lakewright(['setup', '--help']);
    for (const word of ['--kafka-topics', 'KAFKA_TOPICS_FILE', 'LAKERUNNER_KAFKA_BROKERS']) {
      expect(stdout).toContain(word);
    }
  });

  it.each([
    [{ LAKERUNNER_KAFKA_BROKERS: 'b1' }, '', 'LAKERUNNER_KAFKA_BROKERS: entry 1 is not'],
    [{ LAKERUNNER_KAFKA_BROKERS: 'b1:9092' }, '{version: 2, workers: {boxer: {}}}', 'unknown field "boxer"'],
  ])('ends with 1 before it touches the database: %j %s', async (env, text, message) => {
    const args = ['setup', ...(text === '' ? [] : ['--kafka-topics', fileOf(text)])];
    const { code, stdout, stderr } = await lakewright(args, { ...env, DATABASE_URL: NOBODY });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(message);
  });

  const programs = postgresPrograms();
  it.skipIf(programs === undefined)('makes the tables, then the topics, and only once', async () => {
    const postgres = await startPostgres(programs ?? '');
    const tls = { key: fileText('key.pem'), cert: fileText('cert.pem') };
    const broker = await KafkaBroker.start({ release: '4.0', tls, users: { lake: 'hunter2' } });
    const env = {
      DATABASE_URL: postgres.url,
      LAKERUNNER_KAFKA_BROKERS: broker.address,
      LAKERUNNER_KAFKA_TLS_ENABLED: 'true',
      LAKERUNNER_KAFKA_SASL_ENABLED: 'true',
      LAKERUNNER_KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      LAKERUNNER_KAFKA_SASL_USERNAME: 'lake',
      LAKERUNNER_KAFKA_SASL_PASSWORD: 'hunter2',
      NODE_EXTRA_CA_CERTS: join(CERTIFICATE, 'cert.pem'),
    };
    const args = [
      'setup',
      '--kafka-topics',
      fileOf('{version: 2, defaults: {partitionCount: 2, replicationFactor: 1}}'),
    ];
    try {
      const wrong = await lakewright(args, { ...env, LAKERUNNER_KAFKA_SASL_PASSWORD: 'hunter3' });
      expect(wrong.code).toBe(1);
      expect(wrong.stdout).toContain('The tables are up to date.');
      expect(wrong.stderr).toContain(broker.address);
      expect(wrong.stdout + wrong.stderr).not.toMatch(/hunter/);

      const first = await lakewright(args, env);
      expect(first.code, first.stderr).toBe(0);
      expect(first.stdout).toContain('Kafka topics      7 added, 0 kept, 0 kept that differ\n');
      expect(first.stderr.trim().split('\n')).toEqual(
        [...broker.topics.keys()].map((name) => `topic ${name} made: 2 partitions, 1 replicas`),
      );

      const again = await lakewright([...args, '--json'], env);
      expect([again.code, again.stderr]).toEqual([0, '']);
      const kept = [...broker.topics.keys()];
      expect(JSON.parse(again.stdout)).toMatchObject({ topics: { created: [], kept, differ: [] } });

      const without = await lakewright(args, { DATABASE_URL: postgres.url });
      expect([without.code, without.stderr]).toEqual([
        0,
        'no Kafka topics are made: LAKERUNNER_KAFKA_BROKERS is not set\n',
      ]);
      expect(without.stdout).not.toContain('Kafka');
    } finally {
      await broker.close();
      postgres.stop();
    }
  });
});

function fileText(name: string): string {
  return readFileSync(join(CERTIFICATE, name), 'utf8');
}
