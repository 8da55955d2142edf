import { ConfigError } from '@lakewright/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { wantedTopics } from './topics.ts';
import { parseTopicsFile } from './topics-file.ts';

describe('parseTopicsFile', () => {
  it('reads what changes', () => {
    const text = `
version: 2
defaults:
  partitionCount: 8
  replicationFactor: 2
  options: { retention.ms: "1209600000", max.message.bytes: 5242880, preallocate: false, min.cleanable.dirty.ratio: 0.5 }
workers:
  boxer-ingest-logs: { partitionCount: 32 }
  boxer-rollup-metrics:
`;
    const changes = parseTopicsFile(text);
    expect(changes).toEqual({
      defaults: {
        partitions: 8,
        replicas: 2,
        options: {
          'retention.ms': '1209600000',
          'max.message.bytes': '5242880',
          preallocate: 'false',
          'min.cleanable.dirty.ratio': '0.5',
        },
      },
      workers: {
        'boxer-ingest-logs': { partitions: 32, replicas: undefined, options: {} },
        'boxer-rollup-metrics': { partitions: undefined, replicas: undefined, options: {} },
      },
    });
    expect(wantedTopics('x', [changes]).map(({ partitions }) => partitions)).toEqual([32, 8, 8, 8, 8, 8, 8]);
  });

  it('may change nothing', () => {
    expect(wantedTopics('x', [parseTopicsFile('version: 2')])).toEqual(wantedTopics('x', []));
  });

  it.each([
    ['', 'Kafka topics is not a mapping'],
    ['[1]', 'Kafka topics is not a mapping'],
    ['a: [', 'not YAML'],
    ['defaults: {}', 'version is not 2'],
    ['version: 1', 'version is not 2'],
    ['version: "2"', 'version is not 2'],
    ['{version: 2, topics: {}}', 'unknown field "topics"'],
    ['{version: 2, defaults: {partitions: 3}}', 'Kafka topics.defaults has an unknown field "partitions"'],
    ['{version: 2, workers: {logs: {}}}', 'Kafka topics.workers has an unknown field "logs"'],
    ['{version: 2, workers: [boxer-ingest-logs]}', 'Kafka topics.workers is not a mapping'],
    ['{version: 2, workers: {boxer-ingest-logs: 3}}', 'workers.boxer-ingest-logs is not a mapping'],
    ['{version: 2, defaults: {partitionCount: 0}}', 'defaults.partitionCount is not an integer'],
    ['{version: 2, defaults: {partitionCount: "3"}}', 'defaults.partitionCount is not an integer'],
    ['{version: 2, defaults: {replicationFactor: 1.5}}', 'defaults.replicationFactor is not an integer'],
    ['{version: 2, defaults: {replicationFactor: 32768}}', 'from 1 to 32767'],
    ['{version: 2, defaults: {options: [a]}}', 'defaults.options is not a mapping'],
    ['{version: 2, defaults: {options: {a: [1]}}}', 'defaults.options.a is not'],
    ['{version: 2, defaults: {options: {a: }}}', 'defaults.options.a is not'],
    [
      '{version: 2, defaults: {options: {retention.ms: 9223372036854775807}}}',
      'defaults.options.retention.ms is not',
    ],
  ])('refuses %j by name', (text, message) => {
    expect(() => parseTopicsFile(text)).toThrow(ConfigError);
    expect(() => parseTopicsFile(text)).toThrow(message);
  });

  it('reads anything, or says why not', () => {
    const field = fc.constantFrom(
      'version',
      'defaults',
      'workers',
      'partitionCount',
      'options',
      'boxer-ingest-logs',
    );
    const { document } = fc.letrec((tie) => ({
      document: fc.oneof(
        { depthSize: 'small' },
        fc.jsonValue({ maxDepth: 1 }),
        fc.dictionary(field, tie('document'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(document, (value) => {
        try {
          parseTopicsFile(stringify(value));
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }),
    );
  });
});
