import { BadInputError, messageOf } from '@lakewright/core';
import { parse } from 'yaml';
import { nearest } from '../nearest.ts';
import { parameterFaults } from '../template/parameters.ts';
import { type StackSpec, type System, specOf } from './system.ts';
import type { TemplateFacts, TemplateParameter } from './template-facts.ts';

/** A value that a person named for a parameter: of every stack that declares it, or of one. */
export interface GivenValue {
  readonly name: string;
  readonly value: string;
  /** The key of a stack; undefined for all of them. */
  readonly stack: string | undefined;
}

/** `K=V` or `STACK.K=V`, as `--set` takes them. Throws BadInputError. */
export function givenBySet(text: string, system: System, environment: string): GivenValue {
  const at = text.indexOf('=');
  if (at < 1) {
    throw new BadInputError(`--set ${JSON.stringify(text.slice(0, 40))} is no NAME=VALUE`, {
      hint: 'write --set DbInstanceClass=db.t3.medium, or --set common.DbInstanceClass=... for one stack',
    });
  }
  return givenOf(text.slice(0, at), text.slice(at + 1), system, environment);
}

/** A file of parameters: the list that the aws command takes, or a map of names and values, as JSON or YAML. */
export function givenByFile(file: string, text: string, system: System, environment: string): GivenValue[] {
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw new BadInputError(`${file} is neither JSON nor YAML: ${messageOf(error)}`);
  }
  const entries = Array.isArray(content)
    ? content.map((entry, at) => listed(file, entry, at))
    : mapped(file, content);
  return entries.flatMap((entry) =>
    entry === undefined ? [] : [givenOf(entry.name, entry.value, system, environment)],
  );
}

/**
 * Throws BadInputError for a name that no template in `scope` declares, naming the nearest one or the stack that does,
 * and for a value that its parameter cannot have.
 */
export function checkGiven(
  given: readonly GivenValue[],
  scope: readonly { readonly spec: StackSpec; readonly template: TemplateFacts }[],
  all: readonly { readonly spec: StackSpec; readonly template: TemplateFacts }[],
): void {
  for (const value of given) {
    const matches = (of: typeof scope) =>
      of
        .filter(({ spec }) => value.stack === undefined || spec.key === value.stack)
        .flatMap(({ spec, template }) =>
          template.parameters
            .filter(({ name }) => name === value.name)
            .map((parameter) => ({ key: spec.key, parameter })),
        );
    const declared = matches(scope);
    if (declared.length === 0) throw undeclared(value, scope, matches(all).length > 0 ? all : []);
    for (const { key, parameter } of declared) checkValue(key, parameter, value.value);
  }
}

function undeclared(
  { name, stack }: GivenValue,
  scope: readonly { readonly spec: StackSpec; readonly template: TemplateFacts }[],
  elsewhere: typeof scope,
): BadInputError {
  const owner = elsewhere.find(({ template }) => template.parameters.some((known) => known.name === name));
  if (owner !== undefined) {
    const where = `${name} is a parameter of ${owner.spec.key}`;
    return new BadInputError(`${where}, which is not deployed now`, {
      hint: 'widen --only or --with, or leave the parameter out',
    });
  }
  const names = scope
    .filter(({ spec }) => stack === undefined || spec.key === stack)
    .flatMap(({ template }) => template.parameters.map((known) => known.name));
  return new BadInputError(`no template declares a parameter ${name}`, {
    hint: nearest(name, names) ?? `there are ${[...new Set(names)].sort().join(', ')}`,
  });
}

function checkValue(stack: string, parameter: TemplateParameter, value: string): void {
  const { name } = parameter;
  const odd = /[^\u0020-\u007e\n\t]/u.exec(value);
  if (odd !== null) {
    const code = odd[0].codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
    throw new BadInputError(
      `${name} has a character that is not ASCII at position ${odd.index + 1}: U+${code}`,
      {
        hint: 'quotes, dashes and spaces that were pasted from a document often are; type them anew',
      },
    );
  }
  const faults = parameterFaults(parameter, value);
  if (faults.length === 0) return;
  throw new BadInputError(`${stack}: ${name}: ${faults.join('; ')}`, { hint: parameter.description });
}

function givenOf(word: string, value: string, system: System, environment: string): GivenValue {
  const dot = word.lastIndexOf('.');
  const stack = dot < 0 ? undefined : specOf(system, word.slice(0, dot), environment).key;
  return { name: word.slice(dot + 1).trim(), value, stack };
}

type Entry = { readonly name: string; readonly value: string } | undefined;

function listed(file: string, entry: unknown, at: number): Entry {
  const {
    ParameterKey: name,
    ParameterValue: value,
    UsePreviousValue: previous,
  } = (entry ?? {}) as Record<string, unknown>;
  if (typeof name === 'string' && previous === true && value === undefined) return undefined;
  if (typeof name !== 'string' || value === undefined) {
    throw new BadInputError(`${file}: entry ${at + 1} has no ParameterKey and ParameterValue`);
  }
  return { name, value: scalar(file, name, value) };
}

function mapped(file: string, content: unknown): Entry[] {
  if (typeof content !== 'object' || content === null) {
    throw new BadInputError(
      `${file} is neither a list of ParameterKey and ParameterValue nor a map of names and values`,
    );
  }
  return Object.entries(content).map(([name, value]) => ({ name, value: scalar(file, name, value) }));
}

function scalar(file: string, name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => scalar(file, name, item)).join(',');
  // YAML reads Yes and No of its older version as such words; only true and false come here as booleans.
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value === 'string') return value;
  throw new BadInputError(`${file}: ${name} is no text`);
}
