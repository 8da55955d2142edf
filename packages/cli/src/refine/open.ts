import { ConfigError, ruleNames } from '@lakewright/core';
import type { RuleSet } from '@lakewright/refine';
import { type Command, Option } from 'commander';
import { configOption } from '../arguments.ts';
import type { Config } from '../config.ts';
import { type CommandContext, clientOf } from '../context.ts';
import { UsageError } from '../errors.ts';

/** Options of every command about rule sets. */
export interface RefineOptions {
  profile: 'local' | 'aws';
  config?: string;
  rule?: string;
}

/** Adds the options that say which rule set is meant, and where it is. */
export function addRuleSetOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--profile <name>',
        'local: the lake at --url; aws: the bucket and queues of lakewright.yaml',
      )
        .env('LAKEWRIGHT_PROFILE')
        .choices(['local', 'aws'])
        .default('local'),
    )
    .addOption(configOption())
    .option('--rule <name>', 'which rule, where there are several');
}

/** Every rule set of the profile. */
export async function openRuleSets(
  context: CommandContext,
  command: Command,
  options: RefineOptions,
  signal?: AbortSignal,
): Promise<RuleSet[]> {
  if (options.profile === 'aws') {
    const { loadConfig } = await import('../config.ts');
    return awsRuleSets(await loadConfig(options.config));
  }
  if (command.getOptionValueSource('config') === 'cli') {
    throw new UsageError('--config is for --profile aws: the lake at --url has its rules already', {
      hint: 'start the lake with it: lakewright up --config FILE',
    });
  }
  const { httpRuleSets } = await import('./http-rule-set.ts');
  return httpRuleSets(clientOf(context, command, signal));
}

/** The rule set that the options name, or the only one. Throws UsageError. */
export async function openRuleSet(
  context: CommandContext,
  command: Command,
  options: RefineOptions,
  signal?: AbortSignal,
): Promise<RuleSet> {
  const sets = await openRuleSets(context, command, options, signal);
  const names = sets.map(({ rule }) => rule.name).join(', ');
  if (options.rule === undefined) {
    if (sets.length === 1) return sets[0];
    if (sets.length > 1) throw new UsageError(`which rule? --rule is one of ${names}`);
    throw new ConfigError('there is no rule', {
      hint: 'declare one in lakewright.yaml below refine: rules:',
    });
  }
  const found = sets.find(({ rule }) => rule.name === options.rule);
  if (found !== undefined) return found;
  throw new UsageError(`there is no rule ${JSON.stringify(options.rule)}; there is ${names || 'none'}`);
}

async function awsRuleSets({ refine: { bucket, namespace, rules } }: Config): Promise<RuleSet[]> {
  const [{ s3ObjectStore, sqsQueue }, { ruleSet }] = await Promise.all([
    import('@lakewright/aws'),
    import('@lakewright/refine'),
  ]);
  const store = s3ObjectStore({ bucket });
  // The bucket's own events tell the queue.
  const announce = async () => undefined;
  return rules.map((rule) => {
    const queue = () => sqsQueue({ queueName: ruleNames(namespace, rule).inputQueue });
    return ruleSet({ rule, store, queue, announce });
  });
}
