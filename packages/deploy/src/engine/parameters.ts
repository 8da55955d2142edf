import { ConfigError, type ParameterInput, type StackDescription } from '@lakewright/core';
import type { GivenValue } from './given.ts';
import type { TemplateFacts, TemplateParameter } from './template-facts.ts';

/** What another stack says for a parameter; without a value while that stack is not there. */
export interface WiredValue {
  readonly value: string | undefined;
  /** `VpcId of lakerunner-vpc`. */
  readonly from: string;
}

/** Which value a parameter gets, and where it is from. */
export interface ParameterDecision {
  readonly name: string;
  readonly source: 'set' | 'previous' | 'wired' | 'default';
  /** To be sent; undefined for what CloudFormation knows itself, and for what is known only when another stack is there. */
  readonly value: string | undefined;
  /** For people: never a value of NoEcho. */
  readonly shown: string;
  /** The value that the stack has; undefined for a new parameter and for one of NoEcho. */
  readonly before: string | undefined;
  readonly changed: boolean;
}

export interface ParameterPlan {
  readonly decisions: readonly ParameterDecision[];
  /** What a person may want to know: images that newer templates name, values that other stacks say differently. */
  readonly notes: readonly string[];
}

export interface ParameterQuestion {
  /** The key of the stack, and its name. */
  readonly key: string;
  readonly stack: string;
  readonly template: TemplateFacts;
  /** The stack that is there; undefined when it is made now. */
  readonly existing: StackDescription | undefined;
  readonly given: readonly GivenValue[];
  readonly wired: Readonly<Record<string, WiredValue>>;
}

const HIDDEN = '(hidden)';

/**
 * Decides each parameter of a template: what a person named, then what the stack has, then what another stack says,
 * then the template's default. Throws ConfigError when none of them has a value.
 */
export function planParameters(question: ParameterQuestion): ParameterPlan {
  const decisions = question.template.parameters.map((parameter) => decide(question, parameter));
  const missing = decisions.filter((decision) => decision === undefined);
  if (missing.length > 0) {
    const names = question.template.parameters.filter((_, at) => decisions[at] === undefined);
    const list = names.map(({ name }) => name).join(', ');
    throw new ConfigError(`${question.stack} needs a value for ${list}`, {
      hint: names.map(({ name }) => `--set ${question.key}.${name}=...`).join(' '),
    });
  }
  return {
    decisions: decisions as ParameterDecision[],
    notes: question.template.parameters.flatMap((parameter) => notesOn(question, parameter)),
  };
}

/** The parameters of a change set. */
export function parameterInputs(decisions: readonly ParameterDecision[]): ParameterInput[] {
  return decisions.flatMap(({ name, source, value }): ParameterInput[] => {
    if (source === 'previous') return [{ name, previous: true }];
    return source === 'default' || value === undefined ? [] : [{ name, value }];
  });
}

function decide(question: ParameterQuestion, parameter: TemplateParameter): ParameterDecision | undefined {
  const { name, noEcho } = parameter;
  const before = question.existing?.parameters[name];
  const told = noEcho ? undefined : before;
  const value = givenFor(question, name);
  if (value !== undefined) {
    const changed = noEcho || before !== value;
    const shown = noEcho ? `${HIDDEN}, set anew` : value;
    // What it has already is kept as it is: CloudFormation then sees no change at all.
    if (!changed) return { name, source: 'previous', value: undefined, shown, before: told, changed };
    return { name, source: 'set', value, shown, before: told, changed };
  }
  if (before !== undefined) {
    const shown = noEcho ? `${HIDDEN}, unchanged` : before;
    return { name, source: 'previous', value: undefined, shown, before: told, changed: false };
  }
  const changed = question.existing !== undefined;
  const wire = question.wired[name];
  if (wire !== undefined && !(wire.value === '' && parameter.default !== undefined)) {
    return {
      name,
      source: 'wired',
      value: wire.value,
      shown: wire.value ?? `(${wire.from})`,
      before: undefined,
      changed,
    };
  }
  if (parameter.default === undefined) return undefined;
  const shown = noEcho && parameter.default !== '' ? HIDDEN : parameter.default;
  return { name, source: 'default', value: undefined, shown, before: undefined, changed };
}

/** The last word counts; one for this stack counts more than one for all. */
function givenFor({ key, given }: ParameterQuestion, name: string): string | undefined {
  const named = given.filter((value) => value.name === name);
  const own = named.findLast(({ stack }) => stack === key);
  return (own ?? named.findLast(({ stack }) => stack === undefined))?.value;
}

function notesOn(question: ParameterQuestion, parameter: TemplateParameter): string[] {
  const { name, default: fallback, noEcho } = parameter;
  const before = question.existing?.parameters[name];
  if (before === undefined || noEcho || givenFor(question, name) !== undefined) return [];
  const move = (value: string) => `--set ${question.key}.${name}=${value}`;
  const wire = question.wired[name];
  if (wire?.value !== undefined && wire.value !== '' && wire.value !== before) {
    return [`${name} stays at ${before}; ${wire.from} is ${wire.value}. To move it: ${move(wire.value)}`];
  }
  if (name.endsWith('Image') && fallback !== undefined && fallback !== '' && fallback !== before) {
    return [
      `${name} stays at ${before}; the template's default is ${fallback}. To move it: ${move(fallback)}`,
    ];
  }
  return [];
}
