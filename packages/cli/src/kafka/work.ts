import { type KafkaSettings, kafkaSettings, topicDefaults, topicPrefix } from './settings.ts';
import { type Topic, wantedTopics } from './topics.ts';
import { parseTopicsFile } from './topics-file.ts';

/** The topics that are to be there, and where. */
export interface KafkaWork {
  readonly settings: KafkaSettings;
  readonly wanted: readonly Topic[];
}

/**
 * What the environment and the file of topics ask for; undefined where no brokers are configured, and then the file is
 * not read. Throws ConfigError naming the variable or the field that cannot be used.
 */
export async function kafkaWork(
  env: Readonly<Record<string, string | undefined>>,
  readFile: () => Promise<string | undefined>,
): Promise<KafkaWork | undefined> {
  const settings = kafkaSettings(env);
  if (settings === undefined) return undefined;
  const file = await readFile();
  const changes = [topicDefaults(env), ...(file === undefined ? [] : [parseTopicsFile(file)])];
  return { settings, wanted: wantedTopics(topicPrefix(env), changes) };
}
