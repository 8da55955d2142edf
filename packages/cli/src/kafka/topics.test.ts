import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ExistingTopic, planTopics, type Topic, type TopicChanges, wantedTopics } from './topics.ts';

const WEEK = { 'cleanup.policy': 'delete', 'retention.ms': '604800000' };
const changes = (some: Partial<TopicChanges>): TopicChanges => ({ defaults: {}, workers: {}, ...some });

describe('wantedTopics', () => {
  it('are the seven of Lakerunner', () => {
    const wanted = wantedTopics('lakerunner', []);
    expect(wanted.map(({ name }) => name)).toEqual([
      'lakerunner.objstore.ingest.logs',
      'lakerunner.objstore.ingest.metrics',
      'lakerunner.objstore.ingest.traces',
      'lakerunner.boxer.logs.compact',
      'lakerunner.boxer.metrics.compact',
      'lakerunner.boxer.traces.compact',
      'lakerunner.boxer.metrics.rollup',
    ]);
    for (const topic of wanted) expect(topic).toMatchObject({ partitions: 16, replicas: 3, options: WEEK });
  });

  const service = changes({
    workers: { 'boxer-ingest-logs': { partitions: 32, options: { 'retention.ms': '1' } } },
  });
  it.each<[string, TopicChanges[], Partial<Topic>, Partial<Topic>]>([
    [
      'all',
      [changes({ defaults: { partitions: 2, replicas: 1 } })],
      { partitions: 2, replicas: 1 },
      { partitions: 2 },
    ],
    [
      'one service',
      [service],
      { partitions: 32, options: { ...WEEK, 'retention.ms': '1' } },
      { partitions: 16 },
    ],
    [
      'one service before all, whichever comes later',
      [
        service,
        changes({ defaults: { partitions: 8, options: { 'retention.ms': '2', 'segment.ms': '3' } } }),
      ],
      { partitions: 32, options: { ...WEEK, 'retention.ms': '1', 'segment.ms': '3' } },
      { partitions: 8, options: { ...WEEK, 'retention.ms': '2', 'segment.ms': '3' } },
    ],
    [
      'the later',
      [changes({ defaults: { replicas: 2 } }), changes({ defaults: { replicas: 1 } })],
      { replicas: 1 },
      { replicas: 1 },
    ],
    [
      'what is there alone',
      [changes({ defaults: { replicas: 2 } }), changes({ defaults: { replicas: undefined } })],
      { replicas: 2 },
      { replicas: 2 },
    ],
  ])('change for %s', (_what, layers, logs, metrics) => {
    const [first, second] = wantedTopics('x', layers);
    expect(first).toMatchObject({ name: 'x.objstore.ingest.logs', ...logs });
    expect(second).toMatchObject({ name: 'x.objstore.ingest.metrics', ...metrics });
  });
});

describe('planTopics', () => {
  const a: Topic = { name: 'a', partitions: 16, replicas: 3, options: WEEK };
  const b: Topic = { ...a, name: 'b' };
  const existing = (name: string, partitions = 16, replicas = 3): ExistingTopic => ({
    name,
    partitions,
    replicas,
  });
  const shape = (partitions: number, replicas: number) => ({ partitions, replicas });

  it.each<[string, ExistingTopic[], string[], string[], string[]]>([
    ['nothing is there', [], ['a', 'b'], [], []],
    ['all is there', [existing('a'), existing('b')], [], ['a', 'b'], []],
    ['one is there, and one of somebody else', [existing('b'), existing('c')], ['a'], ['b'], []],
    ['one has fewer partitions', [existing('a', 1)], ['b'], [], ['a']],
    ['one has more partitions', [existing('a', 64)], ['b'], [], ['a']],
    ['one has other replicas', [existing('b', 16, 2), existing('a')], [], ['a'], ['b']],
    ['a name differs in its case', [existing('A')], ['a', 'b'], [], []],
  ])('when %s', (_when, there, create, keep, differ) => {
    const plan = planTopics([a, b], there);
    expect(plan.create.map(({ name }) => name)).toEqual(create);
    expect(plan.keep).toEqual(keep);
    expect(plan.differ.map(({ name }) => name)).toEqual(differ);
  });

  it('names what differs', () => {
    expect(planTopics([a], [existing('a', 8, 1)]).differ).toEqual([
      { name: 'a', existing: shape(8, 1), wanted: shape(16, 3) },
    ]);
  });

  it('puts each topic in one place, and makes none that is there', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const topic = fc.record({
      name,
      partitions: fc.integer({ min: 1, max: 3 }),
      replicas: fc.integer({ min: 1, max: 2 }),
    });
    const topics = fc.uniqueArray(topic, { selector: (one) => one.name });
    fc.assert(
      fc.property(topics, topics, (wanted, there) => {
        const plan = planTopics(
          wanted.map((one) => ({ ...one, options: {} })),
          there,
        );
        const placed = [
          ...plan.create.map((one) => one.name),
          ...plan.keep,
          ...plan.differ.map((one) => one.name),
        ];
        expect(placed.sort()).toEqual(wanted.map((one) => one.name).sort());
        for (const made of plan.create) expect(there.map((one) => one.name)).not.toContain(made.name);
      }),
    );
  });
});
