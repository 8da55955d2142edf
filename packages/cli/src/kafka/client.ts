import { type Admin, Kafka, logLevel } from 'kafkajs';
import { kafkaError } from './errors.ts';
import { leaveOutNegativeTimeouts } from './negative-timeouts.ts';
import type { KafkaSettings } from './settings.ts';
import type { ExistingTopic, Topic } from './topics.ts';

/** The topics of a Kafka cluster. */
export interface Topics {
  /** All that may be seen. Throws ConfigError and UnavailableError. */
  list(): Promise<ExistingTopic[]>;
  /**
   * False when it was there already. Throws ConfigError for what the brokers refuse, and UnavailableError, which name
   * the topic.
   */
  create(topic: Topic): Promise<boolean>;
  close(): Promise<void>;
}

/** How long a broker may take for one answer, in ms. */
const REQUEST_TIMEOUT_MS = 30_000;
/** How long the brokers may take to make a topic, in ms: less, so that it is they who say that it was too long. */
const CREATE_TIMEOUT_MS = 20_000;
/** Each broker is tried, one alone three times. */
const RETRIES_MIN = 2;

/**
 * Connects to a broker. Throws ConfigError when the brokers refuse the user or their certificate is not trusted, and
 * UnavailableError when none answers. Nothing that it throws holds the password.
 */
export async function openTopics(settings: KafkaSettings): Promise<Topics> {
  const admin = adminOf(settings);
  const warnAgain = leaveOutNegativeTimeouts();
  const close = () => admin.disconnect().finally(warnAgain);
  try {
    await admin.connect();
  } catch (error) {
    await close();
    throw kafkaError(error, settings);
  }
  return {
    list: () =>
      list(admin).catch((error: unknown) => {
        throw kafkaError(error, settings);
      }),
    create: (topic) =>
      create(admin, topic).catch((error: unknown) => {
        throw kafkaError(error, settings, topic);
      }),
    close,
  };
}

function adminOf({ brokers, tls, sasl, connectTimeoutMs }: KafkaSettings): Admin {
  return new Kafka({
    clientId: 'lakewright-setup',
    brokers: [...brokers],
    ...(tls === undefined ? {} : { ssl: { rejectUnauthorized: tls.verify } }),
    ...(sasl === undefined ? {} : { sasl: saslOption(sasl) }),
    connectionTimeout: connectTimeoutMs,
    authenticationTimeout: connectTimeoutMs,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: { retries: Math.max(brokers.length - 1, RETRIES_MIN), initialRetryTime: 200, maxRetryTime: 1000 },
    // What it has to say comes in its errors; its log goes to stdout, where our answers are.
    logLevel: logLevel.NOTHING,
    logCreator: () => () => {},
  }).admin();
}

function saslOption({ mechanism, user: username, password }: NonNullable<KafkaSettings['sasl']>) {
  switch (mechanism) {
    case 'PLAIN':
      return { mechanism: 'plain' as const, username, password };
    case 'SCRAM-SHA-256':
      return { mechanism: 'scram-sha-256' as const, username, password };
    case 'SCRAM-SHA-512':
      return { mechanism: 'scram-sha-512' as const, username, password };
  }
}

/** Asks for all: a broker may make a topic that is asked for by its name. */
async function list(admin: Admin): Promise<ExistingTopic[]> {
  const { topics } = await admin.fetchTopicMetadata();
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.length,
    replicas: Math.max(0, ...partitions.map(({ replicas }) => replicas.length)),
  }));
}

function create(admin: Admin, { name, partitions, replicas, options }: Topic): Promise<boolean> {
  return admin.createTopics({
    waitForLeaders: false,
    timeout: CREATE_TIMEOUT_MS,
    topics: [
      {
        topic: name,
        numPartitions: partitions,
        replicationFactor: replicas,
        configEntries: Object.entries(options).map(([option, value]) => ({ name: option, value })),
      },
    ],
  });
}
