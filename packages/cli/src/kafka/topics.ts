/** What a topic is made with. */
export interface TopicShape {
  readonly partitions: number;
  /** On how many brokers each partition is. */
  readonly replicas: number;
}

/** A topic as it is to be. */
export interface Topic extends TopicShape {
  readonly name: string;
  /** Under Kafka's own names: `retention.ms`, `cleanup.policy`. */
  readonly options: Readonly<Record<string, string>>;
}

/** A topic as the brokers tell of it. */
export interface ExistingTopic extends TopicShape {
  readonly name: string;
}

/** What replaces a default; what is undefined stays as it is. */
export interface TopicChange {
  readonly partitions?: number | undefined;
  readonly replicas?: number | undefined;
  readonly options?: Readonly<Record<string, string>>;
}

/** Changes to all topics, and to those of single services, which go before. */
export interface TopicChanges {
  readonly defaults: TopicChange;
  readonly workers: Readonly<Partial<Record<Worker, TopicChange>>>;
}

export interface TopicPlan {
  readonly create: readonly Topic[];
  /** There already, as they are to be. */
  readonly keep: readonly string[];
  /** There already with other partitions or replicas, which stay. */
  readonly differ: readonly TopicDifference[];
}

export interface TopicDifference {
  readonly name: string;
  readonly existing: TopicShape;
  readonly wanted: TopicShape;
}

/** The topics of Lakerunner, behind the prefix, by the service that reads each. */
const TOPICS = {
  'boxer-ingest-logs': 'objstore.ingest.logs',
  'boxer-ingest-metrics': 'objstore.ingest.metrics',
  'boxer-ingest-traces': 'objstore.ingest.traces',
  'boxer-compact-logs': 'boxer.logs.compact',
  'boxer-compact-metrics': 'boxer.metrics.compact',
  'boxer-compact-traces': 'boxer.traces.compact',
  'boxer-rollup-metrics': 'boxer.metrics.rollup',
} as const;

export type Worker = keyof typeof TOPICS;
export const WORKERS = Object.keys(TOPICS) as readonly Worker[];

/** Lakerunner's own: a week is kept. */
const DEFAULTS = {
  partitions: 16,
  replicas: 3,
  options: { 'cleanup.policy': 'delete', 'retention.ms': String(7 * 24 * 3_600_000) },
} as const;

/** The topics of Lakerunner. Of `changes` the later go before, and what is changed for one service before all. */
export function wantedTopics(prefix: string, changes: readonly TopicChanges[]): Topic[] {
  return WORKERS.map((worker) => {
    const layers = [
      DEFAULTS,
      ...changes.map(({ defaults }) => defaults),
      ...changes.map(({ workers }) => workers[worker] ?? {}),
    ];
    return {
      name: `${prefix}.${TOPICS[worker]}`,
      partitions: last(layers.map(({ partitions }) => partitions)) ?? DEFAULTS.partitions,
      replicas: last(layers.map(({ replicas }) => replicas)) ?? DEFAULTS.replicas,
      options: Object.assign({}, ...layers.map(({ options }) => options)),
    };
  });
}

function last<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.findLast((value) => value !== undefined);
}

/**
 * What is to do so that the wanted topics are there. A topic that exists is never changed: partitions cannot be
 * lowered, more of them send keys elsewhere and cannot be taken back, so that is for its owner to decide.
 */
export function planTopics(wanted: readonly Topic[], existing: readonly ExistingTopic[]): TopicPlan {
  const known = new Map(existing.map((topic) => [topic.name, topic]));
  const create: Topic[] = [];
  const keep: string[] = [];
  const differ: TopicDifference[] = [];
  for (const topic of wanted) {
    const found = known.get(topic.name);
    if (found === undefined) create.push(topic);
    else if (found.partitions === topic.partitions && found.replicas === topic.replicas)
      keep.push(topic.name);
    else differ.push({ name: topic.name, existing: shapeOf(found), wanted: shapeOf(topic) });
  }
  return { create, keep, differ };
}

function shapeOf({ partitions, replicas }: TopicShape): TopicShape {
  return { partitions, replicas };
}
