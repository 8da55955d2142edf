import type { Rule } from '@lakewright/core';
import type { Command } from 'commander';
import { configOption } from '../../arguments.ts';
import type { CommandContext } from '../../context.ts';

export function addTerraformVariables(refine: Command, context: CommandContext): void {
  refine
    .command('tfvars')
    .description("print the rules as Terraform's variables: write it to terraform/refiners.auto.tfvars.json")
    .addOption(configOption())
    .action(async (options: { config?: string }) => {
      const { loadConfig } = await import('../../config.ts');
      const { file, said, refine } = await loadConfig(options.config);
      if (file === undefined) {
        context.terminal.err('there is no lakewright.yaml here: this is the rule that runs without one\n');
      }
      // What the file does not say is left to the other variables of the root.
      const names = {
        ...(said.has('namespace') ? { namespace: refine.namespace } : {}),
        ...(said.has('bucket') ? { bucket_name: refine.bucket } : {}),
      };
      const refiners = Object.fromEntries(refine.rules.map((rule) => [rule.name, variablesOf(rule)]));
      context.terminal.out(`${JSON.stringify({ ...names, refiners }, null, 2)}\n`);
    });
}

function variablesOf(rule: Rule): Record<string, string | number> {
  return {
    input_prefix: rule.inputPrefix,
    output_prefix: rule.outputPrefix,
    complete_prefix: rule.completePrefix,
    handler: rule.handler,
    batch_size: rule.batchSize,
    concurrency: rule.concurrency,
    max_receives: rule.maxReceives,
    timeout: rule.timeoutSeconds,
  };
}
