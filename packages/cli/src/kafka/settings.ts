import { ConfigError, parseDuration } from '@lakewright/core';
import type { TopicChanges } from './topics.ts';
import { countOf, PARTITIONS_MAX, REPLICAS_MAX } from './topics-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
export type Mechanism = (typeof MECHANISMS)[number];

/** How Kafka is reached. */
export interface KafkaSettings {
  /** `host:port` of each broker to begin with. */
  readonly brokers: readonly string[];
  readonly tls: { readonly verify: boolean } | undefined;
  readonly sasl:
    | { readonly mechanism: Mechanism; readonly user: string; readonly password: string }
    | undefined;
  readonly connectTimeoutMs: number;
}

const VARIABLE = {
  brokers: 'LAKERUNNER_KAFKA_BROKERS',
  tls: 'LAKERUNNER_KAFKA_TLS_ENABLED',
  skipVerify: 'LAKERUNNER_KAFKA_TLS_SKIP_VERIFY',
  sasl: 'LAKERUNNER_KAFKA_SASL_ENABLED',
  mechanism: 'LAKERUNNER_KAFKA_SASL_MECHANISM',
  user: 'LAKERUNNER_KAFKA_SASL_USERNAME',
  password: 'LAKERUNNER_KAFKA_SASL_PASSWORD',
  connectTimeout: 'LAKERUNNER_KAFKA_CONNECTION_TIMEOUT',
  prefix: 'LAKERUNNER_KAFKA_TOPIC_PREFIX',
  /** Another name of it, which goes first: as in Lakerunner, whose services look for the topics by it. */
  prefixFirst: 'LAKERUNNER_KAFKA_TOPICS_TOPICPREFIX',
  partitions: 'LAKERUNNER_KAFKA_TOPICS_DEFAULTS_PARTITIONCOUNT',
  replicas: 'LAKERUNNER_KAFKA_TOPICS_DEFAULTS_REPLICATIONFACTOR',
} as const;

const CONNECT_TIMEOUT_MS = 10_000;

/** Undefined where no brokers are configured. Throws ConfigError naming the variable that cannot be used. */
export function kafkaSettings(env: Environment): KafkaSettings | undefined {
  const brokers = (env[VARIABLE.brokers] ?? '').split(',').map((broker) => broker.trim());
  if (brokers.every((broker) => broker === '')) return undefined;
  const timeout = env[VARIABLE.connectTimeout];
  return {
    brokers: brokers.map(brokerOf),
    tls: flagOf(env, VARIABLE.tls) ? { verify: !flagOf(env, VARIABLE.skipVerify) } : undefined,
    sasl: saslOf(env),
    connectTimeoutMs: timeout ? parseDuration(timeout, VARIABLE.connectTimeout) : CONNECT_TIMEOUT_MS,
  };
}

/** What is no broker is not repeated: an address with a user may hold a password. */
function brokerOf(broker: string, at: number): string {
  const [, port] = /^[A-Za-z0-9._-]+:(\d{1,5})$/.exec(broker) ?? [];
  if (Number(port) >= 1 && Number(port) <= 65_535) return broker;
  throw new ConfigError(`${VARIABLE.brokers}: entry ${at + 1} is not the host and port of a broker`, {
    hint: 'write host:port,host:port',
  });
}

/** Credentials that nobody asked to use are refused: to connect without them would be a surprise. */
function saslOf(env: Environment): KafkaSettings['sasl'] {
  const { user, password, mechanism } = VARIABLE;
  if (!flagOf(env, VARIABLE.sasl)) {
    if (env[VARIABLE.sasl] || !env[user]) return undefined;
    throw new ConfigError(`${user} is set and ${VARIABLE.sasl} is not`, {
      hint: `set ${VARIABLE.sasl} to true, or to false`,
    });
  }
  const missing = [user, password].find((name) => !env[name]);
  if (missing) throw new ConfigError(`${VARIABLE.sasl} is true and ${missing} is not set`);
  const wanted = (env[mechanism] || 'SCRAM-SHA-256').toUpperCase();
  const known = MECHANISMS.find((name) => name === wanted);
  if (known === undefined) {
    throw new ConfigError(`${mechanism} is none that is there`, {
      hint: `it is one of ${MECHANISMS.join(', ')}`,
    });
  }
  return { mechanism: known, user: env[user] ?? '', password: env[password] ?? '' };
}

function flagOf(env: Environment, name: string): boolean {
  const text = env[name]?.toLowerCase();
  if (!text || text === 'false') return false;
  if (text === 'true') return true;
  throw new ConfigError(`${name} is neither true nor false`);
}

/** What the names of all topics begin with. Throws ConfigError for what no topic may be called. */
export function topicPrefix(env: Environment): string {
  const name = env[VARIABLE.prefixFirst] ? VARIABLE.prefixFirst : VARIABLE.prefix;
  const prefix = env[name] || 'lakerunner';
  if (/^[A-Za-z0-9._-]{1,200}$/.test(prefix)) return prefix;
  throw new ConfigError(`${name} cannot begin the name of a topic`, {
    hint: 'use at most 200 letters, digits, dots, underscores and hyphens',
  });
}

/** What the environment changes about all topics. Throws ConfigError naming the variable. */
export function topicDefaults(env: Environment): TopicChanges {
  const count = (name: string, most: number) =>
    countOf(env[name] ? Number(env[name]) : undefined, name, most);
  return {
    defaults: {
      partitions: count(VARIABLE.partitions, PARTITIONS_MAX),
      replicas: count(VARIABLE.replicas, REPLICAS_MAX),
    },
    workers: {},
  };
}
