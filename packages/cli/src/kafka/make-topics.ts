import { openTopics } from './client.ts';
import { planTopics, type TopicDifference } from './topics.ts';
import type { KafkaWork } from './work.ts';

/** What was done about topics; names of topics. */
export interface TopicsReport {
  readonly created: readonly string[];
  readonly kept: readonly string[];
  /** There with other partitions or replicas, and left so. */
  readonly differ: readonly TopicDifference[];
}

/**
 * Makes the topics that are not there, one after the other, and tells of each. One that fails ends it; doing it again
 * goes on from there. Throws ConfigError and UnavailableError, which name the broker and the topic.
 */
export async function makeTopics(
  { settings, wanted }: KafkaWork,
  tell: (line: string) => void,
): Promise<TopicsReport> {
  const topics = await openTopics(settings);
  try {
    const { create, keep, differ } = planTopics(wanted, await topics.list());
    const created: string[] = [];
    const kept = [...keep];
    for (const topic of create) {
      const { name, partitions, replicas } = topic;
      // A topic that the user may not see is not in the list, and there all the same.
      if (await topics.create(topic)) {
        created.push(name);
        tell(`topic ${name} made: ${partitions} partitions, ${replicas} replicas`);
      } else {
        kept.push(name);
      }
    }
    for (const difference of differ) tell(differenceLine(difference));
    return { created, kept, differ };
  } finally {
    await topics.close();
  }
}

function differenceLine({ name, existing, wanted }: TopicDifference): string {
  return (
    `topic ${name} stays at ${existing.partitions} partitions and ${existing.replicas} replicas, ` +
    `where ${wanted.partitions} and ${wanted.replicas} are wanted: an existing topic is not changed`
  );
}
