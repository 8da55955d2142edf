import { ConfigError, fieldsOf } from '@lakewright/core';
import { parse } from 'yaml';
import { type TopicChange, type TopicChanges, WORKERS } from './topics.ts';

const WHERE = 'Kafka topics';
const VERSION = 2;
const CHANGE = ['partitionCount', 'replicationFactor', 'options'];

/** What the protocol has room for: INT32 and INT16. */
export const PARTITIONS_MAX = 2 ** 31 - 1;
export const REPLICAS_MAX = 2 ** 15 - 1;

/**
 * Reads YAML of `{version: 2, defaults: {partitionCount, replicationFactor, options}, workers: {<service>: ...}}`,
 * all but the version optional. Throws ConfigError naming the field for whatever else is in it.
 */
export function parseTopicsFile(yamlText: string): TopicChanges {
  let document: unknown;
  try {
    document = parse(yamlText);
  } catch (error) {
    throw new ConfigError(`${WHERE}: not YAML`, { cause: error });
  }
  const { version, defaults, workers } = fieldsOf(document, WHERE, ['version', 'defaults', 'workers']);
  if (version !== VERSION) {
    throw new ConfigError(`${WHERE}.version is not ${VERSION}`, {
      hint: `write version: ${VERSION}, with defaults and workers`,
    });
  }
  const named = Object.entries(fieldsOf(workers ?? {}, `${WHERE}.workers`, WORKERS));
  return {
    defaults: changeOf(defaults, `${WHERE}.defaults`),
    workers: Object.fromEntries(
      named.map(([worker, change]) => [worker, changeOf(change, `${WHERE}.workers.${worker}`)]),
    ),
  };
}

function changeOf(value: unknown, where: string): TopicChange {
  const { partitionCount, replicationFactor, options } = fieldsOf(value ?? {}, where, CHANGE);
  return {
    partitions: countOf(partitionCount, `${where}.partitionCount`, PARTITIONS_MAX),
    replicas: countOf(replicationFactor, `${where}.replicationFactor`, REPLICAS_MAX),
    options: optionsOf(options, `${where}.options`),
  };
}

/** A number of something from 1 to `most`, or nothing at all. Throws ConfigError naming `where`. */
export function countOf(value: unknown, where: string, most: number): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new ConfigError(`${where} is not an integer from 1 to ${most}`);
}

/** Names are Kafka's, of whatever version: the broker refuses one that it does not know. */
function optionsOf(value: unknown, where: string): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new ConfigError(`${where} is not a mapping`);
  return Object.fromEntries(
    Object.entries(value).map(([name, option]) => [name, optionOf(option, `${where}.${name}`)]),
  );
}

function optionOf(value: unknown, where: string): string {
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  if (Number.isSafeInteger(value) || (typeof value === 'number' && Math.abs(value) < 1)) return String(value);
  throw new ConfigError(`${where} is not a text, a number or a truth value`, {
    hint: 'put a long number into quotes: it would lose digits',
  });
}
