import { readFile } from 'node:fs/promises';
import { ConfigError } from '@lakewright/core';
import { InvalidArgumentError } from 'commander';
import { parse } from 'yaml';

/** One `--set Name=Value` more. */
export function assignment(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const mark = text.indexOf('=');
  if (mark < 1) throw new InvalidArgumentError('Write Name=Value.');
  return { ...before, [text.slice(0, mark)]: text.slice(mark + 1) };
}

/**
 * Parameters of a stack from a file: the list of ParameterKey and ParameterValue that the aws command takes, as JSON or
 * YAML, or a mapping of names to values, where a list of values is one that is joined by commas.
 */
export async function parameterFile(path: string): Promise<Record<string, string>> {
  let said: unknown;
  try {
    said = parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(`${path} cannot be read as JSON or YAML`, { cause: error });
  }
  if (typeof said !== 'object' || said === null) throw new ConfigError(`${path} names no parameters`);
  const entries = Array.isArray(said)
    ? said.map((entry: Record<string, unknown>, index): [string, unknown] => {
        if (typeof entry?.ParameterKey === 'string') return [entry.ParameterKey, entry.ParameterValue ?? ''];
        throw new ConfigError(`${path}: entry ${index + 1} has no ParameterKey`);
      })
    : Object.entries(said);
  return Object.fromEntries(entries.map(([name, value]) => [name, textOf(value, `${path}: ${name}`)]));
}

function textOf(value: unknown, where: string): string {
  if (Array.isArray(value)) return value.map((part) => textOf(part, where)).join(',');
  if (['string', 'number'].includes(typeof value)) return String(value);
  // YAML takes Yes and No as they are; JSON's true has no place in a parameter.
  throw new ConfigError(`${where} is not text`, { hint: 'write it in quotes' });
}
