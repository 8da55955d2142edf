import { ConfigError } from '../errors.ts';

/** The part of a rule by which objects find their worker. */
export interface PrefixRule {
  readonly name: string;
  /** Below it are the objects that the worker reads: no leading slash, a trailing one. */
  readonly inputPrefix: string;
  /** Below these the worker writes. */
  readonly outputPrefixes: readonly string[];
}

/**
 * A prefix, a queue and a handler: what turns objects into objects. One declaration drives the local run,
 * the worker on AWS and the variables of the Terraform module.
 */
export interface Rule extends PrefixRule {
  readonly outputPrefix: string;
  readonly completePrefix: string;
  /** The name of a handler that comes with the product, or the path of a module. */
  readonly handler: string;
  /** Messages that one invocation gets at most. */
  readonly batchSize: number;
  /** Invocations at once. */
  readonly concurrency: number;
  /** Times that a message is handed out before it is a dead letter. */
  readonly maxReceives: number;
  /** Seconds that the handler may take for one object. */
  readonly timeoutSeconds: number;
}

/** The rule below whose input prefix `key` lies, or undefined. */
export function ruleFor<R extends PrefixRule>(rules: readonly R[], key: string): R | undefined {
  return rules.find(({ inputPrefix }) => key.startsWith(inputPrefix));
}

/**
 * Throws ConfigError when rules could take each other's objects or feed themselves: names must differ
 * whatever their case, input prefixes must be disjoint, and nothing may be written below an input prefix.
 */
export function checkRules(rules: readonly PrefixRule[]): void {
  for (const [i, rule] of rules.entries()) {
    for (const output of rule.outputPrefixes) checkPrefix(rule.name, output);
    checkPrefix(rule.name, rule.inputPrefix);
    for (const other of rules.slice(i + 1)) {
      if (rule.name.toLowerCase() === other.name.toLowerCase()) {
        throw new ConfigError(
          `two rules are called ${rule.name} and ${other.name}: names differ in more than case`,
        );
      }
      if (overlap(rule.inputPrefix, other.inputPrefix)) {
        throw new ConfigError(
          `rules ${rule.name} and ${other.name} both take what is below ${longer(rule.inputPrefix, other.inputPrefix)}`,
          { hint: 'give each rule an input prefix of its own' },
        );
      }
    }
    for (const writer of rules) {
      const loop = writer.outputPrefixes.find((output) => overlap(output, rule.inputPrefix));
      if (loop === undefined) continue;
      throw new ConfigError(`rule ${writer.name} writes to ${loop}, which rule ${rule.name} takes as input`, {
        hint: 'keep output and complete prefixes apart from every input prefix',
      });
    }
  }
}

/**
 * Parts of anything but control characters and what policies on AWS read as patterns (`*`, `?`, `$`), none of
 * them empty, `.` or `..`, each with a slash after it.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const PREFIX = /^(?:(?!\.{1,2}\/)[^/*?$\u0000-\u001f\u007f]+\/)+$/;

function checkPrefix(name: string, prefix: string): void {
  if (!PREFIX.test(prefix)) {
    throw new ConfigError(`rule ${name}: ${JSON.stringify(prefix)} cannot be a prefix`, {
      hint: 'write it like RefinerInput/: a slash at the end, none at the beginning, no empty part, no * ? $',
    });
  }
}

/** Whether one of two prefixes lies below the other, or is the same. */
export function overlap(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

function longer(a: string, b: string): string {
  return a.length > b.length ? a : b;
}
