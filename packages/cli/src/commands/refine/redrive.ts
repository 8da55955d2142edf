import type { Command } from 'commander';
import { type CommandContext, globalOptions, printJson } from '../../context.ts';
import { addRuleSetOptions, openRuleSet, type RefineOptions } from '../../refine/open.ts';

export function addRedrive(refine: Command, context: CommandContext): void {
  addRuleSetOptions(
    refine.command('redrive').description('hand the dead letters of a rule to its handler again'),
  ).action(async (options: RefineOptions, command: Command) => {
    const set = await openRuleSet(context, command, options);
    const redriven = await set.redrive();
    if (globalOptions(command).json) return printJson(context.terminal, { rule: set.rule.name, redriven });
    const what = redriven === 1 ? '1 dead letter waits' : `${redriven} dead letters wait`;
    context.terminal.out(
      redriven === 0 ? `no dead letters of ${set.rule.name}\n` : `${what} to be processed again\n`,
    );
  });
}
