import { ConfigError, type LakewrightError, messageOf, UnavailableError } from '@lakewright/core';
import type { KafkaSettings } from './settings.ts';
import type { Topic } from './topics.ts';

/** What KafkaJS knows of a failure; its classes differ in which of these they have. */
interface Failure {
  readonly name: string;
  readonly message: string;
  /** `host:port` of who failed. */
  readonly broker?: string;
  /** Node's name of what happened to the connection, or Kafka's number. */
  readonly code?: unknown;
  /** Kafka's name of the error. */
  readonly type?: string;
  readonly errors?: readonly Failure[];
  readonly cause?: unknown;
}

const WRAPPERS = ['KafkaJSNumberOfRetriesExceeded', 'KafkaJSNonRetriableError'];
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/;

const UNREACHED =
  'the brokers of LAKERUNNER_KAFKA_BROKERS, and the addresses that they advertise, must be in reach from here; ' +
  'LAKERUNNER_KAFKA_TLS_ENABLED says whether they speak TLS, and LAKERUNNER_KAFKA_SASL_ENABLED whether they ask for a user';

/** What to do about answers of Kafka that retrying does not mend. */
const REFUSALS: Readonly<Record<string, string>> = {
  INVALID_REPLICATION_FACTOR:
    'there are fewer brokers: set LAKERUNNER_KAFKA_TOPICS_DEFAULTS_REPLICATIONFACTOR, or replicationFactor in the file of topics',
  INVALID_PARTITIONS: 'set partitionCount in the file of topics',
  INVALID_CONFIG: 'the brokers do not know one of the options of the file of topics, or its value',
  INVALID_TOPIC_EXCEPTION: 'set LAKERUNNER_KAFKA_TOPIC_PREFIX',
  POLICY_VIOLATION: 'the brokers have a policy for new topics: keep to it in the file of topics',
  TOPIC_AUTHORIZATION_FAILED: 'allow the user Create and Describe of the topic, or Create of the cluster',
  CLUSTER_AUTHORIZATION_FAILED: 'allow the user Create of the cluster, or of the topic',
};

/** An error of KafkaJS as ours, with the broker and the topic. It never says more of a user than the name. */
export function kafkaError(error: unknown, settings: KafkaSettings, topic?: Topic): LakewrightError {
  const failure = innermost(error);
  const where = [
    `Kafka ${failure.broker ?? settings.brokers.join(', ')}`,
    ...(topic === undefined ? [] : [`topic ${topic.name}`]),
  ].join(', ');
  const message = `${where}: ${failure.message}`;
  const refusal = refusalOf(failure, settings, topic);
  if (refusal !== undefined) return new ConfigError(message, { hint: refusal, cause: error });
  const hint =
    failure.type === undefined ? UNREACHED : 'Kafka answers, and is not well: try again when it is';
  return new UnavailableError(message, { hint, cause: error });
}

function refusalOf(failure: Failure, { sasl }: KafkaSettings, topic?: Topic): string | undefined {
  if (failure.name === 'KafkaJSSASLAuthenticationError' || failure.type === 'UNSUPPORTED_SASL_MECHANISM') {
    return `look at LAKERUNNER_KAFKA_SASL_USERNAME (${sasl?.user}), _PASSWORD and _MECHANISM (${sasl?.mechanism})`;
  }
  if (CERTIFICATE.test(String(failure.code))) {
    return "name the certificate's authority in NODE_EXTRA_CA_CERTS, or set LAKERUNNER_KAFKA_TLS_SKIP_VERIFY to true";
  }
  const refusal = REFUSALS[failure.type ?? ''];
  if (refusal === undefined || topic === undefined) return refusal;
  return `${refusal} (wanted: ${topic.partitions} partitions, ${topic.replicas} replicas)`;
}

function innermost(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: messageOf(error) };
  const failure: Failure = error;
  const inside = failure.errors?.[0] ?? (WRAPPERS.includes(failure.name) ? failure.cause : undefined);
  return inside instanceof Error && inside !== error ? innermost(inside) : failure;
}
