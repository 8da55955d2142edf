import { ConfigError } from '../errors.ts';
import { checkRules, overlap, type Rule } from './rule.ts';

/** What a rule has unless its declaration says otherwise. */
export const RULE_DEFAULTS = {
  handler: 'hello-world',
  batchSize: 10,
  concurrency: 4,
  maxReceives: 5,
  timeoutSeconds: 900,
} as const;

/** Part of the names of queues, functions and, in lower case, image repositories: ECR takes no `-` at an end, nor two. */
const NAME = /^(?=.{1,32}$)[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*$/;
const FIELDS = [
  'name',
  'input_prefix',
  'output_prefix',
  'complete_prefix',
  'handler',
  'batch_size',
  'concurrency',
  'max_receives',
  'timeout',
] as const;
type Field = (typeof FIELDS)[number];

/**
 * The rules that a list of declarations makes, in snake_case as in lakewright.yaml:
 * `{name, input_prefix, output_prefix, complete_prefix, handler, batch_size, concurrency, max_receives,
 * timeout}`, of which only `name` must be there. Prefixes default to the name followed by `Input/`,
 * `Output/` and `Complete/`. The limits are those of Lambda's event source mappings and of SQS. Throws
 * ConfigError naming `where`, the rule and the field.
 */
export function parseRules(value: unknown, where: string): Rule[] {
  if (!Array.isArray(value)) throw new ConfigError(`${where} is not a list of rules`);
  const rules = value.map((entry, i) => parseRule(entry, `${where}[${i}]`));
  checkRules(rules);
  checkCompletions(rules);
  return rules;
}

/** Completions are named after their inputs, so nothing else may be written where a rule has its own. */
function checkCompletions(rules: readonly Rule[]): void {
  for (const rule of rules) {
    for (const other of rules) {
      const others = other === rule ? [rule.outputPrefix] : other.outputPrefixes;
      const clash = others.find((prefix) => overlap(prefix, rule.completePrefix));
      if (clash === undefined) continue;
      throw new ConfigError(
        `rule ${other.name} writes to ${clash}, where rule ${rule.name} puts its completions (${rule.completePrefix})`,
        { hint: 'give every rule a complete prefix of its own' },
      );
    }
  }
}

function parseRule(entry: unknown, where: string): Rule {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    throw new ConfigError(`${where} is not a rule`, { hint: 'a rule has a name, and may say more' });
  }
  const unknown = Object.keys(entry).find((field) => !(FIELDS as readonly string[]).includes(field));
  if (unknown !== undefined) {
    throw new ConfigError(`${where} has an unknown field ${JSON.stringify(unknown)}`, {
      hint: `a rule's fields are ${FIELDS.join(', ')}`,
    });
  }
  const given = entry as Partial<Record<Field, unknown>>;
  const name = given.name;
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new ConfigError(`${where}.name is not a name`, {
      hint: 'use 1 to 32 letters and digits with single "-" between them, a letter first',
    });
  }
  const text = (field: Field, fallback: string) => textOf(given[field], `${where}.${field}`, fallback);
  const count = (field: Field, fallback: number, least: number, most: number) =>
    countOf(given[field], `${where}.${field}`, { fallback, least, most });
  const outputPrefix = text('output_prefix', `${name}Output/`);
  const completePrefix = text('complete_prefix', `${name}Complete/`);
  return {
    name,
    inputPrefix: text('input_prefix', `${name}Input/`),
    outputPrefix,
    completePrefix,
    outputPrefixes: [outputPrefix, completePrefix],
    handler: text('handler', RULE_DEFAULTS.handler),
    batchSize: count('batch_size', RULE_DEFAULTS.batchSize, 1, 1000),
    concurrency: count('concurrency', RULE_DEFAULTS.concurrency, 2, 1000),
    maxReceives: count('max_receives', RULE_DEFAULTS.maxReceives, 1, 1000),
    timeoutSeconds: count('timeout', RULE_DEFAULTS.timeoutSeconds, 1, 900),
  };
}

function textOf(value: unknown, where: string, fallback: string): string {
  if (value === undefined) return fallback;
  if (typeof value === 'string' && value !== '') return value;
  throw new ConfigError(`${where} is not a text`);
}

function countOf(
  value: unknown,
  where: string,
  { fallback, least, most }: { fallback: number; least: number; most: number },
): number {
  if (value === undefined) return fallback;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ConfigError(`${where} is not an integer from ${least} to ${most}`);
}
