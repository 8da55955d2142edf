import { ConfigError } from '@lakewright/core';
import { describe, expect, it } from 'vitest';
import { kafkaSettings, topicDefaults, topicPrefix } from './settings.ts';
import { kafkaWork } from './work.ts';

const BROKERS = { LAKERUNNER_KAFKA_BROKERS: 'b-1.msk:9096, b-2.msk:9096' };
const SASL = {
  LAKERUNNER_KAFKA_SASL_ENABLED: 'true',
  LAKERUNNER_KAFKA_SASL_USERNAME: 'lake',
  LAKERUNNER_KAFKA_SASL_PASSWORD: 'hunter2',
};

describe('kafkaSettings', () => {
  it.each([{}, { LAKERUNNER_KAFKA_BROKERS: '' }, { LAKERUNNER_KAFKA_BROKERS: ' ', ...SASL }])(
    'are none without brokers: %j',
    (env) => expect(kafkaSettings(env)).toBeUndefined(),
  );

  it.each([
    [{}, { tls: undefined, sasl: undefined, connectTimeoutMs: 10_000 }],
    [{ LAKERUNNER_KAFKA_TLS_ENABLED: 'TRUE' }, { tls: { verify: true } }],
    [
      { LAKERUNNER_KAFKA_TLS_ENABLED: 'true', LAKERUNNER_KAFKA_TLS_SKIP_VERIFY: 'true' },
      { tls: { verify: false } },
    ],
    [SASL, { sasl: { mechanism: 'SCRAM-SHA-256', user: 'lake', password: 'hunter2' } }],
    [{ ...SASL, LAKERUNNER_KAFKA_SASL_MECHANISM: 'scram-sha-512' }, { sasl: { mechanism: 'SCRAM-SHA-512' } }],
    [{ ...SASL, LAKERUNNER_KAFKA_SASL_ENABLED: 'false' }, { sasl: undefined }],
    [{ LAKERUNNER_KAFKA_CONNECTION_TIMEOUT: '3s' }, { connectTimeoutMs: 3000 }],
  ])('reads %j', (env, expected) => {
    expect(kafkaSettings({ ...BROKERS, ...env })).toMatchObject({
      brokers: ['b-1.msk:9096', 'b-2.msk:9096'],
      ...expected,
    });
  });

  it.each([
    [{ LAKERUNNER_KAFKA_BROKERS: 'b-1.msk' }, /LAKERUNNER_KAFKA_BROKERS: entry 1 is not/],
    [{ LAKERUNNER_KAFKA_BROKERS: 'b-1.msk:9092,' }, /LAKERUNNER_KAFKA_BROKERS: entry 2 is not/],
    [{ LAKERUNNER_KAFKA_BROKERS: 'b-1.msk:0' }, /LAKERUNNER_KAFKA_BROKERS/],
    [{ LAKERUNNER_KAFKA_BROKERS: 'kafka://b-1.msk:9092' }, /LAKERUNNER_KAFKA_BROKERS/],
    [{ LAKERUNNER_KAFKA_BROKERS: 'b-1.msk:9092,kafka://lake:hunter2,x@b-2.msk:9092' }, /entry 2 is not/],
    [{ LAKERUNNER_KAFKA_TLS_ENABLED: 'yes' }, /LAKERUNNER_KAFKA_TLS_ENABLED is neither true nor false/],
    [
      { ...SASL, LAKERUNNER_KAFKA_SASL_ENABLED: '' },
      /USERNAME is set and LAKERUNNER_KAFKA_SASL_ENABLED is not/,
    ],
    [{ ...SASL, LAKERUNNER_KAFKA_SASL_USERNAME: '' }, /LAKERUNNER_KAFKA_SASL_USERNAME is not set/],
    [{ ...SASL, LAKERUNNER_KAFKA_SASL_PASSWORD: '' }, /LAKERUNNER_KAFKA_SASL_PASSWORD is not set/],
    [{ ...SASL, LAKERUNNER_KAFKA_SASL_MECHANISM: 'AWS_MSK_IAM' }, /LAKERUNNER_KAFKA_SASL_MECHANISM/],
    [{ LAKERUNNER_KAFKA_CONNECTION_TIMEOUT: '3' }, /LAKERUNNER_KAFKA_CONNECTION_TIMEOUT/],
  ])('refuses %j by name', (env, message) => {
    const settings = () => kafkaSettings({ ...BROKERS, ...env });
    expect(settings).toThrow(ConfigError);
    expect(settings).toThrow(message);
    expect(settings).not.toThrow(/hunter2/);
  });
});

describe('kafkaWork', () => {
  const env = {
    ...BROKERS,
    LAKERUNNER_KAFKA_TOPIC_PREFIX: 'acme',
    LAKERUNNER_KAFKA_TOPICS_DEFAULTS_PARTITIONCOUNT: '4',
    LAKERUNNER_KAFKA_TOPICS_DEFAULTS_REPLICATIONFACTOR: '2',
  };

  it('goes by the environment, and before it by the file', async () => {
    const work = await kafkaWork(env, async () => '{version: 2, defaults: {partitionCount: 1}}');
    expect(work?.wanted[0]).toMatchObject({ name: 'acme.objstore.ingest.logs', partitions: 1, replicas: 2 });
    const without = await kafkaWork(env, async () => undefined);
    expect(without?.wanted[0]).toMatchObject({ partitions: 4, replicas: 2 });
  });

  it('leaves the file alone where there are no brokers', async () => {
    const file = () => Promise.reject(new Error('it is read'));
    expect(await kafkaWork({ ...env, LAKERUNNER_KAFKA_BROKERS: '' }, file)).toBeUndefined();
  });

  it.each(['a b', 'a/b', 'ä', 'x'.repeat(201)])('refuses the prefix %j', (LAKERUNNER_KAFKA_TOPIC_PREFIX) => {
    expect(() => topicPrefix({ LAKERUNNER_KAFKA_TOPIC_PREFIX })).toThrow(/LAKERUNNER_KAFKA_TOPIC_PREFIX/);
  });

  it('takes the prefix of either name', () => {
    const [LAKERUNNER_KAFKA_TOPIC_PREFIX, LAKERUNNER_KAFKA_TOPICS_TOPICPREFIX] = ['a', 'b'];
    expect(topicPrefix({})).toBe('lakerunner');
    expect(topicPrefix({ LAKERUNNER_KAFKA_TOPIC_PREFIX })).toBe('a');
    expect(topicPrefix({ LAKERUNNER_KAFKA_TOPICS_TOPICPREFIX })).toBe('b');
    expect(topicPrefix({ LAKERUNNER_KAFKA_TOPIC_PREFIX, LAKERUNNER_KAFKA_TOPICS_TOPICPREFIX })).toBe('b');
  });

  it.each(['0', 'x', '1.5', '-1'])('refuses %j partitions', (count) => {
    const name = 'LAKERUNNER_KAFKA_TOPICS_DEFAULTS_PARTITIONCOUNT';
    expect(() => topicDefaults({ [name]: count })).toThrow(`${name} is not an integer from 1`);
  });
});
